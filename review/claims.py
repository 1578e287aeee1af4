"""Who works on what: a claim with a lease, so that two people never decide one item, and the second sees who has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, update

from review import log
from review.database import Database
from review.decision_rows import find_row, refuse
from review.people import Person
from review.schema import ProposalRow, ProposalState

LEASE = timedelta(minutes=10)


def claim(database: Database, proposal_id: str, *, who: Person, lease: timedelta = LEASE) -> datetime:
    """Gives an open proposal to `who` for so long, and says until when; again, it renews the lease.

    Raises Claimed while somebody else has it, StaleDecision when it is closed."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        now = datetime.now(UTC)
        held = row.claimed_by == who.name and row.claimed_until is not None and row.claimed_until > now
        free = or_(
            ProposalRow.claimed_by.is_(None), ProposalRow.claimed_by == who.name, ProposalRow.claimed_until <= now
        )
        taken = session.execute(
            update(ProposalRow)
            .where(ProposalRow.id == proposal_id, ProposalRow.state == ProposalState.open, free)
            .values(claimed_by=who.name, claimed_until=now + lease)
            .returning(ProposalRow.id)
        ).first()
        if taken is None:
            session.refresh(row)
            refuse(session, row, row.version)
        if not held:
            log.append(session, "proposal.claimed", proposal_id, {"who": who.name})
        return now + lease


def release(database: Database, proposal_id: str, *, who: Person) -> None:
    """Gives a proposal back. Nothing happens when `who` does not have it."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        if row.claimed_by == who.name:
            row.claimed_by = row.claimed_until = None
            log.append(session, "proposal.released", proposal_id, {"who": who.name})
