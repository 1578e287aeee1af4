"""Decisions become labels: with consent, redacted, once, on the right side of the split; the rest waits for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.proposal import Fields, LineFields
from evals.decided.labels import export_labels
from evals.decided.outcomes import decided
from evals.decided.redaction import Redactor
from evals.labelled import LabelError, load_labelled
from review.decisions import RejectReason, approve, edit, reject
from review.edits import Edit
from review.set_aside import merge, not_exception, to_manual
from review.undo import undo
from tests.review.desk import OTHER, ROBIN, SAM, START, Desk, date_change

PRIVATE = "New date: 14 December. Call Ann Archer on +32 2 555 12 34, IBAN BE71 0961 2345 6769."
SPLIT = START + timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "data")
    made.settings.labels_from_decisions = True
    yield made
    made.database.close()


def export(desk: Desk, out: Path, **rest: object):
    return export_labels(desk.settings, desk.database, desk.store, out, split=SPLIT, **rest)


def test_without_consent_nothing_is_written(desk, tmp_path):
    desk.settings.labels_from_decisions = False
    with pytest.raises(LabelError, match="TRIAGE_LABELS_FROM_DECISIONS"):
        export(desk, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_approved_proposal_becomes_a_label(desk, tmp_path):
    approve(desk.database, desk.propose(), version=1, who=ROBIN)
    assert export(desk, tmp_path / "out").cases == {"before": 1, "after": 0}
    (case,) = load_labelled(tmp_path / "out" / "before").cases
    (label,) = case.expected.exceptions
    assert (label.intent, label.record.id) == ("delivery_date_change", 41)
    assert label.fields == {"lines": [{"line_id": 97, "product": "FURN_7800", "date": "2026-12-14"}]}
    assert label.actions == ["update_delivery_date", "notify_customer"]


def test_an_edited_proposal_is_labelled_as_the_second_person_approved_it(desk, tmp_path):
    proposal = desk.propose()
    edit(desk.database, proposal, version=1, who=ROBIN, change=Edit(record=OTHER))
    approve(desk.database, proposal, version=2, who=SAM)
    export(desk, tmp_path / "out")
    (case,) = load_labelled(tmp_path / "out" / "before").cases
    assert case.expected.exceptions[0].record.id == OTHER.id


def test_what_is_rejected_as_wrong_waits_for_a_person_who_says_what_is_right(desk, tmp_path):
    reject(desk.database, desk.propose(), version=1, who=ROBIN, reason=RejectReason.wrong_record)
    done = export(desk, tmp_path / "out")
    assert (done.cases, done.waiting) == ({"before": 0, "after": 0}, 1)
    queue = tmp_path / "out" / "queue.jsonl"
    row = json.loads(queue.read_text())
    assert "wrong_record" in row["why"][0]
    row["expected"] = {"exceptions": [{"intent": "auto_reply", "actions": ["no_action"]}]}
    queue.write_text(json.dumps(row) + "\n")
    again = export(desk, tmp_path / "out")
    assert (again.cases["before"], again.waiting) == (1, 0)
    (case,) = load_labelled(tmp_path / "out" / "before").cases
    assert case.expected.exceptions[0].intent == "auto_reply"


def test_an_edit_that_the_second_person_rejects_is_a_disagreement(desk):
    proposal = desk.propose()
    edit(desk.database, proposal, version=1, who=ROBIN, change=Edit(record=OTHER))
    reject(desk.database, proposal, version=2, who=SAM, reason=RejectReason.wrong_record)
    with desk.database.read() as session:
        (found,) = decided(session)
    assert found.unclear == [f"{proposal}: Robin edited it and Sam rejected it (wrong_record)"]


def expected_of(desk, out):
    export(desk, out)
    (case,) = load_labelled(out / "before").cases
    return case.expected.exceptions


def test_a_decision_that_was_taken_back_labels_nothing_and_the_next_one_does(desk, tmp_path):
    proposal = desk.propose()
    reject(desk.database, proposal, version=1, who=ROBIN, reason=RejectReason.wrong_record)
    undo(desk.database, proposal, version=1, who=ROBIN)
    assert export(desk, tmp_path / "out").cases == {"before": 0, "after": 0}
    approve(desk.database, proposal, version=2, who=ROBIN)
    assert [e.intent for e in expected_of(desk, tmp_path / "out")] == ["delivery_date_change"]


def test_what_deviates_from_nothing_is_labelled_so(desk, tmp_path):
    not_exception(desk.database, desk.propose(), version=1, who=ROBIN)
    assert [e.intent for e in expected_of(desk, tmp_path / "out")] == ["not_actionable"]


def test_a_proposal_that_was_merged_adds_nothing_to_the_other(desk, tmp_path):
    first = desk.propose(date_change(), date_change(OTHER))
    other = first.replace("-0", "-1")
    merge(desk.database, first, version=1, who=ROBIN, into=other)
    approve(desk.database, other, version=1, who=ROBIN)
    assert [e.record.id for e in expected_of(desk, tmp_path / "out")] == [OTHER.id]


def test_two_parts_of_one_matter_are_one_label_again(desk, tmp_path):
    """Two lines approved apart; actions that both parts have stand there once."""
    lines = [LineFields(line_id=n, product=f"P{n}", date="2026-12-14") for n in (97, 98)]
    proposal = desk.propose(date_change(fields=Fields(lines=lines)))
    done = approve(desk.database, proposal, version=1, who=ROBIN, lines=[0])
    approve(desk.database, done.made[0], version=1, who=SAM)
    (label,) = expected_of(desk, tmp_path / "out")
    assert [line["line_id"] for line in label.fields["lines"]] == [97, 98]
    assert label.actions == ["update_delivery_date", "notify_customer"]


def test_what_went_to_a_person_to_read_waits_for_their_decision(desk, tmp_path):
    proposal = desk.propose()
    to_manual(desk.database, proposal, version=1, who=ROBIN)
    assert export(desk, tmp_path / "out").cases == {"before": 0, "after": 0}
    approve(desk.database, proposal, version=2, who=ROBIN)
    assert len(expected_of(desk, tmp_path / "out")) == 1


def test_what_is_still_open_is_not_labelled(desk, tmp_path):
    approve(desk.database, desk.propose(date_change(), date_change(OTHER)), version=1, who=ROBIN)
    assert export(desk, tmp_path / "out").cases == {"before": 0, "after": 0}


def test_later_messages_stand_on_the_other_side_and_are_for_measuring(desk, tmp_path):
    approve(desk.database, desk.propose(), version=1, who=ROBIN)
    desk.minutes += 2 * 24 * 60
    approve(desk.database, desk.propose(text="Now 16 December."), version=1, who=ROBIN)
    assert export(desk, tmp_path / "out").cases == {"before": 1, "after": 1}
    assert "use: measurement" in (tmp_path / "out" / "after" / "manifest.yaml").read_text()
    assert "use: measurement" not in (tmp_path / "out" / "before" / "manifest.yaml").read_text()


def test_people_are_taken_out_of_the_mail(desk, tmp_path):
    approve(desk.database, desk.propose(text=PRIVATE, sender="Ann Archer <ann@supplier.example>"), version=1, who=ROBIN)
    export(desk, tmp_path / "out")
    labelled = load_labelled(tmp_path / "out" / "before")
    message = labelled.message(labelled.cases[0])
    for private in ("Ann", "Archer", "555 12 34", "BE71", "6769"):
        assert private not in message.body
        assert private.encode() not in labelled.raw(labelled.cases[0])
    assert "14 December" in message.body
    assert message.subject == "P00041: later"
    assert message.sender.domain == "supplier.example"


def test_the_same_person_has_the_same_pseudonym_and_no_other_key_finds_it():
    one, other = Redactor(b"one"), Redactor(b"other")
    assert one.text("a@b.example and A@b.example") == f"{one.address('a@b.example')} and {one.address('a@b.example')}"
    assert one.pseudonym("a") != other.pseudonym("a")


@pytest.mark.parametrize(
    "kept",
    [
        "P00041",
        "PO/2026/00152",
        "14.12.2026",
        "07.12.2026",
        "0417-1188",
        "2026-12-14",
        "4006381333931",
        "1Z999AA10123456784",
        "12 x 1.250,00",
    ],
)
def test_numbers_that_a_case_is_about_stay(kept):
    assert Redactor(b"k").text(f"Order {kept} is late") == f"Order {kept} is late"
