"""A conversation that goes on while somebody looks at it."""

from __future__ import annotations

import pytest

from review.decisions import approve
from review.intake import read_again, triage_message
from review.refusals import StaleDecision
from review.schema import ProposalRow
from tests.review.desk import ROBIN, START, ScriptedEngine, date_change, mail

COMPLAINT = date_change(record=None, intent="complaint")
FIRST = {"Message_ID": "<1@x.example>"}
ANSWER = {"Message_ID": "<2@x.example>", "In_Reply_To": "<1@x.example>", "subject": "Re: P00041: wait"}


def version_of(desk, proposal_id) -> int:
    with desk.database.read() as session:
        return session.get_one(ProposalRow, proposal_id).version


def test_a_decision_that_has_not_seen_the_next_mail_is_refused(desk):
    """It names the mail; on what there is now it passes."""
    proposal_id = desk.propose(**FIRST)
    desk.propose(COMPLAINT, **ANSWER)
    with pytest.raises(StaleDecision, match=r"Re: P00041: wait.*ann@supplier\.example"):
        approve(desk.database, proposal_id, version=1, who=ROBIN)
    assert approve(desk.database, proposal_id, version=2, who=ROBIN).kind == "approve"


def test_a_mail_that_is_held_counts_too(desk):
    """It could not be triaged, and may say anything."""
    proposal_id = desk.propose(**FIRST)
    desk.take(mail(**ANSWER), ScriptedEngine(error=RuntimeError("no")))
    assert version_of(desk, proposal_id) == 2


def test_what_is_read_again_or_late_moves_nothing(desk):
    """Only what came after it is news to somebody who looks at a proposal."""
    proposal_id = desk.propose(**FIRST)
    answer = desk.take(mail(**ANSWER), ScriptedEngine(COMPLAINT))
    read_again(desk.database, answer, "test")
    triage_message(desk.database, desk.store, answer, ScriptedEngine(COMPLAINT))
    assert version_of(desk, proposal_id) == 2
    earlier = mail(text="Before", **{**ANSWER, "Message_ID": "<3@x.example>"})
    desk.take(earlier, ScriptedEngine(COMPLAINT), at=START.replace(year=2025))
    assert version_of(desk, proposal_id) == 2


def test_other_conversations_are_left_alone(desk):
    """However alike the subject."""
    proposal_id = desk.propose(**FIRST)
    desk.propose(COMPLAINT, Message_ID="<9@x.example>", subject="P00041: later")
    assert version_of(desk, proposal_id) == 1
