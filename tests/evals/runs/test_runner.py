"""Running: every try is kept, failures are told apart, and a stopped run goes on."""

from __future__ import annotations

import json
import os
import signal

import pytest

from agent.proposal import Action, Fields, LineFields, Proposal, RecordRef, Triage
from evals.labelled import LabelError
from evals.runs import runner
from evals.runs.file import Failure
from evals.runs.runner import Bench, Job, run
from evals.runs.suite import load_suite
from tests.evals.runs.made import about
from tools.records import RecordsError

MAIL = b"From: a@supplier.example\r\nTo: b@buyer.example\r\nSubject: P00001\r\n\r\nLater, sorry.\r\n"


class Scripted:
    """An engine that does what the number in its turn says: an exception, or a proposal with product `WIDGET`."""

    def __init__(self, outcomes: dict[int, Exception]) -> None:
        self.outcomes, self.turn = outcomes, 0

    def triage(self, message):
        self.turn += 1
        if self.turn in self.outcomes:
            raise self.outcomes[self.turn]
        proposal = Proposal(
            intent="delivery_date_change",
            record=RecordRef(model="purchase.order", id=1, name="P00001"),
            fields=Fields(lines=[LineFields(product="WIDGET", date_unknown=True)]),
            actions=[Action(name="update_delivery_date")],
        )
        versions = {"policy": "p"}
        return Triage(message_id=message.id, proposals=[proposal], seconds={"match": 0.5}, versions=versions, tokens=7)


@pytest.fixture
def suite(tmp_path):
    folder = tmp_path / "ours"
    (folder / "raw").mkdir(parents=True)
    (folder / "cases.jsonl").write_text("".join(about(n).model_dump_json() + "\n" for n in (1, 2, 3)))
    for n in (1, 2, 3):
        (folder / "raw" / f"c{n}.eml").write_bytes(MAIL)
    product = {"id": 5, "default_code": "WIDGET", "name": "Widget", "display_name": "[WIDGET] Widget"}
    records = {"_meta": {"exported_at": "2026-11-23T00:00:00Z"}, "product.product": [product]}
    (folder / "records.json").write_text(json.dumps(records))
    return load_suite(folder)


@pytest.fixture
def engine(monkeypatch):
    """Puts a scripted engine in the place of every engine, and gives it."""

    def put(**outcomes):
        made = Scripted({int(turn.removeprefix("at_")): error for turn, error in outcomes.items()})
        monkeypatch.setattr(runner, "engine_named", lambda name, reader, **rest: made)
        return made

    return put


def test_every_try_is_kept_with_all_that_decided(suite, engine, tmp_path):
    engine()
    progress = []
    made = run([suite], tmp_path / "a.jsonl", repeats=2, progress=lambda *p: progress.append(p))
    assert [t.key for t in made.tries] == [("ours", f"c{n}", r) for n in (1, 2, 3) for r in (0, 1)]
    first = made.tries[0]
    assert first.input == suite.inputs["c1"]
    assert (first.vendor, first.prediction.tokens, first.spans["match"]) == ("supplier.example", 7, 0.5)
    assert set(first.spans) == {"read", "match"}
    assert first.products == {"widget": "product:5"}
    assert first.prediction.exceptions[0].fields["lines"][0]["date"] is None
    assert made.versions[first.versions] == {"policy": "p"}
    assert (progress[0], progress[-1]) == ((0, 6), (6, 6))
    assert made.end is not None


def test_the_cheap_baseline_stands_beside_the_first_try_of_each_case(suite, engine, tmp_path):
    engine()
    made = run([suite], tmp_path / "a.jsonl", repeats=2)
    assert [t.baseline is not None for t in made.tries] == [True, False] * 3
    assert made.tries[0].baseline.exceptions[0].intent == "delivery_date_change"


def test_failures_of_infrastructure_are_told_from_the_products(suite, engine, tmp_path):
    engine(at_1=RecordsError("Odoo is away"), at_2=ValueError("a bug"), at_3=ConnectionRefusedError("no server"))
    made = run([suite], tmp_path / "a.jsonl")
    assert [t.failure for t in made.tries] == [Failure.infrastructure, Failure.product, Failure.infrastructure]
    assert made.tries[1].prediction.error == "ValueError: a bug"


def test_an_engine_that_cannot_be_built_is_refused(suite, tmp_path, monkeypatch):
    def unset(name, reader, **rest):
        raise LabelError("set TRIAGE_LLM_BASE_URL")

    monkeypatch.setattr(runner, "engine_named", unset)
    with pytest.raises(LabelError, match="TRIAGE_LLM_BASE_URL"):
        run([suite], tmp_path / "a.jsonl", engine="llm")


def test_an_engine_that_fell_back_is_a_failure_of_infrastructure(suite, engine, tmp_path):
    made = engine()
    spoken = made.triage
    made.triage = lambda message: spoken(message).model_copy(update={"fallback": "The model is away.", "cost": 0.5})
    run_made = run([suite], tmp_path / "a.jsonl")
    assert {t.failure for t in run_made.tries} == {Failure.infrastructure}
    assert run_made.tries[0].prediction.error == "The model is away."
    assert run_made.tries[0].cost == 0.5


def test_the_same_command_goes_on_and_repeats_what_infrastructure_spoilt(suite, engine, tmp_path):
    out = tmp_path / "a.jsonl"
    engine(at_2=RecordsError("Odoo is away"))
    run([suite], out)
    second = engine()
    made = run([suite], out)
    assert second.turn == 1
    assert [t.failure for t in made.tries] == [None, None, None]
    assert made.end is not None


def test_a_complete_run_is_not_done_again(suite, engine, tmp_path):
    engine()
    out = tmp_path / "a.jsonl"
    run([suite], out)
    content = out.read_bytes()
    run([suite], out)
    assert out.read_bytes() == content


def test_an_engine_that_is_not_there_is_refused_before_anything_is_written(suite, tmp_path):
    with pytest.raises(LabelError, match="no engine 'oracle'"):
        run([suite], tmp_path / "a.jsonl", engine="oracle")
    assert not (tmp_path / "a.jsonl").exists()


class Deadly(Bench):
    """A bench whose process dies at the second case; without an engine."""

    def attempt(self, job):
        if job.case == "c2":
            os.kill(os.getpid(), signal.SIGKILL)
        return self.failed(job, ValueError("worked"), 0.0), None


def test_a_process_that_dies_spoils_its_case_and_the_others_go_on(suite):
    bench = Deadly({"ours": suite}, "local", None)
    jobs = [Job("ours", f"c{n}", 0) for n in (2, 1, 3)]
    found = {tried.case.id: tried.failure for tried, _ in runner._in_pool(bench, jobs, 1)}
    assert found["c2"] is Failure.infrastructure
    assert found["c3"] is Failure.product
    assert len(found) == 3
