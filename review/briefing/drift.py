"""Suppliers and carriers whose week is far from the four weeks before: days of delay, confirmations, changes, trouble.

The difference of two means in standard errors (Welch): (m1 − m2) / √(v1/n1 + v2/n2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Float, case, cast, func, select
from sqlalchemy.orm import Session

from review.briefing.content import Drift, Fact
from review.briefing.facts import rows_link
from review.briefing.history import Kind, day_of, days_in, weeks
from review.briefing.items import read_again
from review.briefing.metric import Better, Narrowing, Unit
from review.briefing.window import DAY, Window
from review.schema import ProposalRow

P = ProposalRow
RECENT, BEFORE = timedelta(days=7), timedelta(days=28)
LEAST_ROWS = 5
FAR = 3.0  # standard errors
SHOWN = 5  # of suppliers, and of carriers
CHANGES = (
    *("delivery_date_change", "partial_shipment", "quantity_change", "price_change", "item_unavailable"),
    "order_rejection",
)
TROUBLE = (
    *("delivery_failed", "transit_delay", "customs_hold", "goods_damaged", "goods_lost", "delivery_discrepancy"),
    "returned_to_sender",
)


@dataclass(frozen=True)
class Measure:
    """What is averaged over a supplier's or carrier's news; news for which `value` is null do not count."""

    name: str
    kind: Kind
    title: str
    sentence: str
    definition: str
    formula: str
    unit: Unit
    better: Better
    value: Callable[[], ColumnElement[Any]]


def _share(*intents: str) -> Callable[[], ColumnElement[Any]]:
    return lambda: case((P.intent.in_(intents), 1.0), else_=0.0)


def _share_among(intents: tuple[str, ...], others: tuple[str, ...]) -> Callable[[], ColumnElement[Any]]:
    return lambda: case((P.intent.in_(intents), 1.0), (P.intent.in_(others), 0.0))


def _delay() -> ColumnElement[Any]:
    return cast(P.delay_days, Float)


MEASURES = (
    Measure(
        name="supplier_delay",
        kind=Kind.supplier,
        title="Delay told by a supplier",
        sentence="News of {key} moved dates by {value} on average",
        definition="By how many days a supplier's news moved dates, on average.",
        formula="mean over the supplier's news with a new date of the most days by which a line is later",
        unit=Unit.days,
        better=Better.less,
        value=_delay,
    ),
    Measure(
        name="supplier_confirmations",
        kind=Kind.supplier,
        title="Confirmed as ordered",
        sentence="{value} of the news of {key} confirmed the order as it was",
        definition="Of a supplier's confirmations and changes, those that accepted the order as it was.",
        formula="order confirmations ÷ (order confirmations + changes)",
        unit=Unit.share,
        better=Better.more,
        value=_share_among(("order_confirmation",), CHANGES),
    ),
    Measure(
        name="supplier_changes",
        kind=Kind.supplier,
        title="News that change an order",
        sentence="{value} of the news of {key} changed the order",
        definition="Of a supplier's news, those that change dates, quantities, prices or items, or refuse the order.",
        formula="changes ÷ news",
        unit=Unit.share,
        better=Better.less,
        value=_share(*CHANGES),
    ),
    Measure(
        name="carrier_trouble",
        kind=Kind.carrier,
        title="Shipments in trouble",
        sentence="{value} of the news of {key} tell of trouble",
        definition="Of a carrier's news, also of normal events, those of delays, failed deliveries, loss, damage, customs or "
        "returns.",
        formula="trouble ÷ news",
        unit=Unit.share,
        better=Better.less,
        value=_share(*TROUBLE),
    ),
    Measure(
        name="carrier_delay",
        kind=Kind.carrier,
        title="Delay told by a carrier",
        sentence="News of {key} moved dates by {value} on average",
        definition="By how many days a carrier's news moved dates, on average.",
        formula="mean over the carrier's news with a new date of the most days by which a line is later",
        unit=Unit.days,
        better=Better.less,
        value=_delay,
    ),
)


class Sample(NamedTuple):
    size: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.size

    @property
    def variance(self) -> float:
        return max(self.squares / self.size - self.mean**2, 0.0) * self.size / max(self.size - 1, 1)


def drift(session: Session, window: Window, narrowing: Narrowing) -> list[Drift]:
    """What drifts, the farthest first, at most `SHOWN` of suppliers and of carriers."""
    recent = window.last(RECENT)
    before = Window(recent.start - BEFORE, recent.start)
    found = []
    for measure in MEASURES:
        now, then = (_samples(session, measure, span, narrowing) for span in (recent, before))
        for key in sorted(now.keys() & then.keys()):
            score = _score(now[key], then[key])
            if abs(score) >= FAR:
                found.append((score, measure, key, now[key], then[key]))
    found.sort(key=lambda item: (-abs(item[0]), item[1].name, item[2]))
    shown = [item for kind in Kind for item in [one for one in found if one[1].kind is kind][:SHOWN]]
    return [
        Drift(
            kind=measure.kind,
            fact=Fact(
                name=measure.name,
                key=key,
                title=measure.title,
                sentence=measure.sentence,
                value=round(now_.mean, 4),
                previous=round(then_.mean, 4),
                unit=measure.unit,
                better=measure.better,
                rows=now_.size,
                link=rows_link("news", recent, **{measure.kind: key}),
            ),
            score=round(score, 2),
            rolling=_rolling(session, measure, key, window, narrowing),
        )
        for score, measure, key, now_, then_ in shown
    ]


def _samples(session: Session, measure: Measure, span: Window, narrowing: Narrowing) -> dict[str, Sample]:
    value, name = measure.value(), getattr(P, measure.kind)
    rows = (
        select(name, func.count(value), func.sum(value), func.sum(value * value))
        .where(P.created_at >= span.start, P.created_at < span.end, name.is_not(None), ~read_again())
        .group_by(name)
        .having(func.count(value) >= LEAST_ROWS)
    )
    return {row[0]: Sample(row[1], float(row[2]), float(row[3])) for row in session.execute(narrowing.of_items(rows))}


def _score(now: Sample, then: Sample) -> float:
    # Where nothing varies, a difference of any size would be without bounds: one row's worth of it is taken.
    error = math.sqrt(now.variance / now.size + then.variance / then.size) or 1.0 / math.sqrt(now.size)
    return (now.mean - then.mean) / error


def _rolling(session: Session, measure: Measure, key: str, window: Window, narrowing: Narrowing) -> list[float | None]:
    """The means over seven days, for each of the last 28 days."""
    span = weeks(window, 5)
    value, name, day = measure.value(), getattr(P, measure.kind), day_of(P.created_at, span)
    rows = select(day, func.count(value), func.coalesce(func.sum(value), 0.0)).where(
        P.created_at >= span.start, P.created_at < span.end, name == key, ~read_again()
    )
    counts, sums = [0] * days_in(span), [0.0] * days_in(span)
    for on, count, total in session.execute(narrowing.of_items(rows).group_by(day)):
        counts[on], sums[on] = count, float(total)
    width = RECENT // DAY
    means: list[float | None] = []
    for last in range(width, days_in(span) + 1):
        some = sum(counts[last - width : last])
        means.append(round(sum(sums[last - width : last]) / some, 4) if some else None)
    return means[-(BEFORE // DAY) :]
