"""The queue: what waits for a person, divided into views, narrowed by filters, in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session, undefer

from agent.proposal import Lane
from review.closing import NORMAL
from review.schema import MessageRow, MessageState, ProposalRow, ProposalState

NOTHING_TO_DO = (NORMAL, "auto_reply", "not_actionable")
PAGE = 200
OF_MESSAGE = ("subject", "sender", "channel", "language", "received_at")


class View(StrEnum):
    """ready · check · manual by lane; second: edited, waits for a second person; nothing: closes itself but for a
    glance; done: decided or superseded, but for normal events, which stand in their cases only."""

    ready = "ready"
    check = "check"
    manual = "manual"
    second = "second"
    nothing = "nothing"
    done = "done"


class Filters(BaseModel):
    """Narrows a view. `text` is looked for in subject, sender, text and record name, whatever the case."""

    intent: str | None = None
    channel: str | None = None
    language: str | None = None
    text: str | None = None


class QueueItem(BaseModel):
    """One row of the queue."""

    id: str
    message_id: str
    version: int
    state: str
    intent: str
    lane: str
    confidence: float
    record_model: str | None
    record_name: str | None
    late: int
    edited_by: str | None
    subject: str
    sender: str
    channel: str
    language: str
    received_at: datetime
    message_state: str


def list_items(session: Session, view: View, filters: Filters | None = None, limit: int = PAGE) -> list[QueueItem]:
    """The items of a view. Open ones: first those that make customers wait, then oldest first; done: newest first."""
    if view is View.done:
        order: list[Any] = [ProposalRow.closed_at.desc(), ProposalRow.id]
    else:
        order = [(ProposalRow.late > 0).desc(), MessageRow.received_at, ProposalRow.message_id, ProposalRow.ordinal]
    query = _narrow(_items().where(_condition(view)), filters or Filters()).order_by(*order).limit(limit)
    return [QueueItem(**row._mapping) for row in session.execute(query)]


def counts(session: Session, filters: Filters | None = None) -> dict[View, int]:
    """How many items each view holds under the same filters."""
    columns = [func.count().filter(_condition(view)).label(f"in_{view}") for view in View]
    source = ProposalRow.__table__.join(MessageRow.__table__)
    query: Select[*tuple[Any, ...]] = select(*columns).select_from(source)
    row = session.execute(_narrow(query, filters or Filters())).one()
    return {view: row._mapping[f"in_{view}"] for view in View}


def find(session: Session, proposal_id: str) -> tuple[ProposalRow, MessageRow] | None:
    """A proposal and its message with all their content, or None."""
    query = (
        select(ProposalRow, MessageRow)
        .join(MessageRow, MessageRow.id == ProposalRow.message_id)
        .where(ProposalRow.id == proposal_id)
        .options(undefer(ProposalRow.body), undefer(MessageRow.read))
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row else None


def siblings(session: Session, message_id: str) -> list[QueueItem]:
    """All proposals of one message, in their order."""
    query = _items().where(ProposalRow.message_id == message_id).order_by(ProposalRow.ordinal)
    return [QueueItem(**row._mapping) for row in session.execute(query)]


def superseded_by(session: Session, proposal_id: str) -> list[QueueItem]:
    """The proposals that this one replaced."""
    query = _items().where(ProposalRow.superseded_by == proposal_id).order_by(MessageRow.received_at)
    return [QueueItem(**row._mapping) for row in session.execute(query)]


def view_of(item: ProposalRow) -> View:
    """The view in which a proposal stands."""
    if item.state != ProposalState.open:
        return View.done
    if item.edited_by:
        return View.second
    if item.intent in NOTHING_TO_DO and item.lane == Lane.ready:
        return View.nothing
    return View(item.lane)


def unread(session: Session) -> int:
    """Messages that were received and are not yet triaged."""
    query = select(func.count()).select_from(MessageRow).where(MessageRow.state == MessageState.received)
    return session.execute(query).scalar_one()


def newest(session: Session) -> datetime | None:
    """When the newest message was received."""
    return session.scalars(select(MessageRow.received_at).order_by(MessageRow.received_at.desc()).limit(1)).first()


def choices(session: Session) -> dict[str, Sequence[str]]:
    """The values that occur, for the filters: intents, channels, languages."""
    columns = {"intent": ProposalRow.intent, "channel": MessageRow.channel, "language": MessageRow.language}
    return {name: session.scalars(select(column).distinct().order_by(column)).all() for name, column in columns.items()}


def _items() -> Select[*tuple[Any, ...]]:
    columns: list[Any] = [
        getattr(MessageRow if name in OF_MESSAGE else ProposalRow, name)
        for name in QueueItem.model_fields
        if name != "message_state"
    ]
    columns.append(MessageRow.state.label("message_state"))
    return select(*columns).join(MessageRow, MessageRow.id == ProposalRow.message_id)


def _condition(view: View) -> ColumnElement[bool]:
    """`view_of` as SQL."""
    is_open = ProposalRow.state == ProposalState.open
    quiet = and_(ProposalRow.intent.in_(NOTHING_TO_DO), ProposalRow.lane == Lane.ready)
    edited = ProposalRow.edited_by.is_not(None)
    if view is View.done:
        normal = and_(ProposalRow.state == ProposalState.expired, ProposalRow.intent == NORMAL)
        return not_(or_(is_open, normal))
    if view is View.second:
        return and_(is_open, edited)
    if view is View.nothing:
        return and_(is_open, not_(edited), quiet)
    return and_(is_open, not_(edited), not_(quiet), ProposalRow.lane == view.value)


def _narrow(query: Select[*tuple[Any, ...]], filters: Filters) -> Select[*tuple[Any, ...]]:
    if filters.intent:
        query = query.where(ProposalRow.intent == filters.intent)
    if filters.channel:
        query = query.where(MessageRow.channel == filters.channel)
    if filters.language:
        query = query.where(MessageRow.language == filters.language)
    for word in (filters.text or "").casefold().split()[:8]:
        found = MessageRow.searchable.contains(word, autoescape=True)
        query = query.where(or_(found, func.lower(ProposalRow.record_name).contains(word, autoescape=True)))
    return query
