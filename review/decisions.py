"""Approve, edit, reject: one function, one transaction, one entry of the log each.

A decision names the version that the person saw. When the proposal, its conversation or its record moved on since,
it is refused and nothing changes. The same decision sent twice by the same person is one decision. An edit makes a
new version that another person approves: nobody approves their own edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from agent.proposal import Proposal, RecordRef
from review import search
from review.approvals import suffices
from review.database import Database
from review.decision_rows import UNDO_WINDOW, close, find_row, keep, refuse, renew, repeated
from review.divide import divide
from review.edits import Edit, edited
from review.freshness import check_record
from review.people import Person
from review.record_search import find_record
from review.refusals import NotAllowed
from review.schema import DecisionKind, DecisionRow, ProposalState
from review.split import beside
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
    lines: Sequence[int] | None = None,
    records: RecordReader | None = None,
    undo: timedelta = UNDO_WINDOW,
) -> DecisionRow:
    """Approves `version` as it stands, or only the lines at these indexes: the others become a proposal of their own,
    which waits. With `records`, neither the record nor its lines may have been written since they were read.

    Where the policy asks for more people, it is one of their approvals: the proposal stays open as the next version.
    Raises NotAllowed when the policy asks for a role that `who` lacks, they edited it or have approved it already."""
    if records is not None:
        # Before the transaction: a slow Odoo must not keep others from writing.
        check_record(database, proposal_id, version, records)
    with database.write() as session:
        row = find_row(session, proposal_id)
        done = repeated(session, row, version, who, DecisionKind.approve)
        before = done.proposed if done else row.body
        whole = Proposal(**before)
        proposal, rest = (whole, None) if lines is None else divide(whole, lines)
        if done and proposal.model_dump(mode="json") == done.decided:
            return done
        if endorsed := repeated(session, row, version, who, DecisionKind.endorse):
            return endorsed
        if not suffices(session, row, proposal, whole, who):
            if rest is not None:
                raise NotAllowed("More people have to approve this, which they do as a whole: split it for some lines.")
            renew(session, row, version, who, whole, edited_by=who.name)
            return keep(session, row, version, who, DecisionKind.endorse, before, row.body, undo=undo)
        close(session, row, version, who, ProposalState.approved)
        made = []
        if rest is not None:
            row.fill(proposal)
            made = [beside(session, row, rest)]
        return keep(session, row, version, who, DecisionKind.approve, before, row.body, undo=undo, made=made)


def edit(
    database: Database,
    proposal_id: str,
    *,
    version: int,
    who: Person,
    change: Edit,
    records: RecordReader | None = None,
    undo: timedelta = UNDO_WINDOW,
) -> DecisionRow:
    """Makes a new version, which another person approves. Another record than the candidates is looked up in `records`.

    Raises InvalidEdit for what the catalogue, the proposal or Odoo does not know."""
    found = _looked_up(database, proposal_id, change.record, records)
    with database.write() as session:
        row = find_row(session, proposal_id)
        done = repeated(session, row, version, who, DecisionKind.edit)
        if done and edited(Proposal(**done.proposed), change, found).model_dump(mode="json") == done.decided:
            return done
        if row.version != version or row.state != ProposalState.open:
            refuse(session, row, version)
        before = row.body
        after = edited(Proposal(**before), change, found)
        renew(session, row, version, who, after, edited_by=who.name)
        if after.record is not None:
            search.add(session, row.message_id, after.record.name)
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


def _looked_up(
    database: Database, proposal_id: str, wanted: RecordRef | None, records: RecordReader | None
) -> RecordRef | None:
    """What Odoo has under the id of a record that is no candidate. Asked before the transaction: Odoo may be slow."""
    if wanted is None or records is None:
        return None
    with database.read() as session:
        proposal = Proposal(**find_row(session, proposal_id).body)
    if (wanted.model, wanted.id) in {(c.model, c.id) for c in proposal.candidates}:
        return None
    return find_record(records, wanted.model, wanted.id)
