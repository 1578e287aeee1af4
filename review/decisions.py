"""Approve, edit, reject: one function, one transaction, one entry of the log each.

A decision names the version that the person saw. When the proposal, its conversation or its record moved on since,
it is refused and nothing changes. The same decision sent twice by the same person is one decision. An edit makes a
new version that another person approves: nobody approves their own edit.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from agent.proposal import Proposal
from review.database import Database
from review.decision_rows import UNDO_WINDOW, close, find_row, keep, refuse, renew, repeated
from review.edits import Edit, edited
from review.freshness import check_record
from review.people import Person
from review.refusals import NotAllowed
from review.schema import DecisionKind, DecisionRow, ProposalState
from tools.records import RecordReader


class RejectReason(StrEnum):
    """Why a proposal is turned down; the value is what a person reads."""

    wrong_record = "wrong record"
    wrong_intent = "misunderstood what it is about"
    wrong_values = "wrong dates, quantities or prices"
    wrong_actions = "wrong actions"
    already_done = "already done"
    duplicate = "duplicate"
    suspicious = "suspicious sender or content"
    not_needed = "nothing to do"


def approve(
    database: Database,
    proposal_id: str,
    *,
    version: int,
    who: Person,
    records: RecordReader | None = None,
    undo: timedelta = UNDO_WINDOW,
) -> DecisionRow:
    """Approves `version` as it stands. With `records`, neither the record nor its lines may have been written since they were read.

    Raises NotAllowed when an action needs a role that `who` lacks or the version is their own edit."""
    if records is not None:
        # Before the transaction: a slow Odoo must not keep others from writing.
        check_record(database, proposal_id, version, records)
    with database.write() as session:
        row = find_row(session, proposal_id)
        if done := repeated(session, row, version, who, DecisionKind.approve):
            return done
        proposal = Proposal(**row.body)
        missing = sorted({a.approval for a in proposal.actions if not who.may_approve(a.approval)})
        if missing:
            raise NotAllowed(f"This needs the approval of {' and '.join(missing)}; you are signed in as {who.role}.")
        if row.edited_by == who.name:
            raise NotAllowed("You edited this proposal. A second person has to approve it.")
        close(session, row, version, who, ProposalState.approved)
        return keep(session, row, version, who, DecisionKind.approve, row.body, row.body, undo=undo)


def edit(
    database: Database, proposal_id: str, *, version: int, who: Person, change: Edit, undo: timedelta = UNDO_WINDOW
) -> DecisionRow:
    """Makes a new version, which another person approves. Raises InvalidEdit for what the catalogue does not know."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        done = repeated(session, row, version, who, DecisionKind.edit)
        if done and edited(Proposal(**done.proposed), change).model_dump(mode="json") == done.decided:
            return done
        if row.version != version or row.state != ProposalState.open:
            refuse(session, row, version)
        before = row.body
        after = edited(Proposal(**before), change)
        renew(session, row, version, who, after, edited_by=who.name)
        return keep(session, row, version, who, DecisionKind.edit, before, row.body, undo=undo)


def reject(
    database: Database,
    proposal_id: str,
    *,
    version: int,
    who: Person,
    reason: RejectReason,
    note: str = "",
    undo: timedelta = UNDO_WINDOW,
) -> DecisionRow:
    """Turns `version` down for one of the fixed reasons, with an optional note."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        done = repeated(session, row, version, who, DecisionKind.reject)
        if done and done.reason == reason.name:
            return done
        close(session, row, version, who, ProposalState.rejected)
        return keep(
            session,
            row,
            version,
            who,
            DecisionKind.reject,
            row.body,
            row.body,
            undo=undo,
            reason=reason.name,
            note=note,
        )
