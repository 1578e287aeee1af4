"""A briefing made of the rows: every figure, table and sentence of a window."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from review.briefing import ageing as waits
from review.briefing.anomalies import anomalies
from review.briefing.at_risk import AT_RISK_OVERDUE, at_risk
from review.briefing.catalogue import METRICS
from review.briefing.content import Anomaly, Briefing, Drift, Fact, Series
from review.briefing.drift import drift
from review.briefing.facts import fact, facts, rows_link
from review.briefing.forecast import forecast
from review.briefing.history import came_and_closed, known_weeks, weeks
from review.briefing.metric import Better, Narrowing, Unit, figure
from review.briefing.status import judge
from review.briefing.window import DAY, Window
from review.briefing.wording import sentence
from review.briefing.worsening import worsening

SHOWN_DAYS = 14
FORECAST_WEEKS = 8
CHANGED = ("new", "decided", "open", "overdue")  # what is told of since the day before


def make(session: Session, day: date, window: Window, zone: ZoneInfo, narrowing: Narrowing | None = None) -> Briefing:
    """The briefing of a day, in the template's words."""
    narrowed = narrowing or Narrowing()
    found = facts(session, window, narrowed)
    orders, sums = at_risk(session, window, narrowed)
    drifting, unusual = drift(session, window, narrowed), anomalies(session, window, narrowed)
    found += [*sums, fact(session, AT_RISK_OVERDUE, window, narrowed)]
    found += [_counted("drifting", drifting, window), _counted("unusual", unusual, window)]
    found += [d.fact for d in drifting] + [a.fact for a in unusual]
    worse = worsening(session, window, narrowed)
    status, reasons = judge(found)
    said = [sentence(reason) for reason in reasons]
    by_name = {f.name: f for f in found if not f.key}
    came, closed = came_and_closed(session, weeks(window, FORECAST_WEEKS), narrowed)
    known = 7 * known_weeks(session, window.end, FORECAST_WEEKS)
    return Briefing(
        day=day,
        start=window.start,
        end=window.end,
        zone=str(zone),
        status=status,
        reasons=said,
        conclusion=said[:1] or [sentence(by_name["open"])],
        since_yesterday=[sentence(by_name[name]) for name in CHANGED],
        facts=found,
        at_risk=orders,
        worsening=worse,
        ageing=waits.ageing(session, window, narrowed),
        drift=drifting,
        waiting=waits.approvals(session, window, narrowed),
        handoffs=waits.troubled(session, window, narrowed),
        anomalies=unusual,
        series=_series(session, day, window, narrowed, came, closed),
        forecast=forecast(by_name["open"].value or 0.0, came[len(came) - known :], closed[len(closed) - known :]),
    )


def _counted(name: str, found: list[Drift] | list[Anomaly], window: Window) -> Fact:
    told = {
        "drifting": (
            "Suppliers and carriers that drift",
            "{value} {figure|figures} of suppliers and carriers {drifts|drift}",
        ),
        "unusual": ("Unusual counts", "{value} {count is|counts are} unusual"),
    }
    title, text = told[name]
    return Fact(
        name=name,
        title=title,
        sentence=text,
        value=len(found),
        unit=Unit.number,
        better=Better.less,
        rows=len(found),
        link=rows_link("new", window),
    )


def _series(
    session: Session, day: date, window: Window, narrowing: Narrowing, came: list[int], closed: list[int]
) -> list[Series]:
    days = [day - k * DAY for k in reversed(range(SHOWN_DAYS))]
    open_ = [
        figure(session, METRICS["open"], Window(end - DAY, end), narrowing).value
        for end in (window.end - k * DAY for k in reversed(range(SHOWN_DAYS)))
    ]
    return [
        Series(name="new", title="New exceptions", days=days, values=[float(n) for n in came[-SHOWN_DAYS:]]),
        Series(name="closed", title="Closed", days=days, values=[float(n) for n in closed[-SHOWN_DAYS:]]),
        Series(name="open", title="Open exceptions", days=days, values=open_),
    ]
