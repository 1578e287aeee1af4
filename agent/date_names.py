"""Dates with the name of a month, and parts of months and years."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from agent.calendar_days import monday_of, month_end, months_on
from agent.date_grammar import edge_of
from agent.date_mention import DateMention, Page, last_word, mention_of, resolved, year_of


def _month_of(page: Page, written: str) -> int:
    return page.words.months[" ".join(written.rstrip(".").split())]


def day_number(page: Page, written: str) -> int:
    digits = re.match(r"[0-9]{1,2}", written)
    return int(digits[0]) if digits else page.words.ordinals[" ".join(written.split())]


def ranges(page: Page) -> Iterator[DateMention]:
    for match in page.words.day_range.finditer(page.text):
        month, year = _month_of(page, match[3]), year_of(match[4], page.today)
        yield from _range(page, match, day_number(page, match[1]), day_number(page, match[2]), month, year)
    for match in page.words.numeric_range.finditer(page.text):
        yield from _range(page, match, int(match[1]), int(match[2]), int(match[3]), year_of(match[4], page.today))


def _range(
    page: Page, match: re.Match[str], first: int, last: int, month: int, year: int | None
) -> Iterator[DateMention]:
    """Between two days the later is the one to count on; the earlier stays as an alternative."""
    late, early = resolved(page, year, month, last), resolved(page, year, month, first)
    if late and early and first < last:
        yield mention_of(match, late, kind="range", ambiguous=True, alternatives=(early,), yearless=year is None)


def named(page: Page) -> Iterator[DateMention]:
    for match in page.words.day_month.finditer(page.text):
        year = year_of(match[3], page.today)
        if day := resolved(page, year, _month_of(page, match[2]), day_number(page, match[1])):
            yield mention_of(match, day, kind="named", yearless=year is None)
    for match in page.words.month_day.finditer(page.text):
        year = year_of(match[3], page.today)
        if day := resolved(page, year, _month_of(page, match[1]), int(match[2])):
            yield mention_of(match, day, kind="named", yearless=year is None)


def edges(page: Page) -> Iterator[DateMention]:
    for match in page.words.edge_month.finditer(page.text):
        month, year, edge = _month_of(page, match["month"]), year_of(match["year"], page.today), edge_of(match)
        middle = resolved(page, year, month, {"beginning": 1, "mid": 15, "end": 28}[edge])
        if middle:
            day = month_end(middle.year, month) if edge == "end" else middle
            yield mention_of(
                match, day, kind="edge", precision="month" if edge == "beginning" else "day", yearless=year is None
            )
    for match in page.words.edge_slot.finditer(page.text):
        yield _edge_of_slot(page, match)
    for match in page.words.month_ends.finditer(page.text):
        yield mention_of(match, month_end(page.today.year, page.today.month), kind="edge")
    for match in page.words.year_ends.finditer(page.text):
        yield mention_of(match, date(page.today.year, 12, 31), kind="edge")


def _edge_of_slot(page: Page, match: re.Match[str]) -> DateMention:
    edge = edge_of(match)
    if match["week"]:
        weeks = next(n for n, p in page.words.weeks_from_now if p.search(match["week"]))
        day = monday_of(page.today, weeks) + timedelta({"beginning": 0, "mid": 2, "end": 4}[edge])
        return mention_of(match, day, kind="edge", precision="week")
    if match["this_year"]:
        day = date(
            page.today.year, {"beginning": 1, "mid": 6, "end": 12}[edge], {"beginning": 1, "mid": 30, "end": 31}[edge]
        )
        return mention_of(match, day, kind="edge", precision="month")
    first = months_on(page.today.replace(day=1), 1 if match["next_month"] else 0)
    day = month_end(first.year, first.month) if edge == "end" else first.replace(day=15 if edge == "mid" else 1)
    return mention_of(match, day, kind="edge", precision="month" if edge == "beginning" else "day")


def bare_months(page: Page) -> Iterator[DateMention]:
    for match in page.words.month_alone.finditer(page.text):
        month, written = _month_of(page, match[1]), match[2] or match[3]
        year = year_of(written, page.today)
        word = last_word(page, match.start())
        if re.search(r"[0-9]\.?[ \t]$", page.text[max(0, match.start() - 4) : match.start()]):
            continue
        short = len(match[1].rstrip(".")) < 4 or match[1] in ("march", "mars", "maja")
        if year == -1 or (year is None and short and word not in page.words.month_cues):
            continue
        near = resolved(page, year, month, 28)
        if near:
            end = month_end(near.year, month)
            yield mention_of(match, end, precision="month", kind="month", yearless=year is None)
    for match in page.words.next_month.finditer(page.text):
        first = months_on(page.today.replace(day=1), 1)
        yield mention_of(match, month_end(first.year, first.month), precision="month", kind="month")
