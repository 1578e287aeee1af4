"""Shadow runs: the queue is not touched, and the greatest difference of each message is told."""

from __future__ import annotations

import pytest

from agent.proposal import Lane
from evals.decided.shadow import difference, shadow
from evals.predictions import PredictedException, Prediction
from review import log
from tests.review.desk import OTHER, START, Desk, ScriptedEngine, date_change

LIVE = PredictedException.of(date_change())


def said(**changes: object) -> Prediction:
    return Prediction(id="m", exceptions=[LIVE.model_copy(update=changes)])


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (said(), "same"),
        (said(confidence=LIVE.confidence - 0.05), "same"),
        (said(confidence=LIVE.confidence - 0.2), "confidence"),
        (said(lane=Lane.check), "lane"),
        (said(actions=["escalate"]), "actions"),
        (said(fields={}), "fields"),
        (said(record=OTHER), "record"),
        (said(intent="price_change"), "intent"),
        (Prediction(id="m"), "intent"),
        (Prediction(id="m", error="ValueError: no"), "failed"),
    ],
)
def test_the_greatest_difference_is_told(candidate, expected):
    assert difference([LIVE], candidate) == expected


def test_two_that_leave_the_message_to_a_person_are_the_same():
    assert difference([LIVE.model_copy(update={"lane": Lane.manual})], Prediction(id="m", manual=True)) == "same"


def test_a_candidate_reads_live_mail_and_leaves_no_trace(tmp_path):
    desk = Desk(tmp_path / "data")
    desk.propose()
    desk.propose(text="Something else.")
    with desk.database.read() as session:
        before = [entry.entry_hash for entry in log.latest(session)]
    run = shadow(desk.database, desk.store, ScriptedEngine(date_change(OTHER)), name="candidate", since=START)
    with desk.database.read() as session:
        assert [entry.entry_hash for entry in log.latest(session)] == before
    desk.database.close()
    assert run.counts() == {"record": 2}
    assert run.versions == {"policy": "abc"}


def test_a_candidate_that_fails_is_told_as_such(tmp_path):
    desk = Desk(tmp_path / "data")
    desk.propose()
    run = shadow(desk.database, desk.store, ScriptedEngine(error=ValueError("no")), name="candidate", since=START)
    desk.database.close()
    assert run.counts() == {"failed": 1}
