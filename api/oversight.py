"""How the work goes, by day or week: figures with filters, their definitions and rows, and all of it as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from markupsafe import Markup

from api.briefing.charts import line_with_forecast
from api.security import Visitor, require
from api.templating import page
from review.briefing.ageing import AGES, ageing
from review.briefing.drift import MEASURES
from review.briefing.facts import rows_link
from review.briefing.forecast import forecast
from review.briefing.history import came_and_closed, known_weeks, weeks
from review.briefing.making import FORECAST_WEEKS
from review.briefing.metric import Narrowing, figure
from review.briefing.oversight import LISTED, MOST_ROWS, Line, Period, Step, choices, lines, periods, rows_of
from review.briefing.window import DAY, Window
from review.briefing.wording import SCALED, written
from review.roles import Scope
from review.settings import Settings

router = APIRouter(include_in_schema=False)
Manager = Annotated[Visitor, Depends(require(Scope.manage))]


class Asked(NamedTuple):
    """What the page is to show."""

    columns: list[Period]
    step: Step
    narrowing: Narrowing


def narrowing(
    intent: str = "", channel: str = "", team: str = "", lane: str = "", supplier: str = "", carrier: str = ""
) -> Narrowing:
    return Narrowing(
        intent=intent or None,
        channel=channel or None,
        team=team or None,
        lane=lane or None,
        supplier=supplier or None,
        carrier=carrier or None,
    )


Narrowed = Annotated[Narrowing, Depends(narrowing)]


def asked(request: Request, narrowed: Narrowed, step: Step = Step.day) -> Asked:
    settings: Settings = request.app.state.settings
    end = datetime.now(UTC)
    return Asked(periods(end, step, settings.time_zone), step, narrowed)


Question = Annotated[Asked, Depends(asked)]


@router.get("/oversight")
def oversight(request: Request, me: Manager, question: Question) -> Response:
    last = question.columns[-1].window
    window = Window(last.end - DAY, last.end)
    with request.app.state.database.read() as session:
        sections = lines(session, question.columns, question.narrowing)
        teams = ageing(session, window, question.narrowing)
        came, closed = came_and_closed(session, weeks(window, FORECAST_WEEKS), question.narrowing)
        known = 7 * known_weeks(session, window.end, FORECAST_WEEKS)
        days = periods(last.end, Step.day, request.app.state.settings.time_zone)
        open_by_day = [figure(session, LISTED["open"], day.window, question.narrowing).value or 0.0 for day in days]
        offered = choices(session)
    ahead = forecast(open_by_day[-1], came[len(came) - known :], closed[len(closed) - known :])
    chart = line_with_forecast("Open exceptions", [day.ends for day in days], open_by_day, ahead)
    return page(
        request,
        "oversight.html",
        me=me,
        question=question,
        sections=sections,
        teams=teams,
        ages=[name for name, _ in AGES],
        chart=Markup(chart),
        offered=offered,
        link=lambda line, column: rows_link(line.metric.name, column.window, **question.narrowing.given),
        written=written,
        at_oversight=True,
    )


@router.get("/oversight.csv")
def as_csv(request: Request, me: Manager, question: Question) -> Response:
    """The page's table: a row a metric and period, figures unrounded; shares are between 0 and 100."""
    with request.app.state.database.read() as session:
        sections = lines(session, question.columns, question.narrowing)
    text = _csv(sections, question)
    headers = {"Content-Disposition": 'attachment; filename="oversight.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/oversight/definitions")
def definitions(request: Request, me: Manager) -> Response:
    return page(request, "definitions.html", me=me, metrics=LISTED.values(), measures=MEASURES, at_oversight=True)


@router.get("/oversight/rows/{name}")
def rows(
    request: Request,
    me: Manager,
    name: str,
    narrowed: Narrowed,
    start: Annotated[datetime, Query(alias="from")],
    end: Annotated[datetime, Query(alias="to")],
) -> Response:
    """The rows that a figure was taken of."""
    metric = LISTED.get(name)
    if metric is None:
        raise HTTPException(404)
    if start.tzinfo is None or end.tzinfo is None or start >= end:
        raise HTTPException(422, "from and to are moments with a time zone, the earlier first: 2026-11-24T06:00:00Z.")
    window = Window(start, end)
    with request.app.state.database.read() as session:
        taken = figure(session, metric, window, narrowed)
        found = rows_of(session, metric, window, narrowed)
    return page(
        request,
        "rows.html",
        me=me,
        metric=metric,
        window=window,
        narrowing=narrowed,
        taken=taken,
        rows=found,
        most=MOST_ROWS,
        written=written,
        at_oversight=True,
    )


def _csv(sections: Sequence[tuple[str, Sequence[Line]]], question: Asked) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    filters = " ".join(f"{name}={_plain(value)}" for name, value in question.narrowing.given.items())
    table.writerow(["metric", "title", "unit", "from", "to", "value", "filters", "formula"])
    for _, section in sections:
        for line in section:
            metric = line.metric
            for column, value in zip(question.columns, line.values, strict=True):
                shown = "" if value is None else round(value * SCALED.get(metric.unit, 1.0), 6)
                stretch = (column.window.start.isoformat(), column.window.end.isoformat())
                table.writerow([metric.name, metric.title, metric.unit, *stretch, shown, filters, metric.formula])
    return out.getvalue()


def _plain(value: str) -> str:
    """A name in a cell: never the beginning of a formula, whatever a partner is called."""
    return f"'{value}" if value[:1] in "=+-@\t\r" else value
