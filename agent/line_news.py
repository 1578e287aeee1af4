"""What the statements about one order say of each of its lines: values with their evidence, before any intent is chosen.

A clerk reads a mail with the order open. So does this: a value belongs to the line that is named nearest before it in
the same statement, else to the line that the talk is about, else to the whole order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from agent.dates import DateMention
from agent.orders import Order, OrderLine
from agent.prices import PercentMention, PriceMention
from agent.product_mentions import ProductMention
from agent.proposal import Evidence
from agent.quantities import QuantityMention
from agent.said import Said
from agent.units import in_units_of

SAME_PRICE = 0.005
NOT_NEW = frozenset({"old", "order", "other", "past", "shipped"})
WEIGHTS = frozenset({"kg", "tonne"})
MOST_TIMES_HELD = 3
LEAST_CHANGE = 0.1
BESIDE = 12
SURER = 0.2


@dataclass
class News:
    """Values said of one line (or of the whole order), each with where it stands, in reading order."""

    line: OrderLine | None
    score: float = 1.0
    dates: list[tuple[DateMention, Evidence]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    unknown: list[Evidence] = field(default_factory=list)
    quantities: list[tuple[QuantityMention, Evidence]] = field(default_factory=list)
    prices: list[tuple[PriceMention, Evidence]] = field(default_factory=list)
    percents: list[tuple[PercentMention, Evidence]] = field(default_factory=list)
    splits: list[tuple[float, date, Evidence]] = field(default_factory=list)
    all_lines: bool = False
    from_table: bool = False
    shipped: list[tuple[QuantityMention, Evidence]] = field(default_factory=list)

    def new_dates(self, held: date | None, today: date) -> list[tuple[DateMention, Evidence]]:
        """Dates that may be the new one, likeliest first: not called old, not an order date, not gone by, and another
        than the record holds if there is one. Of several, the statement that most speaks of a change decides."""
        weighed = zip(self.dates, self.weights, strict=True)
        coming = [(d, w) for d, w in weighed if d[0].date is None or d[0].date >= today]
        dates = [(d, w) for d, w in coming if d[0].role not in NOT_NEW]
        if not dates and len(coming) == 1 and coming[0][0][0].role == "old" and coming[0][0][0].date != held:
            # "It comes on the date first confirmed, 28 January", where the record holds a later one by now.
            dates = coming
        dates = [d for d in dates if d[0][0].role == "new" or d[1] >= LEAST_CHANGE] or dates
        dates = [d for d in dates if d[0][0].date != today] or dates
        other = [d for d in dates if d[0][0].date != held] or dates
        ranked = sorted(
            other, key=lambda d: (d[0][0].role != "new", d[0][0].date is None, d[0][0].precision == "month", -d[1])
        )
        if ranked:
            # Of several dates in one statement the last step counts: "ETA 18 December, at your door on the 21st".
            first, weight = ranked[0]
            beside = [d for d, w in ranked if w == weight and d[0].role == first[0].role and d[0].date is not None]
            latest = max(beside, key=lambda d: d[0].date or date.min, default=first)
            return [latest, *(d for d, _ in ranked if d is not latest)]
        return []


@dataclass
class OrderNews:
    """News by line id, and what was said of the order without naming a line."""

    lines: dict[int, News] = field(default_factory=dict)
    whole: News = field(default_factory=lambda: News(None))
    mentioned: dict[int, float] = field(default_factory=dict)
    evidence: dict[int, Evidence] = field(default_factory=dict)
    unchanged: set[int] = field(default_factory=set)


def gather(news: OrderNews, saids: Sequence[Said], order: Order | None) -> None:
    """Attach the values of the statements to the order's lines, in reading order."""
    by_id = {line.id: line for line in order.lines} if order else {}
    current: list[int] = []
    for said in saids:
        if said.beside_the_point:
            continue
        named = _surest([m for m in said.products if m.line_id in by_id])
        here = list(dict.fromkeys(m.line_id for m in named if m.line_id is not None))
        roles = [d.role for d in said.dates] + [p.role for p in said.prices] + [q.role for q in said.quantities]
        settled = (
            said.unchanged and not {"new", "old"} & set(roles) and not _states_a_part(said, here or current, by_id)
        )
        if settled and sum(d.role not in NOT_NEW for d in said.dates) < 2:
            surely = {m.line_id: m.score for m in named}
            news.unchanged.update(i for i in here if news.mentioned.get(i, 0.0) - surely[i] < SURER)
            continue
        for mention in named:
            if mention.line_id is None:
                continue
            if mention.score > news.mentioned.get(mention.line_id, 0.0):
                news.mentioned[mention.line_id] = mention.score
                news.evidence[mention.line_id] = said.evidence("lines.product", mention.start, mention.end)
        if not here:
            here = _by_held_values(said, by_id, current)
        if here:
            current = here
        elif said.whole:
            current = []
            news.whole.all_lines = True
        _attach(said, named, current, by_id, news)


def _states_a_part(said: Said, ids: Sequence[int], by_id: dict[int, OrderLine]) -> bool:
    """Whether a day is stated for less than one line holds: "five come on 30 September as agreed" leaves the rest open."""
    counts = [q.qty for q in said.quantities if q.role == "plain"]
    return len(ids) == 1 and bool(said.dates) and any(0 < qty < by_id[ids[0]].qty for qty in counts)


def _surest(mentions: list[ProductMention]) -> list[ProductMention]:
    """Of several lines that one place may name the best; and a vague name says little beside a sure one."""
    best: dict[tuple[int, int], float] = {}
    for m in mentions:
        best[m.start, m.end] = max(best.get((m.start, m.end), 0.0), m.score)
    top = max(best.values(), default=0.0)
    return [m for m in mentions if m.score >= best[m.start, m.end] - 0.03 and m.score >= 0.7 * top]


def _by_held_values(said: Said, by_id: dict[int, OrderLine], current: list[int]) -> list[int]:
    """The one line whose ordered or open quantity, price or date is stated, where no line is named; none where it is
    also that of a line that the talk is about."""
    counts = {q.qty for q in said.quantities if q.qty > 1}
    prices = {p.amount for p in said.prices if p.role == "old"}
    dates = {d.date for d in said.dates if d.role == "old"}
    fitting = [
        i
        for i, line in by_id.items()
        if line.qty in counts
        or (line.open_qty in counts and line.open_qty)
        or line.price in prices
        or (line.planned and line.planned.date() in dates)
    ]
    return fitting if len(fitting) == 1 and (not current or counts) else []


def _is_count(qty: QuantityMention, said: Said, named: list[ProductMention], line: OrderLine | None) -> bool:
    """A number without a unit counts pieces only outside of a product's name and within the line's order of size; one
    in words ("two") only right before a name, or at the head of what is said of a part ("five come on Monday")."""
    if not qty.bare:
        return True
    if any(m.start < qty.end and qty.start < m.end for m in named):
        return False
    if not said.text[qty.end :].strip() and not any(m.end <= qty.start for m in named):
        return False
    heads = not said.text[: qty.start].strip() and line is not None and qty.qty < line.qty and bool(said.dates)
    if qty.text.isalpha() and not heads and not any(0 < m.start - qty.end <= BESIDE for m in named):
        return False
    return line is None or qty.qty <= MOST_TIMES_HELD * max(line.qty, 1.0)


def _attach(
    said: Said, named: list[ProductMention], current: list[int], by_id: dict[int, OrderLine], news: OrderNews
) -> None:
    def targets(start: int, end: int, *, counted: bool = False) -> list[News]:
        ids = _lines_at(start, end, named, current, said.text, counted=counted)
        if not ids:
            return [news.whole]
        return [news.lines.setdefault(i, News(by_id[i], news.mentioned.get(i, 0.5))) for i in ids]

    lone = sum(d.role not in NOT_NEW for d in said.dates) == 1
    again = _comes_back(named)
    for when in said.dates:
        spread = lone and len({m.line_id for m in named}) > 1 and _beside_all(when, named) and not again
        ids = list(dict.fromkeys(m.line_id for m in named if m.line_id is not None)) if spread else None
        goals = (
            [news.lines.setdefault(i, News(by_id[i], news.mentioned.get(i, 0.5))) for i in ids]
            if ids
            else targets(when.start, when.end)
        )
        for goal in goals:
            goal.dates.append((when, said.evidence("lines.date", when.start, when.end)))
            goal.weights.append(said.change)
    for start, end in said.unknown_dates:
        for goal in targets(start, end):
            goal.unknown.append(said.evidence("lines.date", start, end))
    # "2 pallets, 611 kg" is what the consignment is, not how many of the line named before.
    consignment = not named and any(q.unit in WEIGHTS for q in said.quantities)
    for stated in () if consignment else said.quantities:
        for goal in targets(stated.start, stated.end, counted=True):
            qty = in_units_of(goal.line, stated) if goal.line else stated
            if _is_count(qty, said, named, goal.line):
                goal.quantities.append((qty, said.evidence("lines.qty", qty.start, qty.end)))
    for price in said.prices:
        for goal in targets(price.start, price.end):
            goal.prices.append((price, said.evidence("lines.price", price.start, price.end)))
    for percent in said.percents:
        for goal in targets(percent.start, percent.end):
            goal.percents.append((percent, said.evidence("lines.price", percent.start, percent.end)))
    spoken_of = [news.lines[i] for i in current if i in news.lines] if current else [news.whole]
    for goal in spoken_of:
        _pair_splits(said, goal)


def _comes_back(named: list[ProductMention]) -> bool:
    """Whether the line named last was named before another: what follows speaks of it alone."""
    order = [line_id for line_id, _ in groupby(m.line_id for m in named)]
    return len(order) > 1 and order[-1] in order[:-1]


def _beside_all(when: DateMention, named: list[ProductMention]) -> bool:
    """Whether a date stands after, or before, everything that is named."""
    return all(m.end <= when.start for m in named) or all(when.end <= m.start for m in named)


def _lines_at(
    start: int, end: int, named: list[ProductMention], current: list[int], text: str, *, counted: bool
) -> list[int]:
    """The lines that a value at `start:end` speaks of: for a count one that touches it from the right ("24 chairs"),
    else what is named nearest before; else the lines that the talk is about."""
    if not named:
        return current
    touching = [m for m in named if 0 <= m.start - end <= 14 and not re.search(r"[,;:]", text[end : m.start])]
    before = [m for m in named if m.start <= start]
    ends = max((m.end for m in before), default=0)
    if counted and touching and not (before and start - ends < 3 and not re.search(r"[,;]", text[ends:start])):
        nearest = min(touching, key=lambda m: m.start - end)
        return [m.line_id for m in named if m.start == nearest.start and m.line_id is not None]
    if before:
        nearest = max(before, key=lambda m: m.start)
        return [m.line_id for m in named if m.start == nearest.start and m.line_id is not None]
    nearest = min(named, key=lambda m: m.start)
    return [m.line_id for m in named if m.start == nearest.start and m.line_id is not None]


def _pair_splits(said: Said, goal: News) -> None:
    """Each quantity with the date that belongs to it: the next date before another quantity, else the one before it."""
    own_dates = {id(d) for d, _ in goal.dates}
    counted = [q for q, evidence in goal.quantities if _within(evidence, said)]
    dates = [d for d in said.dates if d.date and id(d) in own_dates and d.role not in NOT_NEW]
    quantities = [q for q in counted if q.role not in ("old", "total")]
    for position, qty in enumerate(quantities):
        limit = quantities[position + 1].start if position + 1 < len(quantities) else len(said.text)
        after = [d for d in dates if qty.end <= d.start < limit]
        floor = quantities[position - 1].end if position else 0
        before = [d for d in dates if floor <= d.start < qty.start]
        chosen = after[0] if after else before[-1] if before else None
        if chosen and chosen.date:
            goal.splits.append(
                (
                    qty.qty,
                    chosen.date,
                    said.evidence("lines.splits", min(qty.start, chosen.start), max(qty.end, chosen.end)),
                )
            )


def _within(evidence: Evidence, said: Said) -> bool:
    place = said.statement
    return evidence.part == place.part and place.start <= evidence.start < place.end


def shifted(line: OrderLine, mention: DateMention) -> date | None:
    """The date that a mention means for a line: itself, or the line's planned date moved by a shift."""
    if mention.date is not None:
        return mention.date
    if mention.shift_days is not None and line.planned is not None:
        return line.planned.date() + timedelta(days=mention.shift_days)
    return None
