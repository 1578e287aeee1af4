"""Dates in numbers: 14.12., 3/12/2026, 2026-12-14. Many other numbers look like them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from agent.calendar_days import PAST_DAYS, day_or_none, month_end
from agent.date_grammar import DAY, MONTH_NUMBER, YEAR
from agent.date_mention import MEASURE_AHEAD, DateMention, Page, cued, last_word, mention_of, resolved, year_of

_ISO = re.compile(
    rf"(?<![a-z0-9])(?<![0-9][-./])({YEAR})([-./])({MONTH_NUMBER})\2({DAY})(?![0-9])(?!-[0-9a-z])(?!\.[0-9])"
)
_COMPACT = re.compile(
    rf"(?<![a-z0-9])(?<![-./_#,])({YEAR})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(?![a-z0-9])(?![-_./,][0-9])"
)
_THREE = re.compile(
    rf"(?<![a-z0-9])(?<![0-9a-z][-.,_#:])(?<![a-z]/)({DAY})([./-]|\.[ \t])({DAY})\2({YEAR}|[0-9]{{2}})(?![a-z0-9])(?![.,:_-][0-9])"
)
_DAY_MONTH = re.compile(
    rf"(?<![a-z0-9])(?<![0-9a-z][-./,_#:])({DAY})\.[ \t]?({MONTH_NUMBER})\.(?![0-9a-z])(?![ \t]?[0-9]{{1,2}}\.[0-9])"
)
_LOOSE = re.compile(rf"(?<![a-z0-9])(?<![0-9a-z][-./,_#:])({DAY})([./-])({DAY})(?![0-9a-z])(?![-./,:_][0-9a-z])")
_MONTH_YEAR = re.compile(
    rf"(?<![a-z0-9])(?<![0-9a-z][-./,_#:])({MONTH_NUMBER})/({YEAR})(?![0-9a-z])(?![-./,:_][0-9a-z])"
)
_WORD_AHEAD = re.compile(r"[ \t][a-z]{2,}")


def iso(page: Page) -> Iterator[DateMention]:
    for match in _ISO.finditer(page.text):
        if day := day_or_none(int(match[1]), int(match[3]), int(match[4])):
            yield mention_of(match, day)
    for match in _COMPACT.finditer(page.text):
        day = day_or_none(int(match[1]), int(match[2]), int(match[3]))
        if day and abs((day - page.today).days) < 730 and cued(page, match.start()):
            yield mention_of(match, day)


def three_numbers(page: Page) -> Iterator[DateMention]:
    for match in _THREE.finditer(page.text):
        year = year_of(match[4], page.today)
        if year is None or year < 0 or last_word(page, match.start()) in ("tel", "tel.", "fax", "v", "version"):
            continue
        dotted = "." in match[2]
        if len(match[4]) == 2 and abs(year - page.today.year) > 4:
            continue
        yield from _two_orders(page, match, int(match[1]), int(match[3]), year, dotted)


def _two_orders(
    page: Page, match: re.Match[str], first: int, second: int, year: int | None, dotted: bool
) -> Iterator[DateMention]:
    by_day = resolved(page, year, second, first)
    by_month = resolved(page, year, first, second) if not dotted else None
    if by_day is None or by_month is None or by_day == by_month:
        if day := by_day or by_month:
            yield mention_of(match, day, yearless=year is None)
        return
    undecided = page.day_first is None and page.words.language not in ("de", "fr", "es", "it", "nl", "pl")
    chosen, other = (by_month, by_day) if page.day_first is False else (by_day, by_month)
    if undecided and not _plausible(chosen, page.today) and _plausible(other, page.today):
        chosen, other = other, chosen
    yield mention_of(match, chosen, ambiguous=undecided, alternatives=(other,), yearless=year is None)


def _plausible(day: date, today: date) -> bool:
    return -PAST_DAYS <= (day - today).days <= 270


def day_dot_month(page: Page) -> Iterator[DateMention]:
    for match in _DAY_MONTH.finditer(page.text):
        word = last_word(page, match.start())
        if word in page.words.no_cues or (word[-1:] in "€$£" and word) or MEASURE_AHEAD.match(page.text, match.end()):
            continue
        if day := resolved(page, None, int(match[2]), int(match[1])):
            yield mention_of(match, day, yearless=True)


def loose_numbers(page: Page) -> Iterator[DateMention]:
    """14.12, 3/12 and 07-12 mean many things: they are dates where the word before or their own form says so."""
    for match in _LOOSE.finditer(page.text):
        word = last_word(page, match.start())
        if word.rstrip(".:") in page.words.no_cues or word[-1:] in tuple("€$£*+"):
            continue
        if MEASURE_AHEAD.match(page.text, match.end()) or page.words.any_unit.match(page.text, match.end() + 1):
            continue
        separator = match[2]
        padded = match[1].startswith("0") or match[3].startswith("0")
        named = _WORD_AHEAD.match(page.text, match.end()) is not None
        if separator == "/":
            telling = not named and (padded or max(int(match[1]), int(match[3])) > 4) and match[0] != "24/7"
        else:
            telling = separator == "." and padded and len(match[0]) == 5 and not named
        led_to = cued(page, match.start())
        if separator == "-":
            led_to = led_to and (padded or page.words.language == "nl")
        if led_to or telling:
            yield from _two_orders(page, match, int(match[1]), int(match[3]), None, separator == ".")
    for match in _MONTH_YEAR.finditer(page.text):
        word = last_word(page, match.start()).rstrip(".:")
        if word not in page.words.no_cues and abs(int(match[2]) - page.today.year) <= 3:
            yield mention_of(match, month_end(int(match[2]), int(match[1])), precision="month", kind="month")
