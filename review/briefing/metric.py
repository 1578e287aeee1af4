"""A figure with its definition: which rows it looks at, what it takes of them, and how it is told.

The same rows are counted and, at a click, listed: a figure and what it links to cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from review.briefing.sql import quantile
from review.briefing.window import Window
from review.schema import ProposalRow

Rows = Select[*tuple[Any, ...]]
"""A query for rows, whatever their columns."""


class Take(StrEnum):
    """What is taken of the rows: how many there are, or the sum, mean or median of their values. A share is the mean of
    values that are 1 or 0."""

    number = "count"
    sum = "sum"
    share = "share"
    median = "median"


class Unit(StrEnum):
    number = "count"
    share = "share"
    hours = "hours"
    minutes = "minutes"
    seconds = "seconds"
    days = "days"
    money = "money"


class Better(StrEnum):
    """Which way is good news."""

    more = "more"
    less = "less"
    neither = "neither"


class Of(StrEnum):
    """What a row of the figure is, so that the page can lead there."""

    proposal = "proposal"
    message = "message"
    handoff = "handoff"
    call = "call"
    alert = "alert"


class Narrowing(BaseModel):
    """Only items of this intent, channel, team, lane, supplier or carrier. Figures that are not of items know none."""

    intent: str | None = None
    channel: str | None = None
    team: str | None = None
    lane: str | None = None
    supplier: str | None = None
    carrier: str | None = None

    @property
    def given(self) -> dict[str, str]:
        return {name: value for name, value in self if value}

    def of_items(self, rows: Rows) -> Rows:
        """The rows, which must be joined with proposals, narrowed."""
        for name, wanted in self.given.items():
            rows = rows.where(getattr(ProposalRow, name) == wanted)
        return rows


@dataclass(frozen=True)
class Metric:
    """`rows` selects an `id`, an `at` and a `value` a row for a window. `formula` says in words what is done with them.
    `of_items`: the rows are joined with proposals, so that the figure can be narrowed. `state`: it is as at the end of
    a window, not within it. `sentence` tells it of its `{value}`."""

    name: str
    title: str
    definition: str
    formula: str
    take: Take
    unit: Unit
    better: Better
    of: Of
    rows: Callable[[Window], Rows]
    sentence: str
    of_items: bool = True
    state: bool = False


class Figure(NamedTuple):
    """What a metric gave: None where there was no row to take it of. `rows` is how many there were."""

    value: float | None
    rows: int


def figure(session: Session, metric: Metric, window: Window, narrowing: Narrowing | None = None) -> Figure:
    """The metric's figure for a window."""
    rows = narrowed(metric, window, narrowing)
    if metric.take is Take.median:
        table = rows.subquery()
        count = session.scalar(select(func.count(table.c.value))) or 0
        return Figure(quantile(session, rows), count)
    table = rows.subquery()
    taken = {
        Take.number: func.count(),
        Take.sum: func.coalesce(func.sum(table.c.value), 0),
        Take.share: func.avg(table.c.value),
    }[metric.take]
    value, count = session.execute(select(taken, func.count()).select_from(table)).one()
    return Figure(None if value is None else float(value), count)


def narrowed(metric: Metric, window: Window, narrowing: Narrowing | None = None) -> Rows:
    """The rows that a figure is taken of."""
    rows = metric.rows(window)
    return narrowing.of_items(rows) if narrowing is not None and metric.of_items else rows
