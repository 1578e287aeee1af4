"""Decisions that approve nothing: not an exception, the same as another item, or for a person to read."""

from __future__ import annotations

from datetime import timedelta

from agent.proposal import Lane, Proposal
from review.database import Database
from review.decision_rows import UNDO_WINDOW, close, find_row, keep, refuse, renew, repeated
from review.edits import InvalidEdit
from review.people import Person
from review.schema import DecisionKind, DecisionRow, ProposalState


def not_exception(
    database: Database, proposal_id: str, *, version: int, who: Person, note: str = "", undo: timedelta = UNDO_WINDOW
) -> DecisionRow:
    """Closes `version`: nothing deviates, nobody has to do anything."""
    kind = DecisionKind.not_exception
    with database.write() as session:
        row = find_row(session, proposal_id)
        if done := repeated(session, row, version, who, kind):
            return done
        close(session, row, version, who, ProposalState.rejected)
        return keep(session, row, version, who, kind, row.body, row.body, undo=undo, note=note)


def merge(
    database: Database, proposal_id: str, *, version: int, who: Person, into: str, undo: timedelta = UNDO_WINDOW
) -> DecisionRow:
    """Closes `version` in favour of another open proposal that says the same. Raises InvalidEdit for any other."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        done = repeated(session, row, version, who, DecisionKind.merge)
        if done and done.note == into:
            return done
        other = find_row(session, into)
        if other.id == row.id or other.state != ProposalState.open:
            raise InvalidEdit("Choose another proposal that is open.")
        close(session, row, version, who, ProposalState.superseded, superseded_by=into)
        return keep(session, row, version, who, DecisionKind.merge, row.body, row.body, undo=undo, note=into)


def to_manual(
    database: Database, proposal_id: str, *, version: int, who: Person, note: str = "", undo: timedelta = UNDO_WINDOW
) -> DecisionRow:
    """Moves `version` to the manual lane, where a person reads the message. Raises InvalidEdit when it is there."""
    kind = DecisionKind.manual
    with database.write() as session:
        row = find_row(session, proposal_id)
        if done := repeated(session, row, version, who, kind):
            return done
        if row.version != version or row.state != ProposalState.open:
            refuse(session, row, version)
        if row.lane == Lane.manual:
            raise InvalidEdit("It is in the manual lane already.")
        before = row.body
        after = Proposal(**before).model_copy(update={"lane": Lane.manual})
        renew(session, row, version, who, after, edited_by=row.edited_by)
        return keep(session, row, version, who, kind, before, row.body, undo=undo, note=note)
