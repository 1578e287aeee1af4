"""The queue: what waits for a person, divided into views, narrowed by filters, in the order of `review.urgency`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, case, false, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, undefer

from agent.taxonomy import taxonomy
from review.bands import limits_of
from review.cursors import Cursor
from review.schema import MentionRow, MessageRow, MessageState, ProposalRow, ProposalState
from review.search import matching
from tools.message import Channel

PAGE = 200
COUNTED_TO = 1_000
ALIKE = 5
OF_MESSAGE = ("subject", "sender")
# Spelt out for the planner: an index that holds only open proposals serves only a query that says so.
IS_OPEN = ProposalRow.state == literal_column("'open'")


class View(StrEnum):
    """ready · check · manual by lane; second: edited, waits for a second person; nothing: closes itself but for a
    glance; snoozed: open, but put off; done: decided or superseded, but for normal events, which stand in their cases
    only."""

    ready = "ready"
    check = "check"
    manual = "manual"
    second = "second"
    nothing = "nothing"
    snoozed = "snoozed"
    done = "done"


class Filters(BaseModel):
    """Narrows a view. `text` are words of subject, sender, text or record name (`review.search`); `claimed_by`
    are those that this person has now; `overdue` those whose time is up; `band`
    is the key of a `review.bands` band of confidence; `assignee` and `team` those whose they are; `mentioned`
    those with a comment that mentions this person."""

    intent: str | None = None
    channel: str | None = None
    language: str | None = None
    claimed_by: str | None = None
    overdue: bool = False
    band: Literal["top", "high", "mid", "low"] | None = None
    assignee: str | None = None
    team: str | None = None
    mentioned: str | None = None
    text: str | None = None


class QueueItem(BaseModel):
    """One row of the queue. `value_at_risk` is in the order's currency; `claimed_by` has it until `claimed_until`."""

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
    value_at_risk: float
    edited_by: str | None
    claimed_by: str | None
    claimed_until: datetime | None
    snoozed_until: datetime | None
    assignee: str | None
    team: str | None
    subject: str
    sender: str
    channel: str
    language: str
    received_at: datetime
    due_at: datetime
    rank_at: datetime
    closed_at: datetime | None
    message_state: str


def list_items(
    session: Session, view: View, filters: Filters | None = None, limit: int = PAGE, after: Cursor | None = None
) -> list[QueueItem]:
    """The items of a view, from `after` on: open ones the most urgent first, done ones the newest first."""
    query = listing(session, view, filters or Filters(), after).limit(limit)
    return [QueueItem(**row._mapping) for row in session.execute(query)]


def listing(session: Session, view: View, filters: Filters, after: Cursor | None = None) -> Select[*tuple[Any, ...]]:
    """The query of `list_items`."""
    key = _key(view)
    query = _narrow(session, _items().where(*_conditions(view, searched=bool(filters.text))), filters)
    if after is not None:
        place, beyond = tuple_(key, ProposalRow.id), tuple_(after.at, after.id)
        query = query.where(place < beyond if view is View.done else place > beyond)
    return query.order_by(*((key.desc(), ProposalRow.id.desc()) if view is View.done else (key, ProposalRow.id)))


def cursor_at(view: View, item: QueueItem) -> Cursor:
    """Where the list goes on after `item`."""
    return Cursor(getattr(item, _key(view).key), item.id)


def counts(session: Session, filters: Filters | None = None) -> dict[View, int]:
    """How many items each view holds under the same filters. No more than `COUNTED_TO` are counted in each."""
    narrowed = filters or Filters()
    if narrowed.text:
        found = dict.fromkeys(View, 0)
        # What words find is few, and costly to find: it is found once and counted by view.
        put_off = ProposalRow.snoozed_until > datetime.now(UTC)
        place = case((IS_OPEN & put_off, View.snoozed.value), else_=ProposalRow.view).label("place")
        query = _narrow(session, select(place, func.count()), narrowed).group_by(place)
        return found | {View(name): min(number, COUNTED_TO) for name, number in session.execute(query) if name in found}
    some = (_narrow(session, select(ProposalRow.id).where(*_conditions(view)), narrowed) for view in View)
    each = (select(func.count()).select_from(one.limit(COUNTED_TO).subquery()).scalar_subquery() for one in some)
    return dict(zip(View, session.execute(select(*each)).one(), strict=True))


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


def alike(session: Session, row: ProposalRow) -> list[QueueItem]:
    """Other open proposals that may say the same: of the same case or message, the newest first."""
    same = [ProposalRow.message_id == row.message_id, *([ProposalRow.case_id == row.case_id] if row.case_id else [])]
    query = _items().where(IS_OPEN, or_(*same), ProposalRow.id != row.id)
    newest = query.order_by(ProposalRow.received_at.desc(), ProposalRow.id).limit(ALIKE)
    return [QueueItem(**row._mapping) for row in session.execute(newest)]


def record_names(session: Session, ids: Sequence[str]) -> dict[str, str | None]:
    """What record each of these proposals is about."""
    query = select(ProposalRow.id, ProposalRow.record_name).where(ProposalRow.id.in_(ids))
    return {row.id: row.record_name for row in session.execute(query)}


def view_of(item: ProposalRow) -> View:
    """The view in which a proposal stands."""
    if item.state != ProposalState.open:
        return View.done
    if item.snoozed_until is not None and item.snoozed_until > datetime.now(UTC):
        return View.snoozed
    return View(item.view)


def unread(session: Session) -> int:
    """Messages that were received and are not yet triaged."""
    query = select(func.count()).select_from(MessageRow).where(MessageRow.state == MessageState.received)
    return session.execute(query).scalar_one()


def newest(session: Session) -> datetime | None:
    """When the newest message was received."""
    return session.scalars(select(MessageRow.received_at).order_by(MessageRow.received_at.desc()).limit(1)).first()


def choices(session: Session) -> dict[str, Sequence[str]]:
    """What the filters can name: intents, channels, and the languages that occur."""
    # From each language to the next in the index: there may be millions of messages.
    first = select(func.min(MessageRow.language).label("language")).cte(recursive=True)
    following = select(func.min(MessageRow.language)).where(MessageRow.language > first.c.language).scalar_subquery()
    walk = first.union_all(select(following).where(first.c.language.is_not(None)))
    languages = session.scalars(select(walk.c.language).where(walk.c.language.is_not(None))).all()
    return {"intent": list(taxonomy().intents), "channel": list(Channel), "language": languages}


def _items() -> Select[*tuple[Any, ...]]:
    columns: list[Any] = [
        getattr(MessageRow if name in OF_MESSAGE else ProposalRow, name)
        for name in QueueItem.model_fields
        if name != "message_state"
    ]
    columns.append(MessageRow.state.label("message_state"))
    return select(*columns).join(MessageRow, MessageRow.id == ProposalRow.message_id)


def _key(view: View) -> InstrumentedAttribute[Any]:
    """The moment that a view is sorted by."""
    special: dict[View, InstrumentedAttribute[Any]] = {
        View.done: ProposalRow.closed_at,
        View.snoozed: ProposalRow.snoozed_until,
    }
    return special.get(view, ProposalRow.rank_at)


def _conditions(view: View, searched: bool = False) -> list[ColumnElement[bool]]:
    """`searched`: without what an index could be chosen by. SQLite would walk the whole view in its order and ask of
    each item whether the words found it, rather than sort the few that they found."""
    if searched and view is not View.snoozed:
        placed = func.coalesce(ProposalRow.view, "") == view.value
        return [placed] if view is View.done else [placed, _awake()]
    if view is View.done:
        return [ProposalRow.view == View.done.value]
    if view is View.snoozed:
        return [IS_OPEN, ProposalRow.snoozed_until > datetime.now(UTC)]
    return [IS_OPEN, ProposalRow.view == view.value, _awake()]


def _awake() -> ColumnElement[bool]:
    return or_(ProposalRow.snoozed_until.is_(None), ProposalRow.snoozed_until <= datetime.now(UTC))


def _narrow(session: Session, query: Select[*tuple[Any, ...]], filters: Filters) -> Select[*tuple[Any, ...]]:
    now = datetime.now(UTC)
    for name in ("intent", "channel", "language", "assignee", "team"):
        if wanted := getattr(filters, name):
            query = query.where(getattr(ProposalRow, name) == wanted)
    if filters.claimed_by:
        query = query.where(ProposalRow.claimed_by == filters.claimed_by, ProposalRow.claimed_until > now)
    if filters.band:
        least, below = limits_of(filters.band)
        query = query.where(ProposalRow.confidence >= least, ProposalRow.confidence < below)
    if filters.mentioned:
        about = select(MentionRow.proposal_id).where(MentionRow.name == filters.mentioned)
        query = query.where(ProposalRow.id.in_(about))
    if filters.overdue:
        query = query.where(ProposalRow.due_at <= now)
    if filters.text:
        found = matching(session, filters.text)
        if found is None:
            return query.where(false())
        query = query.where(ProposalRow.message_id.in_(found))
    return query
