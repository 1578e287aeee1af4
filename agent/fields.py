"""The fields that an intent may state, filled from the news about an order's lines and from the message as a whole.

Each filler returns the fields, their evidence, how much of what the intent needs was found (0..1), and whether the
values differ from what the record holds in the way that the intent says: a "price change" without another price is
hardly one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from agent.line_news import NOT_NEW, SAME_PRICE, News, OrderNews, shifted
from agent.orders import Order, OrderLine
from agent.prices import PriceMention, apply_percent
from agent.proposal import Evidence, Fields, LineFields, Split
from agent.said import Said
from agent.units import distance, in_units_of

SURELY = 0.3


@dataclass
class Filled:
    """`values`: share of the needed fields found. `supported`: 1 the record confirms the intent, 0.5 cannot say, 0 it
    contradicts it. `lines`: the weakest match of a line. `notes` explain conversions and rounding. `surely`: lines whose own
    statement speaks of the change, not of something else. `line_evidence` stands beside `fields.lines`, one for one;
    `details` are where what is stated for all lines was read, if a document gave it."""

    fields: Fields = field(default_factory=Fields)
    line_evidence: list[tuple[Evidence, ...]] = field(default_factory=list)
    details: list[Evidence] = field(default_factory=list)
    values: float = 1.0
    supported: float = 0.5
    lines: float = 1.0
    ambiguous: bool = False
    from_table: bool = False
    notes: list[str] = field(default_factory=list)
    surely: set[int] = field(default_factory=set)

    def add(self, stated: LineFields, news_score: float, *evidence: Evidence) -> None:
        self.fields.lines.append(stated)
        self.line_evidence.append(evidence)
        self.lines = min(self.lines, news_score)

    def keep(self, line_ids: set[int | None]) -> None:
        """Drop the lines that are not among `line_ids`, and their evidence with them."""
        kept = [p for p in zip(self.fields.lines, self.line_evidence, strict=True) if p[0].line_id in line_ids]
        self.fields.lines = [stated for stated, _ in kept]
        self.line_evidence = [evidence for _, evidence in kept]

    @property
    def evidence(self) -> list[Evidence]:
        """All evidence, each named for the line that it belongs to: `lines[0].date`."""
        return self.details + [
            item.model_copy(update={"field": item.field.replace("lines.", f"lines[{index}].")})
            for index, items in enumerate(self.line_evidence)
            for item in items
        ]

    @property
    def line_ids(self) -> set[int | None]:
        return {stated.line_id for stated in self.fields.lines}

    @property
    def borne_out(self) -> bool:
        """Whether lines are stated that differ from the record in the way the intent says."""
        return self.supported >= 1.0 and bool(self.fields.lines)


@dataclass
class Context:
    """What a filler may look at: the statements that speak of the intent, the order, and the news of its lines."""

    saids: Sequence[Said]
    order: Order | None
    news: OrderNews
    today: date
    coded: bool = False  # a carrier's event: what it counts are packages, not pieces
    telling: frozenset[int] = frozenset()  # the lines named in what most speaks of the intent, where lines are


def fill(intent: str, context: Context) -> Filled:
    """The fields of `intent` that the taxonomy lists, or nothing where it lists none that a line carries."""
    filler = _FILLERS.get(intent)
    return filler(context) if filler else Filled()


def open_lines(order: Order | None) -> list[OrderLine]:
    return (order.open_lines or order.lines) if order else []


def product_of(line: OrderLine) -> str:
    return line.code or line.name


def _concerned(context: Context, has: Callable[[News], bool], *, spread: bool = True) -> list[News]:
    """The news that carry a value of the kind: of named lines, else the whole order's spread over its open lines.

    Where lines are named but the value stands apart from them, the value is theirs; what is said of the whole order is
    every open line's that has no value of its own. Without `spread` a value of the whole goes to a lone line only."""
    carrying = [n for n in context.news.lines.values() if has(n)]
    whole = context.news.whole
    if not has(whole) or (carrying and not (whole.all_lines and spread)):
        return carrying
    own = {n.line.id for n in context.news.lines.values() if n.line and (has(n) or n.from_table)}
    named = [i for i in context.news.mentioned if i not in context.news.unchanged and not whole.all_lines]
    lines = [line for line in open_lines(context.order) if line.id not in own]
    if not spread and len(named or lines) != 1:
        return carrying
    chosen = [line for line in (context.order.lines if context.order else []) if line.id in named] or [
        line for line in lines if line.id not in context.news.unchanged
    ]
    score = 0.9 if named or len(lines) == 1 else 0.7
    spread_out = [
        replace(whole, line=line, score=score, quantities=[(in_units_of(line, q), e) for q, e in whole.quantities])
        for line in chosen
    ]
    return spread_out + carrying


def _date_change(context: Context) -> Filled:
    filled = Filled(values=0.0, supported=0.0)
    for news in _concerned(context, lambda n: bool(n.dates or n.unknown)):
        line = news.line
        if line is None:
            continue
        held = line.planned.date() if line.planned else None
        moved = [(d, e, shifted(line, d)) for d, e in news.new_dates(held, context.today)]
        moved = [m for m in moved if m[2] is not None]
        if news.unknown and not any(m[0].role == "new" for m in moved):
            moved = []
        if moved:
            mention, evidence, when = moved[0]
            if line.id in context.news.lines and any(w >= SURELY for w in news.weights):
                filled.surely.add(line.id)
            filled.values = 1.0
            if when == held:
                continue
            filled.supported = 1.0
            filled.ambiguous |= bool(mention.ambiguous)
            filled.from_table |= news.from_table
            stated = LineFields(line_id=line.id, product=product_of(line), date=when.isoformat() if when else None)
            filled.add(stated, news.score, evidence, *_line_evidence(context, line))
        elif news.unknown:
            filled.values = filled.supported = 1.0
            stated = LineFields(line_id=line.id, product=product_of(line), date_unknown=True)
            filled.add(stated, news.score, news.unknown[0], *_line_evidence(context, line))
    return filled


def _line_evidence(context: Context, line: OrderLine) -> list[Evidence]:
    found = context.news.evidence.get(line.id)
    return [found] if found else []


def _splits(context: Context) -> Filled:
    filled = Filled(values=0.0, supported=0.0)
    for news in _concerned(context, lambda n: bool(n.splits or len({d.date for d, _ in n.dates if d.date}) > 1)):
        line = news.line
        if line is None:
            continue
        splits = _less_the_others([s for s in _distinct(news.splits) if s[1] > context.today], news, line)
        surplus = sum(s[0] for s in splits) - line.open_qty
        splits = [s for s in splits if len(splits) < 2 or abs(s[0] - surplus) > 1e-6 or s[0] == 0]
        dates = sorted({d.date for d, _ in news.dates if d.date and d.role not in NOT_NEW and d.date >= context.today})
        rest = [when for when in dates if when not in {s[1] for s in splits}]
        stated = sum(s[0] for s in splits)
        if len(splits) == 1 and rest and 0 < stated < line.open_qty and _speaks_of_rest(news, stated, line):
            evidence = next(e for d, e in news.dates if d.date == rest[0])
            splits.append((line.open_qty - stated, rest[0], evidence))
            splits.sort(key=lambda s: s[1])
        if len(splits) < 2 or len({s[1] for s in splits}) < 2:
            continue
        filled.values = 1.0
        filled.from_table |= news.from_table
        total = sum(s[0] for s in splits)
        filled.supported = max(filled.supported, 1.0 if abs(total - line.open_qty) < 1e-6 else 0.5)
        fields = LineFields(
            line_id=line.id,
            product=product_of(line),
            splits=[Split(qty=q, date=when.isoformat()) for q, when, _ in splits],
        )
        filled.add(fields, news.score, *[e for _, _, e in splits], *_line_evidence(context, line))
    return filled


def _less_the_others(
    splits: list[tuple[float, date, Evidence]], news: News, line: OrderLine
) -> list[tuple[float, date, Evidence]]:
    """ "Of the 80, 50 come on Friday, the missing 30 later": where a delivery is paired with the line's whole quantity, it
    is what the other deliveries leave of it."""
    whole = {line.qty, line.open_qty} - {q.qty for q, _ in news.quantities if q.role == "rest"}
    others = sum(s[0] for s in splits if s[0] not in whole)
    return [(line.open_qty - others, s[1], s[2]) if s[0] in whole and 0 < others < line.open_qty else s for s in splits]


def _is_split(news: News, line: OrderLine) -> bool:
    """Whether the quantities are the parts of what is open, each with its date: then none of them is a new total."""
    parts = _distinct(news.splits)
    return len({when for _, when, _ in parts}) > 1 and abs(sum(q for q, _, _ in parts) - line.open_qty) < 1e-6


def _speaks_of_rest(news: News, stated: float, line: OrderLine) -> bool:
    """Whether a remainder is spoken of: by that word, or because the part stated is of the line's own order of size."""
    return any(q.role == "rest" for q, _ in news.quantities) or stated >= 0.2 * line.open_qty


def _distinct(splits: list[tuple[float, date, Evidence]]) -> list[tuple[float, date, Evidence]]:
    found: dict[tuple[float, date], tuple[float, date, Evidence]] = {}
    for item in splits:
        found.setdefault((item[0], item[1]), item)
    return list(found.values())


def _quantity(context: Context, *, against_held: bool = True) -> Filled:
    filled = Filled(values=0.0, supported=0.0)
    for news in _concerned(context, lambda n: bool(n.quantities), spread=False):
        line = news.line
        if line is None or (against_held and _is_split(news, line)):
            continue
        candidates = [(q, e) for q, e in news.quantities if q.role not in ("old", "total")]
        if against_held:
            candidates = [c for c in candidates if c[0].qty not in (line.qty, line.open_qty)] or candidates
        times = Counter(c[0].qty for c in candidates)
        if against_held:
            candidates.sort(key=lambda c: (c[0].role != "new", -times[c[0].qty], distance(c[0].qty, line.qty)))
        else:
            candidates.sort(key=lambda c: (c[0].role != "new", c[0].qty))
        if not candidates:
            continue
        chosen, evidence = candidates[0]
        if against_held and chosen.role == "rest" and chosen.qty < line.qty:
            chosen = replace(chosen, qty=line.qty - chosen.qty)
            filled.notes.append(f"{line.qty:g} ordered less what will not come is {chosen.qty:g}")
        filled.values = 1.0
        if against_held and chosen.qty in (line.qty, line.open_qty):
            continue
        if not against_held and chosen.qty > line.qty + 1e-6:
            filled.supported = max(filled.supported, 0.5)
        else:
            filled.supported = 1.0
        filled.ambiguous |= bool(chosen.converted)
        filled.notes += [chosen.converted] if chosen.converted else []
        filled.from_table |= news.from_table
        stated = LineFields(line_id=line.id, product=product_of(line), qty=chosen.qty)
        filled.add(stated, news.score, evidence, *_line_evidence(context, line))
    return filled


def _price(context: Context) -> Filled:
    filled = Filled(values=0.0, supported=0.0)
    for news in _concerned(context, lambda n: bool(n.prices or n.percents), spread=bool(context.news.whole.percents)):
        line = news.line
        if line is None:
            continue
        prices = [(p, e) for p, e in news.prices if p.role != "old" and abs(_unit(p, line) - line.price) > SAME_PRICE]
        prices.sort(key=lambda p: (p[0].role != "new", abs(_unit(p[0], line) - line.price)))
        if news.prices or news.percents:
            filled.values = 1.0
        if prices:
            mention, evidence = prices[0]
            filled.supported = 1.0
            filled.from_table |= news.from_table
            filled.add(
                LineFields(line_id=line.id, product=product_of(line), price=round(_unit(mention, line), 4)),
                news.score,
                evidence,
                *_line_evidence(context, line),
            )
        elif news.percents and news.percents[0][0].value is not None and not news.prices:
            percent, evidence = news.percents[0]
            value, note = apply_percent(line.price, percent.value or 0.0)
            filled.supported = 1.0
            filled.notes.append(note)
            filled.add(
                LineFields(line_id=line.id, product=product_of(line), price=value),
                news.score,
                evidence,
                *_line_evidence(context, line),
            )
    return filled


def _unit(mention: PriceMention, line: OrderLine) -> float:
    """The price in the line's own way of counting: "per 100" is divided unless the line is priced per 100 as well."""
    divided = mention.amount / mention.per_count
    return min((mention.amount, divided), key=lambda p: abs(p - line.price))


def _named_lines(context: Context, *, fall_back: bool) -> list[tuple[OrderLine, float]]:
    lines = context.order.lines if context.order else []
    named = [
        (line, context.news.mentioned[line.id])
        for line in lines
        if line.id in context.news.mentioned and line.id not in context.news.unchanged
    ]
    top = max((score for _, score in named), default=0.0)
    named = [(line, score) for line, score in named if score >= 0.6 * top]
    named = [(line, score) for line, score in named if line.id in context.telling] or named
    if not named and fall_back and len(open_lines(context.order)) == 1:
        named = [(open_lines(context.order)[0], 0.9)]
    return named


def _single(context: Context) -> bool:
    return not context.coded and context.order is not None and len(context.order.lines) == 1


_SUBSTITUTE = re.compile(
    r"(?:replac|substitut|alternativ|instead|successor|offer|propose|ersatz(?!los)|ersetz|nachfolg|stattdessen|anbieten|"
    r"remplac|substitu|équivalent|successeur|proposons|à la place|sustitu|reemplaz|alternativa|en su lugar|ofrec|sirve|convien|"
    r"sostitu|alternativ|al posto|proponiam|vervang|alternatief|opvolger|darvi|darle|possiamo (?:dar|forni|offri|spedi|manda)|ponemos|podemos (?:enviar|servir|mandar|dar)|"
    r"können wir (?:ihnen|euch|dir)? ?(?:\w+ ){0,5}(?:geben|liefern|schicken)|pouvons (?:vous )?(?:livrer|fournir|envoyer)|can (?:send|supply|give|offer|ship) you|"
    r"kunnen (?:we|wij) (?:u|je|jullie)|możemy (?:dostarczyć|wysłać|dać|zaoferować)|zamiennik|zamian|zastęp|następc|proponuj)",
    re.IGNORECASE,
)
_NOT_OFFERED = re.compile(
    r"\b(?:no|not|isn't|without|kein\w*|ohne|nicht|pas|sans|aucun\w*|sin|ningún|non|nessun\w*|senza|geen|zonder|nie|brak|bez)\b"
    r"[^.;]{0,40}$",
    re.IGNORECASE,
)
SUBSTITUTE_WITHIN = 2
_CODE = re.compile(r"(?<![\w/-])(?=[\w./-]*\d)(?=[\w./-]*[A-Za-z])[A-Za-z0-9]+(?:[-./][A-Za-z0-9]+)*(?![\w/-])")


def _unavailable(context: Context) -> Filled:
    named = _named_lines(context, fall_back=True)
    filled = Filled(values=1.0 if named else 0.0, supported=0.5)
    codes_of_order = {re.sub(r"\W", "", t).upper() for line, _ in named[:1] for t in _codes(line)}
    names = {re.sub(r"\W", "", n).upper() for n in ([context.order.name, *context.order.refs] if context.order else [])}
    substitute: Evidence | None = None
    since: int | None = None
    for position, said in enumerate(context.saids):
        marker = _SUBSTITUTE.search(said.text)
        if marker and not _NOT_OFFERED.search(said.text[: marker.start()]):
            since = position
        if since is None or substitute or position - since > SUBSTITUTE_WITHIN:
            continue
        for match in _CODE.finditer(said.text):
            key = re.sub(r"\W", "", match.group()).upper()
            unit_of_measure = re.fullmatch(r"\d+(?:[.,x]\d+)*[A-Za-z]{1,3}", match.group())
            is_reference = any(r.start < match.end() and match.start() < r.end and r.exact for r in said.references)
            if (
                len(key) >= 4
                and key not in codes_of_order
                and key not in names
                and not unit_of_measure
                and not is_reference
            ):
                substitute = said.evidence("lines.substitute", match.start(), match.end())
                break
    if substitute and len(named) > 1:
        key = re.sub(r"\W", "", substitute.text).upper()
        named = [n for n in named if key not in {re.sub(r"\W", "", t).upper() for t in _codes(n[0])}]
    for line, score in named:
        stated = LineFields(
            line_id=line.id, product=product_of(line), substitute=substitute.text if substitute else None
        )
        extra = [substitute] if substitute else []
        filled.add(stated, score, *_line_evidence(context, line), *extra)
        substitute = None
    return filled


def _codes(line: OrderLine) -> list[str]:
    return [line.code, *_CODE.findall(line.description), *_CODE.findall(line.name)]


def _shipment(context: Context) -> Filled:
    rows = [n for n in context.news.lines.values() if n.shipped and n.line]
    filled = Filled() if rows else _quantity(context, against_held=False)
    for news in rows:
        if news.line:
            stated = LineFields(line_id=news.line.id, product=product_of(news.line), qty=news.shipped[0][0].qty)
            filled.add(stated, news.score, news.shipped[0][1])
            filled.from_table = True
    filled.values, filled.supported = 1.0, 0.5
    return filled


def _damaged(context: Context) -> Filled:
    filled = Filled() if context.coded else _quantity(context, against_held=False)
    if not filled.fields.lines:
        for line, score in _named_lines(context, fall_back=_single(context)):
            filled.add(LineFields(line_id=line.id, product=product_of(line)), score, *_line_evidence(context, line))
    filled.values, filled.supported = 1.0, 0.5
    return filled


def _discrepancy(context: Context) -> Filled:
    filled = Filled()
    for line, score in _named_lines(context, fall_back=_single(context)):
        filled.add(LineFields(line_id=line.id, product=product_of(line)), score, *_line_evidence(context, line))
    return filled


def _cancellation(context: Context) -> Filled:
    """The lines that are dropped of an order that otherwise stays; none where all of it is."""
    filled = Filled(values=1.0, supported=0.5)
    changed = {stated.line_id for stated in _quantity(context).fields.lines}
    named = [(line, score) for line, score in _named_lines(context, fall_back=False) if line.id not in changed]
    if len(named) < len(open_lines(context.order)) and not any(said.whole for said in context.saids):
        for line, score in named:
            filled.add(LineFields(line_id=line.id, product=product_of(line)), score, *_line_evidence(context, line))
    return filled


def _order_change(context: Context) -> Filled:
    quantities = _quantity(context)
    dates = _date_change(context)
    filled = Filled(
        values=max(quantities.values, dates.values), supported=max(quantities.supported, dates.supported, 0.3)
    )
    by_line: dict[int | None, tuple[LineFields, tuple[Evidence, ...]]] = {}
    for source in (quantities, dates):
        for stated, evidence in zip(source.fields.lines, source.line_evidence, strict=True):
            merged, before = by_line.get(stated.line_id, (stated.model_copy(), ()))
            merged.qty = merged.qty if merged.qty is not None else stated.qty
            merged.date = merged.date or stated.date
            by_line[stated.line_id] = merged, before + evidence
    weakest = min(quantities.lines, dates.lines)
    for merged, evidence in by_line.values():
        filled.add(merged, weakest, *evidence)
    filled.ambiguous = quantities.ambiguous or dates.ambiguous
    return filled


def _return(context: Context) -> Filled:
    filled = _quantity(context, against_held=False)
    if not filled.fields.lines:
        for line, score in _named_lines(context, fall_back=True):
            stated = LineFields(line_id=line.id, product=product_of(line))
            filled.add(stated, score, *_line_evidence(context, line))
    filled.supported = 0.5
    return filled


_FILLERS: dict[str, Callable[[Context], Filled]] = {
    "delivery_date_change": _date_change,
    "partial_shipment": _splits,
    "quantity_change": _quantity,
    "price_change": _price,
    "item_unavailable": _unavailable,
    "shipment_notice": _shipment,
    "goods_damaged": _damaged,
    "delivery_discrepancy": _discrepancy,
    "return_request": _return,
    "order_change": _order_change,
    "order_cancellation": _cancellation,
}
