"""How a figure is written, and the sentence that tells it beside that of the day before."""

from __future__ import annotations

import re

from review.briefing.content import Fact, Sentence
from review.briefing.metric import Unit

_WORDS = {
    Unit.share: "{:.0f} %",
    Unit.hours: "{:.1f} h",
    Unit.minutes: "{:.1f} min",
    Unit.seconds: "{:.1f} s",
    Unit.days: "{:.1f} days",
    Unit.money: "{:,.0f}",
    Unit.number: "{:,.0f}",
}
SCALED = {Unit.share: 100.0}
_ONE_OR_MORE = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")


def written(value: float | None, unit: Unit) -> str:
    """A figure as it is read: `1,234`, `12 %`, `5.2 h`; a dash where there is none."""
    if value is None:
        return "–"
    if unit is Unit.money and 0 < abs(value) < 100:
        return f"{value:,.2f}"
    return _WORDS[unit].format(value * SCALED.get(unit, 1.0) + 0.0)


def sentence(fact: Fact) -> Sentence:
    """`12 exceptions are past the deadline, 3 more than the day before.`"""
    return Sentence(text=f"{told(fact)}{_change(fact)}.", fact=fact.name, key=fact.key)


def told(fact: Fact) -> str:
    """The fact's sentence of its figure alone, in the singular or plural."""
    number = 1 if fact.value == 1 else 2
    text = _ONE_OR_MORE.sub(lambda found: found[number], fact.sentence)
    return text.replace("{value}", written(fact.value, fact.unit)).replace("{key}", fact.key)


def _change(fact: Fact) -> str:
    if fact.previous is None or fact.value is None:
        return ""
    now, then = written(fact.value, fact.unit), written(fact.previous, fact.unit)
    before = "in the weeks before" if fact.key else "the day before"
    if now == then:
        return f", as {before}" if fact.key else ", the same as the day before"
    more = fact.value > fact.previous
    if fact.unit is Unit.number:
        by = written(abs(fact.value - fact.previous), fact.unit)
        return f", {by} {'more' if more else 'fewer'} than {before}"
    return f", {'up' if more else 'down'} from {then} {before}"
