"""A statement with everything that was recognised in it: the unit that understanding works on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

import numpy as np

from agent.dates import DateMention, find_date_unknown, find_dates, find_unchanged
from agent.intents import IntentModel, Matrix
from agent.lexicon import fold, words
from agent.prices import PercentMention, PriceMention, find_percentages, find_prices
from agent.product_mentions import ProductMention
from agent.proposal import Evidence
from agent.quantities import QuantityMention, find_quantities
from agent.references import ReferenceMention
from agent.segments import Statement


@dataclass
class Said:
    """Offsets of all mentions count in `statement.text`; `evidence` turns them into offsets of the part. `change` is
    how likely the statement speaks of another date or delivery; `whole`: it speaks of the whole order;
    `beside_the_point`: it surely asks for nothing, such as an invitation to a fair."""

    statement: Statement
    references: list[ReferenceMention] = field(default_factory=list)
    products: list[ProductMention] = field(default_factory=list)
    dates: list[DateMention] = field(default_factory=list)
    unknown_dates: list[tuple[int, int]] = field(default_factory=list)
    quantities: list[QuantityMention] = field(default_factory=list)
    prices: list[PriceMention] = field(default_factory=list)
    percents: list[PercentMention] = field(default_factory=list)
    unchanged: bool = False
    whole: bool = False
    change: float = 0.0
    beside_the_point: bool = False
    scores: Matrix = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    @property
    def text(self) -> str:
        return self.statement.text

    def evidence(self, name: str, start: int, end: int) -> Evidence:
        base = self.statement.start
        return Evidence(
            field=name, part=self.statement.part, start=base + start, end=base + end, text=self.text[start:end]
        )

    def probability(self, model: IntentModel, intent: str) -> float:
        return float(self.scores[model.classes.index(intent)]) if len(self.scores) else 0.0


_SEPARATOR = re.compile(r"[,;–—]\s|\s[-–—]\s")


def without_the_unchanged(statement: Statement, language: str) -> list[Statement]:
    """ "The bolts come on 9 October, the chain as agreed (2.10)" in two: what is said to stay as it is says nothing of
    the rest, and the other way round."""
    spans = find_unchanged(statement.text, language)
    if not spans:
        return [statement]
    before = list(_SEPARATOR.finditer(statement.text, 0, spans[0].start))
    if not before:
        return [statement]
    cut = before[-1].end()
    head, tail = statement.text[:cut], statement.text[cut:]
    return [
        replace(statement, end=statement.start + cut, text=head),
        replace(statement, start=statement.start + cut, text=tail),
    ]


def observe(statement: Statement, *, now: datetime, language: str, day_first: bool | None) -> Said:
    """Recognise dates, quantities, prices and percentages; references and products need records and come later."""
    text = statement.text
    folded = fold(text).text
    dates = find_dates(text, now=now, language=language, day_first=day_first)
    if _stems("answer").search(folded):
        dates = [replace(d, role="order") for d in dates]
    prices = find_prices(text, language)
    taken = [(d.start, d.end) for d in dates] + [(p.start, p.end) for p in prices]
    quantities = [q for q in find_quantities(text, language) if not _overlaps(q.start, q.end, taken)]
    dates = [_end_of_week(d) if _WEEK_OF.search(folded[: d.start]) else d for d in dates]
    dates = [replace(d, role="old") if d.role == "plain" and _denied(folded, d, language) else d for d in dates]
    plain = [d for d in dates if d.role == "plain"]
    if len(plain) == 1 and any(d.role == "old" for d in dates):
        dates = [replace(d, role="new") if d is plain[0] else d for d in dates]
    return Said(
        statement=statement,
        dates=dates,
        unknown_dates=[(m.start, m.end) for m in find_date_unknown(text, language)],
        quantities=quantities,
        prices=prices,
        percents=[p for p in find_percentages(text, language) if not p.tax],
        unchanged=bool(find_unchanged(text, language)),
        whole=bool(_stems("whole").search(folded) or _WHOLE_OF_A_NUMBER.search(folded)),
    )


_WHOLE_OF_A_NUMBER = re.compile(
    r"(?<![a-z])(?:whole|entire|complete|gesamte[nrs]?|ganze[nrs]?|komplette[nrs]?|toute?|integralite|ensemble|tod[oa]|totalidad|"
    r"tutt[oa]|inter[oa]|hele|gehele|volledige|cal[eya]|cal(?:ego|ej|osc)) (?:of |de |du |del |della |di |van )?(?:the |our |your )?"
    r"(?:l'|d'|dell')?(?:[a-z]{3,14} )?(?=[a-z0-9/.-]*[0-9])(?![0-9]{1,3}[.,][0-9]{3}(?![0-9]))(?:[a-z]{1,4} )?(?=[a-z0-9]*[/.-]|[a-z]+[0-9]|[0-9]{5})[a-z0-9/.-]{4,}"
)
_WEEK_OF = re.compile(
    r"(?:week (?:of|beginning|commencing|starting)|w/c|wc|woche (?:vom|ab)|semaine du|semana del?|settimana del?|"
    r"week van|tydzien od|tygodniu od)(?: the| el| le| il| dem)? $"
)


_DENIALS = {
    "en": r"not|cannot|can't|won't|unable",
    "de": r"nicht|kein\w*",
    "fr": r"pas|plus",
    "es": r"no",
    "it": r"non",
    "nl": r"niet",
    "pl": r"nie",
}
_NOT_UNTIL = re.compile(
    r"\b(?:before|until|till|prior|earlier|vor|bevor|bis|erst|avant|hasta|antes|prima|fino|voor|tot|eerder|przed|do|dopiero|wczesniej)\b"
    r"[^.;]{0,14}$"
)


def _denied(folded: str, mention: DateMention, language: str) -> bool:
    """Whether a date is said not to be met ("not this week"), as against "not before" and "not until" it."""
    words_of_denial = _DENIALS.get(language)
    before = folded[max(0, mention.start - 34) : mention.start]
    if words_of_denial is None or _NOT_UNTIL.search(before):
        return False
    denial = rf"(?<![a-z])(?:{words_of_denial})(?![a-z])"
    return bool(
        re.search(denial + r"[^.;,]*$", before)
        or re.match(r"[^.;,]{0,3}" + denial, folded[mention.end : mention.end + 12])
    )


def _end_of_week(mention: DateMention) -> DateMention:
    """ "The week of 14 December" is the Friday of that week, as a week number is."""
    if mention.date is None:
        return mention
    friday = mention.date + timedelta(days=4 - mention.date.weekday())
    return replace(mention, date=friday, precision="week")


@cache
def _stems(kind: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<![a-z0-9]){re.escape(stem)}" for stem in words("whole_order")[kind]))


def _overlaps(start: int, end: int, taken: list[tuple[int, int]]) -> bool:
    return any(start < b and a < end for a, b in taken)
