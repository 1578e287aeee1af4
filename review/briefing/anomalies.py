"""Counts that are unusual for the weekday: by supplier, carrier, product and intent, few and explained.

What is usual is a robust regression (Huber) of the counts of twelve weeks on the day of the week: single days on which
much happened hardly move it. A count is unusual where it is further from that than `FAR` times its spread, which is
the regression's own or that of a Poisson count, whichever is greater.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.briefing.content import Anomaly, Fact
from review.briefing.facts import rows_link
from review.briefing.history import Kind, counts_by, known_weeks
from review.briefing.items import exceptional
from review.briefing.metric import Better, Narrowing, Unit
from review.briefing.window import DAY, Window
from review.schema import ProposalRow

P = ProposalRow
WEEKS, WEEK = 12, 7
FAR = 4.0
LEAST_WEEKS = 4  # without so much of the past, nothing is known to be usual
LEAST = 5  # of today's count and what is usual, the greater
SHOWN = 5
FITTED = 60  # of the counts that look unusual at a glance, so many are looked at closely
SAME = 0.6  # of one's rows are also the other's: the same matter
HUBER_EPSILON = 1.35  # the usual choice: 95 % as efficient as least squares where nothing is unusual


class Usual(NamedTuple):
    """What a weekday's count mostly is, and how far counts spread around it."""

    level: float
    spread: float


def anomalies(session: Session, window: Window, narrowing: Narrowing) -> list[Anomaly]:
    """The most unusual counts of the window's last day, at most `SHOWN`; what is the same matter only once."""
    known = known_weeks(session, window.end - DAY, WEEKS)
    if known < LEAST_WEEKS:
        return []
    span = window.last((known * WEEK + 1) * DAY)
    candidates = []
    for kind in Kind:
        for key, counts in counts_by(session, kind, span, narrowing).items():
            *past, today = counts
            if (distance := _glance(past, today)) >= FAR / 2:
                candidates.append((distance, kind, key, past, today))
    candidates.sort(key=lambda c: (-c[0], c[1], c[2]))
    found = []
    for _, kind, key, past, today in candidates[:FITTED]:
        usual = usual_count(past)
        score = (today - usual.level) / usual.spread
        if abs(score) >= FAR and max(today, usual.level) >= LEAST:
            found.append((score, kind, key, usual, today))
    found.sort(key=lambda f: (-abs(f[0]), f[1], f[2]))
    return _few(session, window, narrowing, found)


def usual_count(past: Sequence[int]) -> Usual:
    """What the count of the day after `past` would usually be: daily counts, oldest first, of whole weeks."""
    import warnings

    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import HuberRegressor

    counts = np.asarray(past, dtype=float)
    day_of_week = np.arange(len(counts)) % WEEK
    on_day = (day_of_week[:, None] == np.arange(WEEK)).astype(float)
    if np.ptp(counts) == 0:
        level = spread = float(counts[0])
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = HuberRegressor(epsilon=HUBER_EPSILON, alpha=1e-4, fit_intercept=False).fit(on_day, counts)
        # The day after whole weeks is of the same weekday as the first.
        level, spread = max(float(fitted.coef_[0]), 0.0), float(fitted.scale_)
    return Usual(level, max(spread, math.sqrt(max(level, 1.0))))


def _glance(past: Sequence[int], today: int) -> float:
    """A cheap look: how far today is from the middle of the same weekday's counts, in Poisson's spread."""
    same = sorted(past[::WEEK])
    middle = same[len(same) // 2]
    return abs(today - middle) / math.sqrt(max(middle, 1.0)) if max(today, middle) >= LEAST else 0.0


def _few(
    session: Session, window: Window, narrowing: Narrowing, found: Iterable[tuple[float, Kind, str, Usual, int]]
) -> list[Anomaly]:
    today = window.last(DAY)
    rows = select(P.id, P.intent, P.supplier, P.carrier, P.products).where(
        P.created_at >= today.start, P.created_at < today.end, exceptional()
    )
    members: dict[tuple[str, str], set[str]] = {}
    intents: dict[str, str] = {}
    for row in session.execute(narrowing.of_items(rows)):
        intents[row.id] = row.intent
        named = [(Kind.supplier, row.supplier), (Kind.carrier, row.carrier), (Kind.intent, row.intent)]
        named += [(Kind.product, product) for product in json.loads(row.products)]
        for kind, name in named:
            members.setdefault((kind, name), set()).add(row.id)
    shown: list[Anomaly] = []
    taken: list[set[str]] = []
    for score, kind, key, usual, count in found:
        ids = members.get((kind, key), set())
        if any(len(ids & other) > SAME * min(len(ids), len(other)) for other in taken if ids and other):
            continue
        shown.append(_told(kind, key, usual, count, score, today, Counter(intents[i] for i in ids)))
        taken.append(ids)
        if len(shown) == SHOWN:
            break
    return shown


def _told(
    kind: Kind, key: str, usual: Usual, count: int, score: float, today: Window, intents: Counter[str]
) -> Anomaly:
    mostly = ""
    if kind is not Kind.intent and intents:
        intent, number = intents.most_common(1)[0]
        mostly = f"{number} of {count} are {intent.replace('_', ' ')}"
    return Anomaly(
        fact=Fact(
            name=f"unusual_{kind}",
            key=key,
            title=f"Unusual count of a {kind}",
            sentence="{value} {exception|exceptions} came of {key}",
            value=count,
            unit=Unit.number,
            better=Better.less,
            rows=count,
            link=rows_link("new", today, **({kind: key})),
        ),
        kind=kind,
        usual=round(usual.level, 1),
        low=round(max(usual.level - 2 * usual.spread, 0.0), 1),
        high=round(usual.level + 2 * usual.spread, 1),
        score=round(score, 1),
        mostly=mostly,
    )
