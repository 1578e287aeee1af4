"""Counts by day over the weeks before: what came in by supplier, carrier, product and intent, and what closed."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, cast, func, literal, select
from sqlalchemy.orm import Session

from review.briefing.items import exceptional
from review.briefing.metric import Narrowing, Rows
from review.briefing.sql import hours_between, names_in
from review.briefing.window import DAY, Window
from review.schema import ProposalRow

P = ProposalRow
# A moment is kept as a fraction of a day: without this a day's first millisecond could fall to the day before.
ROUNDING_HOURS = 1e-6


class Kind(StrEnum):
    """What exceptions are counted by."""

    supplier = "supplier"
    carrier = "carrier"
    product = "product"
    intent = "intent"


def day_of(at: SQLColumnExpression[Any], span: Window) -> ColumnElement[int]:
    """The day of `span` in which a moment lies: 0 for the first 24 hours."""
    hours = hours_between(literal(span.start, P.created_at.type), at)
    return cast(func.floor((hours + ROUNDING_HOURS) / 24.0), Integer)


def counts_by(session: Session, kind: Kind, span: Window, narrowing: Narrowing) -> dict[str, list[int]]:
    """By name, how many exceptions came in on each day of `span`, oldest first."""
    came = (P.created_at >= span.start) & (P.created_at < span.end) & exceptional()
    day = day_of(P.created_at, span)
    if kind is Kind.product:
        products, name = names_in(session, P.products)
        rows: Rows = select(name, day, func.count()).select_from(P).join(products, literal(True)).where(came)
    else:
        name = getattr(P, kind)
        rows = select(name, day, func.count()).where(came, name.is_not(None))
    found: dict[str, list[int]] = defaultdict(lambda: [0] * days_in(span))
    for named, on, count in session.execute(narrowing.of_items(rows).group_by(name, day)):
        found[named][on] = count
    return dict(found)


def came_and_closed(session: Session, span: Window, narrowing: Narrowing) -> tuple[list[int], list[int]]:
    """How many exceptions came in and closed on each day of `span`, oldest first."""
    counted = []
    for at in (P.created_at, P.closed_at):
        day = day_of(at, span)
        rows = select(day, func.count()).where(at >= span.start, at < span.end, exceptional()).group_by(day)
        counts = [0] * days_in(span)
        for on, count in session.execute(narrowing.of_items(rows)):
            counts[on] = count
        counted.append(counts)
    return counted[0], counted[1]


def days_in(span: Window) -> int:
    return round((span.end - span.start) / DAY)


def known_weeks(session: Session, before: datetime, most: int) -> int:
    """How many whole weeks up to a moment the desk has been at work, and no more than `most`: before, nothing is known,
    which is not the same as nothing having come."""
    oldest = session.scalar(select(func.min(P.created_at)))
    return 0 if oldest is None else max(min((before - oldest) // (7 * DAY), most), 0)


def weeks(window: Window, count: int) -> Window:
    """So many weeks up to the end of the window."""
    return window.last(timedelta(weeks=count))
