"""One item made two: to approve some lines and decide on the others later, or to treat them apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agent.proposal import Proposal
from review.database import Database
from review.decision_rows import UNDO_WINDOW, find_row, keep, refuse, renew, repeated
from review.divide import divide
from review.people import Person
from review.schema import DecisionKind, DecisionRow, MessageRow, ProposalRow, ProposalState


def split(
    database: Database,
    proposal_id: str,
    *,
    version: int,
    who: Person,
    lines: Sequence[int],
    undo: timedelta = UNDO_WINDOW,
) -> DecisionRow:
    """Leaves the lines at these indexes in the proposal, and makes one of its own of the others. Raises InvalidEdit.

    What is proposed stays the same in sum, so that neither part asks for a second person."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        if done := repeated(session, row, version, who, DecisionKind.split_up):
            return done
        if row.version != version or row.state != ProposalState.open:
            refuse(session, row, version)
        before = row.body
        chosen, rest = divide(Proposal(**before), lines)
        renew(session, row, version, who, chosen, edited_by=row.edited_by)
        made = [beside(session, row, rest)]
        return keep(session, row, version, who, DecisionKind.split_up, before, row.body, undo=undo, made=made)


def beside(session: Session, row: ProposalRow, proposal: Proposal) -> str:
    """Adds an open proposal to the message of another, and gives its id. It is of the same
    people as that one."""
    last = select(func.max(ProposalRow.ordinal)).where(ProposalRow.message_id == row.message_id)
    message = session.get_one(MessageRow, row.message_id)
    added = ProposalRow.of(message, session.scalars(last).one() + 1, proposal, datetime.now(UTC))
    added.case_id, added.edited_by, added.assignee, added.team = row.case_id, row.edited_by, row.assignee, row.team
    session.add(added)
    session.flush()
    return added.id
