"""Days by the house rules: the nearest year, the Friday of a week, the end of a month."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

PAST_DAYS = 60
FRIDAY = 5


def day_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def nearest(today: date, month: int, day: int) -> date | None:
    """The earliest such day that is not more than 60 days past."""
    dates = (day_or_none(today.year + more, month, day) for more in (-1, 0, 1))
    return next((d for d in dates if d and d >= today - timedelta(PAST_DAYS)), None)


def month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def months_on(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def monday_of(day: date, weeks: int = 0) -> date:
    return day + timedelta(7 * weeks - day.weekday())


def friday_of_week(today: date, week: int, year: int | None) -> date | None:
    """The Friday of an ISO week; without a year the earliest not more than 60 days past."""
    for each in [year] if year else (today.year - 1, today.year, today.year + 1):
        try:
            friday = date.fromisocalendar(each, week, FRIDAY)
        except ValueError:
            continue
        if year or friday >= today - timedelta(PAST_DAYS):
            return friday
    return None


def working_days_on(day: date, count: int) -> date:
    weeks, rest = divmod(count, 5)
    day += timedelta(7 * weeks)
    while rest:
        day += timedelta(1)
        rest -= day.weekday() < 5
    return day
