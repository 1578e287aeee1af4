"""Weeks and weekdays, and what a weekday beside a date says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from agent.calendar_days import FRIDAY, friday_of_week, monday_of, nearest
from agent.date_grammar import WEEKDAY_CHOICES, edge_of
from agent.date_mention import DateMention, Page, last_word, mention_of, year_of


def week_numbers(page: Page) -> Iterator[DateMention]:
    for match in page.words.iso_week.finditer(page.text):
        if friday := friday_of_week(page.today, int(match[2]), int(match[1])):
            yield mention_of(match, friday, precision="week", kind="week")
    for pattern_, grouped in ((page.words.week, True), (page.words.week_after, False)):
        for match in pattern_.finditer(page.text):
            year = year_of(match[3] or match[4], page.today) if grouped else None
            first = friday_of_week(page.today, int(match[1]), year)
            last = friday_of_week(page.today, int(match[2]), year) if grouped and match[2] else None
            if year is None and grouped and match[2] and abs(int(match[2]) - page.today.year % 100) <= 1:
                first, last = friday_of_week(page.today, int(match[1]), 2000 + int(match[2])), None
            if first:
                edge = page.words.edge_before.search(page.text, max(0, match.start() - 24), match.start())
                start = edge.start() if edge else match.start()
                day = (last or first) - timedelta({"beginning": 4, "mid": 2, "end": 0}[edge_of(edge)] if edge else 0)
                yield DateMention(
                    start,
                    match.end(),
                    "",
                    day,
                    "week",
                    "week",
                    bool(last),
                    (first,) if last else (),
                    yearless=year is None,
                )


def weeks_of_months(page: Page) -> Iterator[DateMention]:
    """ "The second week of October" has the month's second Friday."""
    for match in page.words.week_of_month.finditer(page.text):
        month = page.words.months[match[2] or match[3]]
        nth = page.words.week_ordinals[" ".join(match[1].split())]
        if near := nearest(page.today, month, 28):
            first = near.replace(day=1)
            first += timedelta((FRIDAY - first.isoweekday()) % 7)
            fridays = [d for d in (first + timedelta(7 * k) for k in range(5)) if d.month == month]
            if nth <= len(fridays):
                friday = fridays[nth - 1 if nth > 0 else -1]
                yield mention_of(match, friday, precision="week", kind="week", yearless=True)


def weeks_from_now(page: Page) -> Iterator[DateMention]:
    for weeks, pattern_ in page.words.weeks_from_now:
        for match in pattern_.finditer(page.text):
            yield mention_of(match, monday_of(page.today, weeks) + timedelta(FRIDAY - 1), precision="week", kind="week")


def weekdays(page: Page) -> Iterator[DateMention]:
    """A weekday is its next occurrence after today. "next Friday" said before this week's is the following week's, with
    this week's as an alternative; "Friday week" is the Friday after the coming one."""
    for match in page.words.weekday.finditer(page.text):
        number = page.words.weekdays[match["day"]]
        groups = match.groupdict()
        choice = next((n for n in WEEKDAY_CHOICES if groups.get(f"b_{n}") or groups.get(f"a_{n}")), "coming")
        coming = page.today + timedelta((number - page.today.isoweekday() - 1) % 7 + 1)
        if choice == "coming" and last_word(page, match.start()) in ("since", "seit", "depuis", "sinds"):
            choice = "last"
        in_next_week = monday_of(page.today, 1) + timedelta(number - 1)
        day = coming
        others: tuple[date, ...] = ()
        if choice == "next" and in_next_week != coming:
            day, others = in_next_week, (coming,)
        elif choice == "after_next":
            day = coming + timedelta(7)
        elif choice == "last":
            day = coming - timedelta(7 if coming - timedelta(7) < page.today else 14)
        elif number == page.today.isoweekday():
            others = (page.today,)
        yield mention_of(match, day, kind="weekday", ambiguous=bool(others), alternatives=others)


def joined_with_weekdays(page: Page, found: list[DateMention]) -> list[DateMention]:
    """ "Wednesday of week 51", "Fri 11 Dec": the weekday beside a week picks its day; beside a date it checks it,
    which also decides between the two orders of 10/12."""
    joined: list[DateMention] = []
    i = 0
    while i < len(found):
        mention = found[i]
        i += 1
        if (mention.kind in ("weekday", "shift", "month", "edge") and mention.precision != "week") or not mention.date:
            joined.append(mention)
            continue
        floor = (
            joined[-1].end if joined and joined[-1].kind != "weekday" else (joined[-2].end if len(joined) > 1 else 0)
        )
        left = page.words.weekday_left.search(page.text, max(floor, mention.start - 30), mention.start)
        after = found[i] if i < len(found) else None
        ceiling = after.start if after and after.kind != "weekday" else len(page.text)
        right = None if left else page.words.weekday_right.match(page.text, mention.end, min(ceiling, mention.end + 30))
        if right and mention.precision != "week" and "(" not in right[0]:
            right = None
        beside = left or right
        if beside is None:
            joined.append(mention)
            continue
        start, end = min(mention.start, beside.start()), max(mention.end, beside.end())
        while joined and joined[-1].end > start:
            joined.pop()
        while i < len(found) and found[i].start < end:
            i += 1
        joined.append(_checked(replace(mention, start=start, end=end), page.words.any_weekday[beside[1]]))
    return joined


def _checked(mention: DateMention, weekday: int) -> DateMention:
    assert mention.date is not None
    if mention.precision == "week":
        days = [d + timedelta(weekday - d.isoweekday()) for d in (mention.date, *mention.alternatives)]
        return replace(mention, date=days[0], alternatives=tuple(days[1:]), precision="day")
    if mention.date.isoweekday() == weekday:
        return replace(mention, ambiguous=mention.kind == "range")
    fitting = [d for d in mention.alternatives if d.isoweekday() == weekday]
    if fitting:
        return replace(mention, date=fitting[0], alternatives=(mention.date,), ambiguous=False)
    return replace(mention, ambiguous=True)
