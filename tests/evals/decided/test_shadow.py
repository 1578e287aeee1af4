"""Shadow runs: the queue is not touched, and the greatest difference of each message is told."""

from __future__ import annotations

import pytest

from agent.proposal import Fields, Lane, LineFields
from evals.decided.shadow import difference, shadow
from evals.predictions import PredictedException, Prediction
from review import log
from review.decisions import approve, edit
from review.edits import Edit
from review.set_aside import to_manual
from tests.review.desk import OTHER, ROBIN, START, Desk, ScriptedEngine, date_change

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


def test_it_is_held_against_what_was_proposed_and_not_against_what_people_made_of_it(tmp_path):
    """One message divided by lines, one edited, one sent to a person: the same engine proposes the same again."""
    desk = Desk(tmp_path / "data")
    lines = [LineFields(line_id=n, product=f"P{n}", date="2026-12-14") for n in (97, 98)]
    proposal = date_change(fields=Fields(lines=lines))
    approve(desk.database, desk.propose(proposal, text="One."), version=1, who=ROBIN, lines=[0])
    edit(desk.database, desk.propose(proposal, text="Two."), version=1, who=ROBIN, change=Edit(record=OTHER))
    to_manual(desk.database, desk.propose(proposal, text="Three."), version=1, who=ROBIN)
    run = shadow(desk.database, desk.store, ScriptedEngine(proposal), name="candidate", since=START)
    desk.database.close()
    assert run.counts() == {"same": 3}


def test_a_candidate_that_fails_is_told_as_such(tmp_path):
    desk = Desk(tmp_path / "data")
    desk.propose()
    run = shadow(desk.database, desk.store, ScriptedEngine(error=ValueError("no")), name="candidate", since=START)
    desk.database.close()
    assert run.counts() == {"failed": 1}
