"""What waited longer than the policy allows becomes the matter of another role too, once, with an entry of the log."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import undefer

from agent.approval import matter_of
from agent.proposal import Proposal
from agent.propose import policy_in_force
from review import log
from review.database import Database
from review.schema import ProposalRow, ProposalState


def escalate(database: Database) -> list[str]:
    """Escalates what is due, by the policy in force now. Gives the proposals' ids."""
    now = datetime.now(UTC)
    due = select(ProposalRow).where(
        ProposalRow.escalate_at <= now,
        ProposalRow.state == ProposalState.open,
        ProposalRow.escalated_to.is_(None),
    )
    with database.read() as session:
        if session.scalars(due.limit(1)).first() is None:
            return []
    escalated = []
    with database.write() as session:
        for row in session.scalars(due.options(undefer(ProposalRow.body))):
            route = policy_in_force().route(matter_of(Proposal(**row.body)))
            if route.escalation is None:
                row.escalate_at = None  # the policy asks for it no more
                continue
            row.escalated_to = route.escalation.to
            content = {"to": row.escalated_to, "rule": route.rule, "policy": policy_in_force().sha256}
            log.append(session, "proposal.escalated", row.id, content)
            escalated.append(row.id)
    return escalated
