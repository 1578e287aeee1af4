"""Metrics over a stretch of days or weeks: what the oversight page, its CSV and its charts show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from review.briefing.at_risk import AT_RISK, AT_RISK_OVERDUE
from review.briefing.catalogue import METRICS
from review.briefing.metric import Metric, Narrowing, figure, narrowed
from review.briefing.window import DAY, Window
from review.schema import ProposalRow

LISTED: dict[str, Metric] = {**METRICS, AT_RISK.name: AT_RISK, AT_RISK_OVERDUE.name: AT_RISK_OVERDUE}
"""Everything whose rows can be listed."""

SECTIONS = (
    ("What comes in", ("messages", "new", "share_ready", "share_check", "share_manual", "touchless")),
    ("What is decided", ("decided", "hours_to_decision", "decided_in_time", "approval_turnaround", "hours_to_done")),
    ("How right it was", ("acceptance", "routing_accuracy", "wrong_after_approval")),
    ("What waits", ("open", "overdue", "due_soon", "open_age", "approvals_waiting")),
    ("How the service runs", ("handoff_latency", "handoff_failures", "handoffs_failed", "handoffs_differ", "alerts")),
    ("Language models", ("model_spend", "model_seconds", "model_failures")),
)
MOST_ROWS = 500


class Step(StrEnum):
    day = "day"
    week = "week"


STEPS = {Step.day: (DAY, 7), Step.week: (timedelta(weeks=1), 8)}


class Period(NamedTuple):
    """A column of the page: the local day on which it ends."""

    ends: date
    window: Window


class Line(NamedTuple):
    """A metric by period, oldest first."""

    metric: Metric
    values: list[float | None]


def periods(end: datetime, step: Step, zone: ZoneInfo) -> list[Period]:
    """The days or weeks up to a moment."""
    length, count = STEPS[step]
    whole = Window(end - count * length, end)
    return [Period(w.end.astimezone(zone).date(), w) for w in whole.steps(length)]


def lines(session: Session, columns: Sequence[Period], narrowing: Narrowing) -> list[tuple[str, list[Line]]]:
    """By section, each metric over the periods. What cannot be narrowed has no line while filters are given."""
    found = []
    for title, names in SECTIONS:
        shown = [METRICS[name] for name in names if METRICS[name].of_items or not narrowing.given]
        section = [
            Line(metric, [figure(session, metric, column.window, narrowing).value for column in columns])
            for metric in shown
        ]
        if section:
            found.append((title, section))
    return found


def rows_of(
    session: Session, metric: Metric, window: Window, narrowing: Narrowing
) -> Sequence[Row[tuple[object, ...]]]:
    """The rows behind a figure (`id`, `at`, `value`), the newest first, no more than `MOST_ROWS`."""
    rows = narrowed(metric, window, narrowing).subquery()
    return session.execute(select(rows).order_by(rows.c.at.desc(), rows.c.id).limit(MOST_ROWS)).all()


def choices(session: Session) -> dict[str, list[str]]:
    """What the figures can be narrowed to, by filter."""
    found = {}
    for name in Narrowing.model_fields:
        column = getattr(ProposalRow, name)
        found[name] = list(session.scalars(select(column).where(column.is_not(None)).distinct().order_by(column)))
    return found
