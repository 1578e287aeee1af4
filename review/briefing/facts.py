"""Metrics taken for a window, each beside the stretch before and with the address of its rows."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, urlencode

from sqlalchemy.orm import Session

from review.briefing.catalogue import METRICS
from review.briefing.content import Fact
from review.briefing.metric import Metric, Narrowing, figure
from review.briefing.window import Window


def facts(session: Session, window: Window, narrowing: Narrowing | None = None) -> list[Fact]:
    """Every metric of the catalogue."""
    return [fact(session, metric, window, narrowing) for metric in METRICS.values()]


def fact(session: Session, metric: Metric, window: Window, narrowing: Narrowing | None = None) -> Fact:
    now, before = (figure(session, metric, stretch, narrowing) for stretch in (window, window.before))
    return Fact(
        name=metric.name,
        title=metric.title,
        sentence=metric.sentence,
        value=now.value,
        previous=before.value,
        unit=metric.unit,
        better=metric.better,
        rows=now.rows,
        link=rows_link(metric.name, window, **(narrowing or Narrowing()).given),
    )


def rows_link(name: str, window: Window, **narrowing: str) -> str:
    """Where the rows of a named query are listed: the path of the page, for the window."""
    query = {"from": stamp(window.start), "to": stamp(window.end), **narrowing}
    return f"/oversight/rows/{quote(name)}?{urlencode(query)}"


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with a `Z`."""
    return moment.isoformat().replace("+00:00", "Z")
