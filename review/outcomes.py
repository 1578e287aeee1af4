"""What became of approvals, over all of them: how many are where, each with its way and its differences, and how often
what had been suggested was right in the end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from review.receipt_rows import Standing, standing_of
from review.schema import DecisionKind, DecisionRow, DeliveryRow, HandoffRow, HandoffState, ProposalRow, ReceiptRow


class Way(BaseModel):
    """The way to one target: `problem` is that of the last try."""

    target: str
    state: str
    attempts: int
    delivered_at: datetime | None
    problem: str | None


class Outcome(BaseModel):
    """One approval, and what became of it."""

    proposal_id: str
    intent: str
    record: str | None
    approved_by: str
    approved_at: datetime
    standing: Standing
    ways: list[Way]


class RightInTheEnd(NamedTuple):
    """Of `finished` approvals, those of which it is known whether they were carried out as approved, `right` were, and
    nobody had to edit what was suggested."""

    right: int
    finished: int


def counts(session: Session) -> dict[HandoffState, int]:
    """How many approvals are in each state."""
    found = dict.fromkeys(HandoffState, 0)
    by_state = select(HandoffRow.state, func.count()).join(ProposalRow, ProposalRow.id == HandoffRow.proposal_id)
    for state, number in session.execute(by_state.group_by(HandoffRow.state)):
        found[HandoffState(state)] = number
    return found


def listed(session: Session, states: Collection[HandoffState] = (), limit: int = 100) -> list[Outcome]:
    """The newest approvals, newest first; with `states` only those in one of them."""
    query = (
        select(HandoffRow, ReceiptRow, DecisionRow.who, ProposalRow.intent, ProposalRow.record_name)
        .join(ReceiptRow, ReceiptRow.handoff_id == HandoffRow.id)
        .join(DecisionRow, DecisionRow.id == HandoffRow.decision_id)
        .join(ProposalRow, ProposalRow.id == HandoffRow.proposal_id)
        .order_by(HandoffRow.sequence.desc())
        .limit(limit)
        .options(undefer(HandoffRow.body))
    )
    if states:
        query = query.where(HandoffRow.state.in_(states))
    rows = session.execute(query).all()
    ways: dict[str, list[Way]] = {}
    sent = select(DeliveryRow).where(DeliveryRow.handoff_id.in_([handoff.id for handoff, *_ in rows]))
    for delivery in session.scalars(sent.order_by(DeliveryRow.target)):
        way = Way(**{name: getattr(delivery, name) for name in Way.model_fields})
        ways.setdefault(delivery.handoff_id, []).append(way)
    return [
        Outcome(
            proposal_id=handoff.proposal_id,
            intent=intent,
            record=record,
            approved_by=who,
            approved_at=handoff.created_at,
            standing=standing_of(handoff, receipt),
            ways=ways.get(handoff.id, []),
        )
        for handoff, receipt, who, intent, record in rows
    ]


def is_seen(session: Session, event_id: str) -> bool:
    """Whether there is such an event for whoever is looking."""
    of = select(HandoffRow.id).join(ProposalRow, ProposalRow.id == HandoffRow.proposal_id)
    return session.scalars(of.where(HandoffRow.id == event_id)).first() is not None


def right_in_the_end(session: Session, since: datetime | None = None, until: datetime | None = None) -> RightInTheEnd:
    """Of the approvals given within a time."""
    edited = (
        select(DecisionRow.id)
        .where(
            DecisionRow.proposal_id == HandoffRow.proposal_id,
            DecisionRow.kind == DecisionKind.edit,
            DecisionRow.undone_at.is_(None),
        )
        .exists()
    )
    finished = HandoffRow.state.in_((HandoffState.done, HandoffState.differs))
    right = func.count().filter(HandoffRow.state == HandoffState.done, ~edited)
    about = (
        ProposalRow.id == HandoffRow.proposal_id
    )  # read too, so that items which a person does not see count for nothing
    query = select(right, func.count()).select_from(HandoffRow).join(ProposalRow, about).where(finished)
    if since is not None:
        query = query.where(HandoffRow.created_at >= since)
    if until is not None:
        query = query.where(HandoffRow.created_at < until)
    return RightInTheEnd(*session.execute(query).one())
