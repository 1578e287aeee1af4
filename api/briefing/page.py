"""The briefing as HTML: one body for the desk's page, the mail and print, rendered from what is kept and nothing else."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from api.briefing import charts
from api.wording import visible, words
from review.briefing.ageing import AGES
from review.briefing.content import Briefing, Drift, Fact, Series
from review.briefing.metric import Better
from review.briefing.status import RULES
from review.briefing.wording import written

FIRST = ("new", "decided", "open", "overdue", "approvals_waiting", "value_at_risk")
SERVICE = (
    *("share_ready", "share_check", "share_manual", "acceptance", "routing_accuracy", "decided_in_time"),
    *("hours_to_decision", "touchless", "wrong_after_approval", "handoff_failures", "model_spend", "alerts"),
)
LANES = (
    ("share_ready", "Ready", "#2e7d55"),
    ("share_check", "Check", "#d19a2a"),
    ("share_manual", "Manual", "#a4494d"),
)
TEMPLATES = Path(__file__).parents[1] / "templates"
STYLE = Path(__file__).parents[1] / "static" / "briefing.css"


def body(briefing: Briefing, base: str = "") -> str:
    """The briefing without head and foot. Links begin with `base`: the desk's public address in mail and print."""
    return str(_environment().get_template("_briefing.html").render(_context(briefing, base)))


def document(briefing: Briefing, base: str) -> str:
    """A whole HTML file with its style in it, for mail, print and disk."""
    template = _environment().get_template("briefing_document.html")
    return str(template.render(_context(briefing, base), style=Markup(STYLE.read_text(encoding="utf-8"))))


def title(briefing: Briefing) -> str:
    """The mail's subject, and the document's title."""
    return f"{briefing.status}: exceptions, {briefing.day:%A} {briefing.day.day} {briefing.day:%B %Y}"


def _context(briefing: Briefing, base: str) -> dict[str, object]:
    facts = {fact.name: fact for fact in briefing.facts if not fact.key}
    return {
        "briefing": briefing,
        "title": title(briefing),
        "base": base,
        "facts": facts,
        "first": [facts[name] for name in FIRST],
        "service": [facts[name] for name in SERVICE],
        "ages": [name for name, _ in AGES],
        "charts": _charts(briefing, facts),
        "zone": ZoneInfo(briefing.zone),
        "rules": RULES,
    }


def _charts(briefing: Briefing, facts: dict[str, Fact]) -> dict[str, Markup]:
    series = {one.name: one for one in briefing.series}
    came, closed, open_ = series["new"], series["closed"], series["open"]
    count = facts["new"].value or 0.0
    lanes = [(name, round(count * (facts[share].value or 0.0)), colour) for share, name, colour in LANES]
    drawn = {
        "flow": charts.columns_by_day(
            "Came in and closed", came.days, ("Came in", _numbers(came)), ("Closed", _numbers(closed))
        ),
        "open": charts.line_with_forecast("Open exceptions", open_.days, _numbers(open_), briefing.forecast),
        "lanes": charts.parts_of_whole("New exceptions by lane", lanes),
    }
    return {name: Markup(svg) for name, svg in drawn.items()}


def spark(drift: Drift) -> Markup:
    fact = drift.fact
    told = f"{fact.title}, {fact.key}: from {written(fact.previous, fact.unit)} to {written(fact.value, fact.unit)}."
    return Markup(charts.spark(fact.title, drift.rolling, told))


def _numbers(series: Series) -> list[float]:
    return [value or 0.0 for value in series.values]


def figure(fact: Fact) -> str:
    return written(fact.value, fact.unit)


def before(fact: Fact) -> str:
    return written(fact.previous, fact.unit)


def tone(fact: Fact) -> str:
    """good, bad or plain: which way it went, and whether that is welcome."""
    change = fact.change
    if not change or fact.better is Better.neither:
        return "plain"
    return "good" if (change > 0) is (fact.better is Better.more) else "bad"


def arrow(fact: Fact) -> str:
    change = fact.change
    return "" if change is None else "▲" if change > 0 else "▼" if change < 0 else "="


def local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%d.%m. %H:%M")


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(
        figure=figure, before=before, tone=tone, arrow=arrow, local=local, spark=spark, visible=visible, words=words
    )
    made.filters["money"] = lambda amount: f"{amount:,.0f}"
    return made
