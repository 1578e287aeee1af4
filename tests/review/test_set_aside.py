"""Decisions that approve nothing."""

from __future__ import annotations

import pytest

from agent.proposal import Lane
from review import queue
from review.decisions import RejectReason, approve, reject
from review.edits import InvalidEdit
from review.queue import View
from review.refusals import StaleDecision, UnknownProposal
from review.schema import ProposalRow
from review.set_aside import merge, not_exception, to_manual
from review.undo import undo
from tests.review.desk import OTHER, ROBIN, SAM, date_change


def row_of(desk, proposal_id) -> ProposalRow:
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, proposal_id)
        assert row.body
        return row


def test_what_is_no_exception_is_closed_as_such(desk):
    """A kind of its own: counted apart from proposals that were wrong."""
    proposal_id = desk.propose()
    done = not_exception(desk.database, proposal_id, version=1, who=ROBIN, note="as agreed")
    assert (done.kind, done.note, row_of(desk, proposal_id).state) == ("not_exception", "as agreed", "rejected")
    assert not_exception(desk.database, proposal_id, version=1, who=ROBIN).id == done.id
    with pytest.raises(StaleDecision):
        not_exception(desk.database, proposal_id, version=1, who=SAM)


def test_a_duplicate_leads_to_the_one_that_stays(desk):
    """And comes back when that was a mistake."""
    stays = desk.propose(date_change(record=OTHER), sender="b@x.example")
    proposal_id = desk.propose()
    merge(desk.database, proposal_id, version=1, who=ROBIN, into=stays)
    row = row_of(desk, proposal_id)
    assert (row.state, row.superseded_by) == ("superseded", stays)
    with desk.database.read() as session:
        assert [i.id for i in queue.superseded_by(session, stays)] == [proposal_id]
    with pytest.raises(StaleDecision, match="Robin has decided"):
        approve(desk.database, proposal_id, version=1, who=SAM)
    undo(desk.database, proposal_id, version=1, who=ROBIN)
    row = row_of(desk, proposal_id)
    assert (row.state, row.superseded_by) == ("open", None)


def test_a_duplicate_is_one_of_another_open_item(desk):
    """Not of itself, not of what is closed, not of nothing."""
    proposal_id = desk.propose()
    closed = desk.propose(date_change(record=OTHER), sender="b@x.example")
    reject(desk.database, closed, version=1, who=SAM, reason=RejectReason.not_needed)
    for into, error in ((proposal_id, InvalidEdit), (closed, InvalidEdit), ("nowhere", UnknownProposal)):
        with pytest.raises(error):
            merge(desk.database, proposal_id, version=1, who=ROBIN, into=into)
    assert row_of(desk, proposal_id).state == "open"


def test_an_item_is_sent_to_where_a_person_reads_it(desk):
    """It stays open, and nobody has to approve that it was sent."""
    proposal_id = desk.propose()
    done = to_manual(desk.database, proposal_id, version=1, who=ROBIN, note="reads oddly")
    assert done.difference == [{"path": "lane", "was": "ready", "is": "manual"}]
    row = row_of(desk, proposal_id)
    assert (row.view, row.version, row.edited_by) == (View.manual, 2, None)
    with pytest.raises(InvalidEdit, match="already"):
        to_manual(desk.database, proposal_id, version=2, who=ROBIN)
    undo(desk.database, proposal_id, version=2, who=ROBIN)
    assert row_of(desk, proposal_id).lane == Lane.ready
