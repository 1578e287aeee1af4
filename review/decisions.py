"""Approve, edit, reject: one function, one transaction, one entry of the log each.

A decision names the version that the person saw. When the proposal, its conversation or its record moved on since,
it is refused and nothing changes. The same decision sent twice by the same person is one decision. An edit makes a
new version that another person approves: nobody approves their own edit.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NoReturn

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from agent.proposal import Proposal
from review import log
from review.database import Database
from review.edits import Edit, difference, edited
from review.intake import read_again
from review.people import Person
from review.schema import DecisionKind, DecisionRow, ProposalRow, ProposalState
from tools.records import RecordReader, RecordsError


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


class DecisionError(Exception):
    """A decision that was refused. `status` is its HTTP status."""

    status = 400


class UnknownProposal(DecisionError):
    status = 404


class NotAllowed(DecisionError):
    status = 403


class StaleDecision(DecisionError):
    """What the person saw is no longer what there is."""

    status = 412


class RecordUnreadable(DecisionError):
    """Whether the record moved on cannot be told now."""

    status = 503


def approve(
    database: Database, proposal_id: str, *, version: int, who: Person, records: RecordReader | None = None
) -> DecisionRow:
    """Approves `version` as it stands. With `records`, neither the record nor its lines may have been written since they were read.

    Raises NotAllowed when an action needs a role that `who` lacks or the version is their own edit."""
    if records is not None:
        # Before the transaction: a slow Odoo must not keep others from writing.
        _check_record(database, proposal_id, version, records)
    with database.write() as session:
        row = _proposal(session, proposal_id)
        if done := _repeated(session, row, version, who, DecisionKind.approve):
            return done
        proposal = Proposal(**row.body)
        missing = sorted({a.approval for a in proposal.actions if not who.may_approve(a.approval)})
        if missing:
            raise NotAllowed(f"This needs the approval of {' and '.join(missing)}; you are signed in as {who.role}.")
        if row.edited_by == who.name:
            raise NotAllowed("You edited this proposal. A second person has to approve it.")
        _close(session, row, version, ProposalState.approved)
        return _keep(session, row, version, who, DecisionKind.approve, row.body, row.body)


def edit(database: Database, proposal_id: str, *, version: int, who: Person, change: Edit) -> DecisionRow:
    """Makes a new version, which another person approves. Raises InvalidEdit for what the catalogue does not know."""
    with database.write() as session:
        row = _proposal(session, proposal_id)
        done = _repeated(session, row, version, who, DecisionKind.edit)
        if done and edited(Proposal(**done.proposed), change).model_dump(mode="json") == done.decided:
            return done
        if row.version != version or row.state != ProposalState.open:
            _refuse_stale(session, row)
        before = row.body
        after = edited(Proposal(**before), change).model_dump(mode="json")
        _bump(session, row, version, edited_by=who.name)
        row.fill(Proposal(**after))
        return _keep(session, row, version, who, DecisionKind.edit, before, after)


def reject(
    database: Database, proposal_id: str, *, version: int, who: Person, reason: RejectReason, note: str = ""
) -> DecisionRow:
    """Turns `version` down for one of the fixed reasons, with an optional note."""
    with database.write() as session:
        row = _proposal(session, proposal_id)
        done = _repeated(session, row, version, who, DecisionKind.reject)
        if done and done.reason == reason.name:
            return done
        _close(session, row, version, ProposalState.rejected)
        return _keep(session, row, version, who, DecisionKind.reject, row.body, row.body, reason, note.strip()[:2000])


def decisions_of(session: Session, proposal_id: str) -> list[DecisionRow]:
    """The decisions on a proposal, oldest first."""
    found = select(DecisionRow).where(DecisionRow.proposal_id == proposal_id).order_by(DecisionRow.version)
    return list(session.scalars(found))


def _proposal(session: Session, proposal_id: str) -> ProposalRow:
    row = session.get(ProposalRow, proposal_id)
    if row is None:
        raise UnknownProposal(f"There is no proposal {proposal_id!r}.")
    return row


def _repeated(session: Session, row: ProposalRow, version: int, who: Person, kind: DecisionKind) -> DecisionRow | None:
    """The decision that this one repeats (a double click, a retry), if the same person took it on the same version."""
    same = select(DecisionRow).where(
        DecisionRow.proposal_id == row.id,
        DecisionRow.version == version,
        DecisionRow.who == who.name,
        DecisionRow.kind == kind,
    )
    return session.scalars(same).first()


def _check_record(database: Database, proposal_id: str, version: int, records: RecordReader) -> None:
    with database.read() as session:
        row = _proposal(session, proposal_id)
        if row.state != ProposalState.open or row.version != version:
            return  # refused, or known as a repetition, further on
        proposal, message_id = Proposal(**row.body), row.message_id
    record, seen = proposal.record, proposal.record_write_date
    if record is None or seen is None:
        return
    try:
        rows = records.read(record.model, [record.id], ["write_date"])
        lines = proposal.line_write_dates
        read = records.read(f"{record.model}.line", sorted(lines), ["write_date"]) if lines else []
    except RecordsError as error:
        raise RecordUnreadable(f"{record.name} could not be looked up, so nothing was decided. {error}") from error
    now = rows[0].get("write_date") if rows else None
    if now != seen:
        _moved(
            database, message_id, f"{record.name} was changed in Odoo since this was proposed (then {seen}, now {now})."
        )
    # A change of a line alone leaves the order's own date as it was.
    standing = {row["id"]: row.get("write_date") for row in read}
    if moved := [line for line, date in lines.items() if standing.get(line) != date]:
        what = "a line" if len(moved) == 1 else f"{len(moved)} lines"
        _moved(database, message_id, f"{record.name} was changed in Odoo since this was proposed ({what} of it).")


def _moved(database: Database, message_id: str, what: str) -> NoReturn:
    """Refuses the decision, and has the message read beside what Odoo holds now."""
    read_again(database, message_id, what)
    raise StaleDecision(f"{what} The message is read again; decide on the proposal that takes the place of this one.")


def _close(session: Session, row: ProposalRow, version: int, state: ProposalState) -> None:
    _set(session, row, version, {"state": state, "closed_at": datetime.now(UTC)})


def _bump(session: Session, row: ProposalRow, version: int, edited_by: str) -> None:
    _set(session, row, version, {"version": version + 1, "edited_by": edited_by})


def _set(session: Session, row: ProposalRow, version: int, values: dict[str, Any]) -> None:
    """Compare and set: only an open proposal that is still at `version` changes."""
    changed = session.execute(
        update(ProposalRow)
        .where(ProposalRow.id == row.id, ProposalRow.version == version, ProposalRow.state == ProposalState.open)
        .values(**values)
        .returning(ProposalRow.id)
    ).first()
    if changed is None:
        _refuse_stale(session, row)
    session.refresh(row)


def _refuse_stale(session: Session, row: ProposalRow) -> NoReturn:
    if row.state == ProposalState.superseded:
        raise StaleDecision("A newer message of the sender replaced this proposal. Decide on the newer one.")
    taken = decisions_of(session, row.id)
    if taken:
        raise StaleDecision(f"{taken[-1].who} has decided on this in the meantime ({taken[-1].kind}). Look again.")
    raise StaleDecision(f"The proposal is at version {row.version} and {row.state}. Look again.")


def _keep(
    session: Session,
    row: ProposalRow,
    version: int,
    who: Person,
    kind: DecisionKind,
    proposed: dict[str, Any],
    decided: dict[str, Any],
    reason: RejectReason | None = None,
    note: str = "",
) -> DecisionRow:
    decision = DecisionRow(
        proposal_id=row.id,
        version=version,
        kind=kind,
        reason=reason.name if reason else None,
        note=note or None,
        who=who.name,
        at=datetime.now(UTC),
        proposed=proposed,
        decided=decided,
        difference=difference(proposed, decided),
    )
    session.add(decision)
    session.flush()
    content = {
        "message": row.message_id,
        "version": version,
        "role": who.role,
        "who": who.name,
        "reason": decision.reason,
        "note": decision.note,
        "difference": decision.difference,
        "decided": decided,
    }
    log.append(session, f"proposal.{kind}", row.id, content)
    return decision
