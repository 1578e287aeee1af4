"""What every decision does to the rows: compare and set, keep with its difference, log, and hand on.

A proposal changes only while it is open, at the version that the person saw and in nobody else's hands. `keep` is the
one place where a decision is written: what has to happen in the same transaction (the log, what goes out) is called
from there, and what takes it back from `take_back`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from agent.proposal import Proposal
from review import approvals, log, outbox
from review.edits import difference
from review.people import Person
from review.refusals import Claimed, StaleDecision, TooLate, UnknownProposal
from review.schema import DecisionKind, DecisionRow, MessageRow, ProposalRow, ProposalState
from review.visibility import seen_now

UNDO_WINDOW = timedelta(seconds=30)


def find_row(session: Session, proposal_id: str) -> ProposalRow:
    """Raises UnknownProposal, also for what the person who is looking does not see."""
    row = session.get(ProposalRow, proposal_id)
    if row is None or not seen_now(row):
        raise UnknownProposal(f"There is no proposal {proposal_id!r}.")
    return row


def repeated(session: Session, row: ProposalRow, version: int, who: Person, kind: DecisionKind) -> DecisionRow | None:
    """The decision that this one repeats (a double click, a retry), if the same person took it on the same version."""
    same = select(DecisionRow).where(
        DecisionRow.proposal_id == row.id,
        DecisionRow.version == version,
        DecisionRow.who == who.name,
        DecisionRow.kind == kind,
        DecisionRow.undone_at.is_(None),
    )
    return session.scalars(same).first()


def decisions_of(session: Session, proposal_id: str) -> list[DecisionRow]:
    """The decisions on a proposal, oldest first."""
    found = select(DecisionRow).where(DecisionRow.proposal_id == proposal_id).order_by(DecisionRow.version)
    return list(session.scalars(found))


def close(session: Session, row: ProposalRow, version: int, who: Person, state: ProposalState, **values: Any) -> None:
    """Closes the proposal at `version`. Raises StaleDecision or Claimed."""
    change(session, row, version, who, state=state, closed_at=datetime.now(UTC), **values)


def renew(
    session: Session, row: ProposalRow, version: int, who: Person, after: Proposal, edited_by: str | None
) -> None:
    """Makes `after` the next version. Raises StaleDecision or Claimed."""
    change(session, row, version, who, version=version + 1, edited_by=edited_by)
    row.fill(after)


def change(session: Session, row: ProposalRow, version: int, who: Person, /, **values: Any) -> None:
    """Compare and set: only an open proposal that is still at `version` and in nobody else's hands changes.

    A decision ends the claim and the snooze. Raises StaleDecision or Claimed."""
    now = datetime.now(UTC)
    free = or_(ProposalRow.claimed_by.is_(None), ProposalRow.claimed_by == who.name, ProposalRow.claimed_until <= now)
    changed = session.execute(
        update(ProposalRow)
        .where(
            ProposalRow.id == row.id,
            ProposalRow.version == version,
            ProposalRow.state == ProposalState.open,
            free,
        )
        .values(claimed_by=None, claimed_until=None, snoozed_until=None, **values)
        .returning(ProposalRow.id)
    ).first()
    session.refresh(row)
    if changed is None:
        refuse(session, row, version)


def refuse(session: Session, row: ProposalRow, version: int) -> NoReturn:
    """Says why a proposal cannot be decided on as it was seen."""
    if row.state == ProposalState.superseded and row.closed_reason is not None:
        raise StaleDecision("A newer message of the sender replaced this proposal. Decide on the newer one.")
    if row.state == ProposalState.open and row.version == version and row.claimed_by and row.claimed_until:
        raise Claimed(f"{row.claimed_by} has this until {row.claimed_until:%H:%M} UTC.")
    standing = [d for d in decisions_of(session, row.id) if d.undone_at is None]
    if standing and standing[-1].version >= version:
        raise StaleDecision(
            f"{standing[-1].who} has decided on this in the meantime ({standing[-1].kind}). Look again."
        )
    if row.state == ProposalState.open and row.moved_by:
        moved = session.get_one(MessageRow, row.moved_by)
        what = f"“{moved.subject}” of {moved.sender}" if moved.subject else f"a message of {moved.sender}"
        raise StaleDecision(f"The conversation went on since you looked: {what}. Read it, then decide.")
    raise StaleDecision(f"The proposal is at version {row.version} and {row.state}. Look again.")


def keep(
    session: Session,
    row: ProposalRow,
    version: int,
    who: Person,
    kind: DecisionKind,
    proposed: dict[str, Any],
    decided: dict[str, Any],
    *,
    undo: timedelta,
    reason: str | None = None,
    note: str = "",
    made: list[str] | None = None,
) -> DecisionRow:
    """Writes a decision and all that belongs into its transaction. `made` are proposals that it added.

    Until `undo` has passed it can be taken back, so nothing of it may leave before."""
    now = datetime.now(UTC)
    policy = approvals.applied(Proposal(**decided))
    decision = DecisionRow(
        proposal_id=row.id,
        version=version,
        kind=kind,
        reason=reason,
        note=note.strip()[:2000] or None,
        who=who.name,
        at=now,
        undo_until=now + undo,
        role=who.role,
        policy_hash=policy.hash,
        policy_rule=policy.rule,
        proposed=proposed,
        decided=decided,
        difference=difference(proposed, decided),
        made=made or [],
    )
    session.add(decision)
    session.flush()
    content = {
        "message": row.message_id,
        "version": version,
        "role": who.role,
        "who": who.name,
        **({"key": who.key} if who.key else {}),
        "policy": policy.model_dump(),
        "reason": decision.reason,
        "note": decision.note,
        "difference": decision.difference,
        "decided": decided,
        **({"made": decision.made} if decision.made else {}),
    }
    log.append(session, f"proposal.{kind}", row.id, content)
    if kind is DecisionKind.approve:
        outbox.queue(session, decision, *approvals.behind(session, decision), policy)
    return decision


def take_back(session: Session, row: ProposalRow, decision: DecisionRow, who: Person) -> None:
    """Undoes a decision within its window, with all that `keep` wrote for it. Raises TooLate."""
    now = datetime.now(UTC)
    if now >= decision.undo_until or not outbox.cancel(session, decision):
        raise TooLate(f"This was decided at {decision.at:%H:%M:%S} UTC and is on its way: it can no longer be undone.")
    decision.undone_at = now
    content = {"message": row.message_id, "version": decision.version, "kind": decision.kind, "who": who.name}
    log.append(session, "proposal.undo", row.id, content)
