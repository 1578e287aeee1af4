"""Days of a month without the month: "on the 14th", "Tuesday 29th", "le 22"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from agent.calendar_days import day_or_none, months_on
from agent.date_mention import DateMention, Page, mention_of
from agent.date_names import day_number


def bare_days(page: Page) -> Iterator[DateMention]:
    """ "on the 14th": the next such day, or the one of this month if it is at most a week past."""
    for match in page.words.bare_day.finditer(page.text):
        written = next(g for g in match.groups() if g)
        number = day_number(page, written)
        months = (months_on(page.today.replace(day=1), more) for more in (0, 1, 2))
        days = (day_or_none(m.year, m.month, number) for m in months)
        if day := next((d for d in days if d and d >= page.today - timedelta(7)), None):
            yield mention_of(match, day, kind="day_of_month", ambiguous=True)
