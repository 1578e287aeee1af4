"""A conversation that goes on: what a person saw of it is then no longer all there is."""

from __future__ import annotations

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from review.schema import MessageRow, ProposalRow, ProposalState


def went_on(session: Session, row: MessageRow) -> None:
    """Gives the open proposals of a message's conversation, as far as they are older, a new version, so that no
    decision is taken without having seen it. Those that were snoozed come back."""
    if row.thread is None:
        return
    earlier = select(MessageRow.id).where(
        MessageRow.thread == row.thread, MessageRow.id != row.id, MessageRow.received_at <= row.received_at
    )
    session.execute(
        update(ProposalRow)
        .where(
            ProposalRow.message_id.in_(earlier),
            ProposalRow.state == ProposalState.open,
            or_(ProposalRow.moved_by.is_(None), ProposalRow.moved_by != row.id),
        )
        .values(version=ProposalRow.version + 1, moved_by=row.id, snoozed_until=None)
    )
