"""Days counted from today, and moves of a date that is counted from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from agent.calendar_days import months_on, working_days_on
from agent.date_mention import DateMention, Page, mention_of

UNIT_DAYS = {"day": 1.0, "working_day": 1.4, "week": 7.0, "fortnight": 14.0, "month": 30.0}

# Without an article "a week" is a bare noun in Polish; whatever word stands before it is no number.
_ONE_BY_ITSELF = frozenset(("tydzien", "miesiac"))


def _length(page: Page, phrase: str) -> tuple[int, str] | None:
    """The number and unit of a phrase; a unit alone is one of it, and an unknown word for a number is none."""
    for number, unit in page.words.number_unit.findall(phrase):
        count = int(number) if number.isdigit() else page.words.numbers.get(number)
        if count is not None:
            return count, page.words.units[" ".join(unit.split())]
    units = page.words.any_unit.findall(phrase)
    if units and units[-1] in _ONE_BY_ITSELF:
        return 1, page.words.units[units[-1]]
    if re.search(r"[0-9]", phrase) or not units or len(phrase.split()) > 2:
        return None
    return 1, page.words.units[" ".join(units[-1].split())]


def _on(day: date, count: int, unit: str) -> date:
    if unit == "working_day":
        return working_days_on(day, count)
    return months_on(day, count) if unit == "month" else day + timedelta(count * UNIT_DAYS[unit])


def counted_days(page: Page) -> Iterator[DateMention]:
    for match in page.words.relative.finditer(page.text):
        if length := _length(page, match[0]):
            yield mention_of(match, _on(page.today, *length), kind="relative", ambiguous=length[1] == "month")
    for match in page.words.ago.finditer(page.text):
        if length := _length(page, match[0]):
            count, unit = length
            days = timedelta(round(count * UNIT_DAYS[unit]))
            yield mention_of(match, page.today - days, kind="relative", ambiguous=True)


def shifts(page: Page) -> Iterator[DateMention]:
    for match in page.words.shift.finditer(page.text):
        around = page.text[max(0, match.start() - 30) : match.end() + 12]
        length = _length(page, match[0])
        if length is None or page.words.not_shift.search(around.partition("\n\n")[0]):
            continue
        days = round(length[0] * UNIT_DAYS[length[1]])
        early = match["early"] or page.words.earlier.search(match[0])
        yield mention_of(match, None, kind="shift", precision="day", shift_days=-days if early else days)


def day_words(page: Page) -> Iterator[DateMention]:
    spared = [m.span() for m in page.words.not_day_word.finditer(page.text)]
    at = 0
    for match in page.words.day_word.finditer(page.text):
        while at < len(spared) and spared[at][1] <= match.start():
            at += 1
        if at < len(spared) and spared[at][0] <= match.start():
            continue
        days = page.words.day_words[" ".join(match[0].split())]
        yield mention_of(match, page.today + timedelta(days), kind="word")
