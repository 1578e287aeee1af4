"""Putting off: until a moment, or until the conversation goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from review import queue
from review.claims import claim
from review.decisions import approve
from review.queue import View
from review.refusals import Claimed, StaleDecision
from review.schema import ProposalRow
from review.snooze import InvalidSnooze, snooze, wake
from tests.review.desk import ROBIN, SAM, date_change

SOON = timedelta(hours=3)


def view_of(desk, proposal_id) -> View:
    with desk.database.read() as session:
        [view] = [view for view in View if proposal_id in [i.id for i in queue.list_items(session, view)]]
        return view


def test_a_snoozed_item_is_out_of_the_way_and_comes_back(desk):
    """By hand here, or when its moment comes."""
    proposal_id = desk.propose()
    snooze(desk.database, proposal_id, version=1, who=ROBIN, until=datetime.now(UTC) + SOON)
    assert view_of(desk, proposal_id) is View.snoozed
    wake(desk.database, proposal_id, who=SAM)
    assert view_of(desk, proposal_id) is View.ready
    with desk.database.write() as session:
        session.get_one(ProposalRow, proposal_id).snoozed_until = datetime.now(UTC)
    assert view_of(desk, proposal_id) is View.ready


def test_the_next_mail_of_the_conversation_wakes_it(desk):
    """What was waited for may have come."""
    proposal_id = desk.propose(Message_ID="<1@x.example>")
    snooze(desk.database, proposal_id, version=1, who=ROBIN, until=datetime.now(UTC) + SOON)
    desk.propose(date_change(record=None, intent="complaint"), Message_ID="<2@x.example>", In_Reply_To="<1@x.example>")
    assert view_of(desk, proposal_id) is View.ready


def test_a_decision_ends_the_snooze(desk):
    """It is done, not put off."""
    proposal_id = desk.propose()
    snooze(desk.database, proposal_id, version=1, who=ROBIN, until=datetime.now(UTC) + SOON)
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    assert view_of(desk, proposal_id) is View.done


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=-1), timedelta(days=91)])
def test_the_moment_lies_ahead_and_not_too_far(desk, ahead):
    """Nothing is put off for ever."""
    proposal_id = desk.propose()
    with pytest.raises(InvalidSnooze):
        snooze(desk.database, proposal_id, version=1, who=ROBIN, until=datetime.now(UTC) + ahead)


def test_nobody_puts_off_what_another_has_or_what_moved_on(desk):
    """The same guards as for decisions."""
    proposal_id = desk.propose()
    until = datetime.now(UTC) + SOON
    with pytest.raises(StaleDecision):
        snooze(desk.database, proposal_id, version=2, who=ROBIN, until=until)
    claim(desk.database, proposal_id, who=ROBIN)
    with pytest.raises(Claimed):
        snooze(desk.database, proposal_id, version=1, who=SAM, until=until)
