"""Predicting: every case gets its line, in the order of receipt, without a look at what is expected."""

from __future__ import annotations

import json

import pytest

from agent.proposal import Action, Candidate, Evidence, Fields, Lane, LineFields, Proposal, RecordRef, Triage
from evals.labelled import LabelError, load_labelled
from evals.predict import predict_with
from evals.predictions import Prediction, load_predictions

MAIL = b"From: a@supplier.example\r\nTo: b@buyer.example\r\nSubject: Order\r\n\r\nHello.\r\n"
ORDER = RecordRef(model="purchase.order", id=41, name="P00041")


class Scripted:
    """An engine that proposes one date change, sends a message to manual, or fails, by the message's turn."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)

    def triage(self, message):
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome.model_copy(update={"message_id": message.id})


def date_change() -> Proposal:
    return Proposal(
        intent="delivery_date_change",
        record=ORDER,
        candidates=[Candidate(**ORDER.model_dump() | {"id": n}, score=0.5, reasons=["for people"]) for n in range(7)],
        fields=Fields(lines=[LineFields(line_id=97, date="2026-12-14"), LineFields(line_id=98, date_unknown=True)]),
        evidence=[Evidence(field="lines[0].date", part="body", start=0, end=5, text="Hello")],
        actions=[Action(name="update_delivery_date", arguments={"n": 1})],
        confidence=0.93,
        lane=Lane.ready,
    )


@pytest.fixture
def folder(tmp_path):
    rows = [
        {"id": "late", "received_at": "2026-11-25T08:00:00Z", "expected": {"exceptions": "never looked at"}},
        {"id": "early", "received_at": "2026-11-23T08:00:00Z"},
        {"id": "unreadable", "received_at": "2026-11-24T08:00:00Z", "raw": "raw/gone.eml"},
    ]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.eml").write_bytes(MAIL)
    lines = [json.dumps({"channel": "email", "raw": "raw/a.eml", **row}) for row in rows]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_each_case_has_its_line_in_the_order_of_receipt(folder):
    engine = Scripted(Triage(message_id="", proposals=[date_change()]), Triage(message_id="", manual=True))
    progress = []
    out = folder / "predictions.jsonl"
    predict_with(engine, load_labelled(folder, labels=False), out, progress=lambda *p: progress.append(p))
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["id"] for line in lines] == ["early", "unreadable", "late"]
    assert [line["manual"] for line in lines] == [False, True, True]
    assert lines[1]["error"].startswith("FileNotFoundError")
    assert "error" not in lines[0]
    assert progress == [(1, 3), (2, 3), (3, 3)]


def test_an_engine_that_fails_leaves_the_case_to_a_person(folder):
    out = folder / "predictions.jsonl"
    predict_with(Scripted(*[ValueError("no")] * 3), load_labelled(folder, labels=False), out)
    assert [p.error for p in load_predictions(out)][0::2] == ["ValueError: no"] * 2


def test_a_line_carries_the_contracts_keys_and_no_others():
    line = json.loads(Prediction.of("c", Triage(message_id="m", proposals=[date_change()]), 0.012).line())
    assert set(line) == {"id", "exceptions", "manual", "engine", "model_calls", "tokens", "seconds"}
    (exception,) = line["exceptions"]
    assert exception["record"] == {"model": "purchase.order", "id": 41, "name": "P00041"}
    assert len(exception["candidates"]) == 5
    assert set(exception["candidates"][0]) == {"model", "id", "name", "score"}
    assert exception["fields"] == {
        "lines": [{"line_id": 97, "date": "2026-12-14"}, {"line_id": 98, "date": None, "date_unknown": True}]
    }
    assert exception["actions"] == ["update_delivery_date"]
    assert (exception["confidence"], exception["lane"]) == (0.93, "ready")


def test_a_message_for_the_manual_lane_carries_no_suggestion():
    line = Prediction.of("c", Triage(message_id="m", proposals=[date_change()], manual=True), 0.1)
    assert (line.manual, line.exceptions) == (True, [])


def test_a_second_line_for_a_case_is_refused(tmp_path):
    file = tmp_path / "predictions.jsonl"
    file.write_text('{"id": "a"}\n{"id": "a"}\n')
    with pytest.raises(LabelError, match=r"predictions.jsonl:2: a second line"):
        load_predictions(file)


def test_a_raw_path_that_leaves_the_set_is_refused(folder):
    labelled = load_labelled(folder, labels=False)
    stray = labelled.cases[0].model_copy(update={"raw": "../../etc/hostname"})
    with pytest.raises(LabelError, match="leaves the set"):
        labelled.raw(stray)


def test_a_broken_case_is_named_by_file_and_line(folder):
    with pytest.raises(LabelError, match=r"cases.jsonl:1: "):
        load_labelled(folder)
