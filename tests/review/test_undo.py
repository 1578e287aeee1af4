"""Taking back: within the window, by the one who decided, and as if it had not been."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from agent.proposal import Proposal
from review import log
from review.decision_rows import decisions_of
from review.decisions import RejectReason, approve, edit, reject
from review.edits import Edit, LineEdit
from review.refusals import NotAllowed, StaleDecision, TooLate, UnknownProposal
from review.schema import ProposalRow
from review.undo import undo
from tests.review.desk import ROBIN, SAM, date_change

LATER = Edit(lines=[LineEdit(index=0, date="2026-12-18")])
LATEST = Edit(lines=[LineEdit(index=0, date="2026-12-21")])


def row_of(desk, proposal_id) -> ProposalRow:
    with desk.database.read() as session:
        row = session.scalars(select(ProposalRow).where(ProposalRow.id == proposal_id)).one()
        assert row.body
        return row


@pytest.mark.parametrize("kind", ["approve", "reject"])
def test_an_undone_decision_leaves_the_proposal_open_again(desk, kind):
    """As a new version, so that whoever saw it decided looks again; the decision stays in the books as undone."""
    proposal_id = desk.propose()
    if kind == "approve":
        approve(desk.database, proposal_id, version=1, who=ROBIN)
    else:
        reject(desk.database, proposal_id, version=1, who=ROBIN, reason=RejectReason.duplicate)
    undo(desk.database, proposal_id, version=1, who=ROBIN)
    row = row_of(desk, proposal_id)
    assert (row.state, row.version, row.view, row.closed_at) == ("open", 2, "ready", None)
    assert Proposal(**row.body) == date_change()
    with desk.database.read() as session:
        [taken] = decisions_of(session, proposal_id)
        assert taken.undone_at is not None
        assert log.latest(session)[0].kind == "proposal.undo"
    approve(desk.database, proposal_id, version=2, who=SAM)
    assert row_of(desk, proposal_id).state == "approved"


def test_undoing_twice_is_undoing_once(desk):
    """A double key press, or a retry."""
    proposal_id = desk.propose()
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    first = undo(desk.database, proposal_id, version=1, who=ROBIN)
    assert undo(desk.database, proposal_id, version=1, who=ROBIN).id == first.id
    assert row_of(desk, proposal_id).version == 2


def test_a_late_copy_of_an_undone_decision_decides_nothing(desk):
    """A request that hung in the line must not redo what its sender took back."""
    proposal_id = desk.propose()
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    undo(desk.database, proposal_id, version=1, who=ROBIN)
    with pytest.raises(StaleDecision):
        approve(desk.database, proposal_id, version=1, who=ROBIN)
    assert row_of(desk, proposal_id).state == "open"


def test_after_the_window_nothing_is_taken_back(desk):
    """It may have left by then."""
    proposal_id = desk.propose()
    approve(desk.database, proposal_id, version=1, who=ROBIN, undo=timedelta(0))
    with pytest.raises(TooLate, match="no longer be undone"):
        undo(desk.database, proposal_id, version=1, who=ROBIN)
    assert row_of(desk, proposal_id).state == "approved"


def test_nobody_undoes_the_decision_of_another(desk):
    """Not even a supervisor: they would wonder why it came back."""
    proposal_id = desk.propose()
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    with pytest.raises(NotAllowed, match="Robin"):
        undo(desk.database, proposal_id, version=1, who=SAM)
    assert row_of(desk, proposal_id).state == "approved"


def test_an_undone_edit_brings_the_former_version_and_its_editor_back(desk):
    """Robin's edit of Sam's edit undone, Sam's stands; that undone too, nobody's."""
    proposal_id = desk.propose()
    edit(desk.database, proposal_id, version=1, who=SAM, change=LATER)
    edit(desk.database, proposal_id, version=2, who=ROBIN, change=LATEST)
    undo(desk.database, proposal_id, version=3, who=ROBIN)
    row = row_of(desk, proposal_id)
    assert (row.version, row.edited_by, row.body["fields"]["lines"][0]["date"]) == (4, "Sam", "2026-12-18")
    with pytest.raises(NotAllowed, match="second person"):
        approve(desk.database, proposal_id, version=4, who=SAM)
    with pytest.raises(StaleDecision):
        undo(desk.database, proposal_id, version=4, who=SAM)


def test_what_was_built_on_a_decision_keeps_it(desk):
    """An edit that another has approved is no longer the last decision."""
    proposal_id = desk.propose()
    edit(desk.database, proposal_id, version=1, who=ROBIN, change=LATER)
    approve(desk.database, proposal_id, version=2, who=SAM)
    with pytest.raises(NotAllowed, match="Sam"):
        undo(desk.database, proposal_id, version=2, who=ROBIN)
    assert row_of(desk, proposal_id).state == "approved"


def test_an_edit_after_which_the_conversation_went_on_is_not_undone_unseen(desk):
    """There is something new to look at first."""
    proposal_id = desk.propose(Message_ID="<1@x.example>")
    edit(desk.database, proposal_id, version=1, who=ROBIN, change=LATER)
    desk.propose(date_change(record=None, intent="complaint"), Message_ID="<2@x.example>", In_Reply_To="<1@x.example>")
    with pytest.raises(StaleDecision):
        undo(desk.database, proposal_id, version=2, who=ROBIN)


@pytest.mark.parametrize("version", [1, 2])
def test_where_nothing_was_decided_nothing_is_undone(desk, version):
    """Whatever version is named."""
    proposal_id = desk.propose()
    with pytest.raises(StaleDecision):
        undo(desk.database, proposal_id, version=version, who=ROBIN)
    with pytest.raises(UnknownProposal):
        undo(desk.database, "nowhere", version=version, who=ROBIN)
    assert row_of(desk, proposal_id).version == 1
