"""Addresses that write for the first time in the name of a company on file: what the records alone cannot tell."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from agent.proposal import Lane, Proposal
from review.schema import MessageRow, MessageState
from tools.message import Message


def first_time(session: Session, row: MessageRow, message: Message) -> str | None:
    """A sentence where nobody heard from this address before and no mail server vouches for its domain (DMARC).

    It is asked for addresses that Odoo knows by their domain alone: whoever is on file is no stranger."""
    if message.authentication.dmarc == "pass":
        return None
    earlier = select(MessageRow.id).where(
        MessageRow.sender_key == row.sender_key,
        MessageRow.id != row.id,
        MessageRow.state == MessageState.triaged,
        MessageRow.received_at <= row.received_at,
    )
    if session.scalars(earlier.limit(1)).first() is not None:
        return None
    return f"{message.sender.email} writes for the first time; only its domain is on file."


def cautioned(proposal: Proposal, why: str) -> Proposal:
    """The proposal with the sentence among its reasons, to be looked at before it is approved."""
    lane = Lane.check if proposal.lane is Lane.ready else proposal.lane
    return proposal.model_copy(update={"lane": lane, "reasons": [*proposal.reasons, why]})
