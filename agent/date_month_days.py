"""Days of a month without the month: "on the 14th", "Tuesday 29th", "le 22"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from agent.calendar_days import day_or_none, months_on
from agent.date_mention import MEASURE_AHEAD, DateMention, Page, mention_of
from agent.date_names import day_number

DAYS_PAST = timedelta(7)
DAYS_AHEAD = timedelta(62)


def bare_days(page: Page) -> Iterator[DateMention]:
    """ "on the 14th": the next such day, or the one of this month if it is at most a week past."""
    for match in page.words.bare_day.finditer(page.text):
        group = match.lastindex or 0
        if day := next(_days(page.today, day_number(page, match[group])), None):
            start = match.start(group)
            yield DateMention(start, match.end(), "", day, kind="day_of_month", ambiguous=True)


def weekday_and_day(page: Page) -> Iterator[DateMention]:
    """ "Tuesday 29th": the next 29th that is a Tuesday. A number alone ("lunedì 5") is a day only where the two agree;
    with an ending, an article or a bracket it is one anyhow, and then the coming weekday may be meant as well."""
    for match in page.words.weekday_day.finditer(page.text):
        if MEASURE_AHEAD.match(page.text, match.end()):
            continue
        weekday = page.words.any_weekday[match["weekday"]]
        days = list(_days(page.today, int(match["n"])))
        fitting = [d for d in days if d.isoweekday() == weekday and d <= page.today + DAYS_AHEAD]
        surely = match["ending"] or (match["weekday"] in page.words.weekdays and (match["article"] or match["open"]))
        if fitting and (surely or match["weekday"] in page.words.weekdays):
            yield mention_of(match, fitting[0], kind="day_of_month")
        elif surely and days:
            coming = page.today + timedelta((weekday - page.today.isoweekday() - 1) % 7 + 1)
            yield mention_of(match, days[0], kind="day_of_month", ambiguous=True, alternatives=(coming,))


def in_the_months_beside(found: list[DateMention], today: date) -> list[DateMention]:
    """ "Not 8 April but the 15th": beside a coming date a day alone is the one nearest to it."""
    settled = []
    for i, mention in enumerate(found):
        if mention.kind == "day_of_month" and mention.date:
            beside = (*found[max(0, i - 1) : i], *found[i + 1 : i + 2])
            coming = (m.date for m in beside if m.date and m.date > today and m.kind in _DATED and m.role != "other")
            if anchor := next(coming, None):
                months = (months_on(anchor.replace(day=1), more) for more in (1, 0, -1))
                days = [d for m in months if (d := day_or_none(m.year, m.month, mention.date.day)) and d >= today]
                mention = replace(mention, date=min(days, key=lambda d: abs(d - anchor), default=mention.date))
        settled.append(mention)
    return settled


_DATED = frozenset({"numeric", "named", "range"})


def _days(today: date, number: int) -> Iterator[date]:
    """The days of that number from a week ago on."""
    for more in (-1, 0, 1, 2, 3):
        month = months_on(today.replace(day=1), more)
        day = day_or_none(month.year, month.month, number)
        if day and day >= today - DAYS_PAST:
            yield day
