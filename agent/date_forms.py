"""The written forms of dates, one reader each, over folded text; `agent.dates` puts together what they find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from agent.calendar_days import (
    FRIDAY,
    PAST_DAYS,
    day_or_none,
    friday_of_week,
    monday_of,
    month_end,
    months_on,
    nearest,
    working_days_on,
)
from agent.date_grammar import DAY, EDGES, MONTH_NUMBER, WEEKDAY_CHOICES, YEAR, Grammar

Day = date
UNIT_DAYS = {"day": 1.0, "working_day": 1.4, "week": 7.0, "fortnight": 14.0, "month": 30.0}


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date, or a move of one, at `text[start:end]`.

    `precision`: day, week, month or unknown. `kind`: numeric, named, range, day_of_month, weekday, week, edge, month,
    relative, word or shift. `alternatives` are other readings; `ambiguous` says that one of them may well be meant.
    `shift_days` is signed (negative: earlier). `role`: plain, old, new, order or shipped. `yearless`: the year was
    inferred.
    """

    start: int
    end: int
    text: str
    date: Day | None
    precision: str = "day"
    kind: str = "numeric"
    ambiguous: bool = False
    alternatives: tuple[Day, ...] = ()
    shift_days: int | None = None
    role: str = "plain"
    yearless: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What a reader reads: folded text, the words, the day it came, the sender's order of day and month."""

    text: str
    words: Grammar
    today: date
    day_first: bool | None


def _year(written: str | None, today: date) -> int | None:
    digits = re.sub(r"[^0-9]", "", written or "")
    if not digits:
        return None
    year = int(digits) + (2000 if len(digits) == 2 else 0)
    return year if abs(year - today.year) <= 10 else -1


def _mention(match: re.Match[str], day: date | None, **more: object) -> DateMention:
    return DateMention(match.start(), match.end(), match.group(), day, **more)  # type: ignore[arg-type]


def _dated(page: Page, year: int | None, month: int, day: int) -> date | None:
    return nearest(page.today, month, day) if year is None else (day_or_none(year, month, day) if year > 0 else None)


# --- numbers ----------------------------------------------------------------------------------------------------------

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
_LAST_WORD = re.compile(r"([^\s,;()]+)[ \t(:]{0,3}\n?[ \t]{0,3}$")
_MONEY_AHEAD = re.compile(
    r"[ \t]?(?:eur|euro|euros|usd|gbp|chf|pln|zl|[€$£%]|uhr|h\b|am\b|pm\b|hrs|o'clock|kg|cm|mm|m\b|x\b|x[0-9]|/[a-z])"
)


def _iso(page: Page) -> Iterator[DateMention]:
    for match in _ISO.finditer(page.text):
        if day := day_or_none(int(match[1]), int(match[3]), int(match[4])):
            yield _mention(match, day)
    for match in _COMPACT.finditer(page.text):
        day = day_or_none(int(match[1]), int(match[2]), int(match[3]))
        if day and abs((day - page.today).days) < 730 and _cued(page, match.start()):
            yield _mention(match, day)


def _three_numbers(page: Page) -> Iterator[DateMention]:
    for match in _THREE.finditer(page.text):
        year = _year(match[4], page.today)
        if year is None or year < 0 or _last_word(page, match.start()) in ("tel", "tel.", "fax", "v", "version"):
            continue
        dotted = "." in match[2]
        if len(match[4]) == 2 and abs(year - page.today.year) > 4:
            continue
        yield from _two_orders(page, match, int(match[1]), int(match[3]), year, dotted)


def _two_orders(
    page: Page, match: re.Match[str], first: int, second: int, year: int | None, dotted: bool
) -> Iterator[DateMention]:
    by_day = _dated(page, year, second, first)
    by_month = _dated(page, year, first, second) if not dotted else None
    if by_day is None or by_month is None or by_day == by_month:
        if day := by_day or by_month:
            yield _mention(match, day, yearless=year is None)
        return
    undecided = page.day_first is None and page.words.language not in ("de", "fr", "es", "it", "nl", "pl")
    chosen, other = (by_month, by_day) if page.day_first is False else (by_day, by_month)
    if undecided and not _plausible(chosen, page.today) and _plausible(other, page.today):
        chosen, other = other, chosen
    yield _mention(match, chosen, ambiguous=undecided, alternatives=(other,), yearless=year is None)


def _plausible(day: date, today: date) -> bool:
    return -PAST_DAYS <= (day - today).days <= 270


def _last_word(page: Page, start: int) -> str:
    found = _LAST_WORD.search(page.text[max(0, start - 24) : start])
    return found[1] if found else ""


def _cued(page: Page, start: int) -> bool:
    word = _last_word(page, start)
    return word in page.words.date_cues or word.rstrip(".:") in page.words.date_cues or word in ("->", "→", "=>", ">")


def _day_dot_month(page: Page) -> Iterator[DateMention]:
    for match in _DAY_MONTH.finditer(page.text):
        word = _last_word(page, match.start())
        if word in page.words.no_cues or (word[-1:] in "€$£" and word) or _MONEY_AHEAD.match(page.text, match.end()):
            continue
        if day := _dated(page, None, int(match[2]), int(match[1])):
            yield _mention(match, day, yearless=True)


def _loose(page: Page) -> Iterator[DateMention]:
    """14.12, 3/12 and 07-12 mean many things: they are dates where the word before or their own form says so."""
    for match in _LOOSE.finditer(page.text):
        word = _last_word(page, match.start())
        if word.rstrip(".:") in page.words.no_cues or word[-1:] in tuple("€$£*+"):
            continue
        if _MONEY_AHEAD.match(page.text, match.end()) or page.words.any_unit.match(page.text, match.end() + 1):
            continue
        separator = match[2]
        padded = match[1].startswith("0") or match[3].startswith("0")
        named = _WORD_AHEAD.match(page.text, match.end()) is not None
        if separator == "/":
            telling = not named and (padded or max(int(match[1]), int(match[3])) > 4) and match[0] != "24/7"
        else:
            telling = separator == "." and padded and len(match[0]) == 5 and not named
        cued = _cued(page, match.start())
        if separator == "-":
            cued = cued and (padded or page.words.language == "nl")
        if cued or telling:
            yield from _two_orders(page, match, int(match[1]), int(match[3]), None, separator == ".")
    for match in _MONTH_YEAR.finditer(page.text):
        word = _last_word(page, match.start()).rstrip(".:")
        if word not in page.words.no_cues and abs(int(match[2]) - page.today.year) <= 3:
            yield _mention(match, month_end(int(match[2]), int(match[1])), precision="month", kind="month")


# --- names ------------------------------------------------------------------------------------------------------------


def _month_of(page: Page, written: str) -> int:
    return page.words.months[" ".join(written.rstrip(".").split())]


def _day_number(page: Page, written: str) -> int:
    digits = re.match(r"[0-9]{1,2}", written)
    return int(digits[0]) if digits else page.words.ordinals[" ".join(written.split())]


def _ranges(page: Page) -> Iterator[DateMention]:
    for match in page.words.day_range.finditer(page.text):
        month, year = _month_of(page, match[3]), _year(match[4], page.today)
        yield from _range(page, match, _day_number(page, match[1]), _day_number(page, match[2]), month, year)
    for match in page.words.numeric_range.finditer(page.text):
        yield from _range(page, match, int(match[1]), int(match[2]), int(match[3]), _year(match[4], page.today))


def _range(
    page: Page, match: re.Match[str], first: int, last: int, month: int, year: int | None
) -> Iterator[DateMention]:
    """Between two days the later is the one to count on; the earlier stays as an alternative."""
    late, early = _dated(page, year, month, last), _dated(page, year, month, first)
    if late and early and first < last:
        yield _mention(match, late, kind="range", ambiguous=True, alternatives=(early,), yearless=year is None)


def _named(page: Page) -> Iterator[DateMention]:
    for match in page.words.day_month.finditer(page.text):
        year = _year(match[3], page.today)
        if day := _dated(page, year, _month_of(page, match[2]), _day_number(page, match[1])):
            yield _mention(match, day, kind="named", yearless=year is None)
    for match in page.words.month_day.finditer(page.text):
        year = _year(match[3], page.today)
        if day := _dated(page, year, _month_of(page, match[1]), int(match[2])):
            yield _mention(match, day, kind="named", yearless=year is None)


def _bare_days(page: Page) -> Iterator[DateMention]:
    """ "on the 14th": the next such day, or the one of this month if it is at most a week past."""
    for match in page.words.bare_day.finditer(page.text):
        written = next(g for g in match.groups() if g)
        number = _day_number(page, written)
        months = (months_on(page.today.replace(day=1), more) for more in (0, 1, 2))
        days = (day_or_none(m.year, m.month, number) for m in months)
        if day := next((d for d in days if d and d >= page.today - timedelta(7)), None):
            yield _mention(match, day, kind="day_of_month", ambiguous=True)


def _edge(match: re.Match[str]) -> str:
    return next(e for e in EDGES if match[e])


def _edges(page: Page) -> Iterator[DateMention]:
    for match in page.words.edge_month.finditer(page.text):
        month, year, edge = _month_of(page, match["month"]), _year(match["year"], page.today), _edge(match)
        middle = _dated(page, year, month, {"beginning": 1, "mid": 15, "end": 28}[edge])
        if middle:
            day = month_end(middle.year, month) if edge == "end" else middle
            yield _mention(
                match, day, kind="edge", precision="month" if edge == "beginning" else "day", yearless=year is None
            )
    for match in page.words.edge_slot.finditer(page.text):
        yield _edge_of_slot(page, match)
    for match in page.words.month_ends.finditer(page.text):
        yield _mention(match, month_end(page.today.year, page.today.month), kind="edge")
    for match in page.words.year_ends.finditer(page.text):
        yield _mention(match, date(page.today.year, 12, 31), kind="edge")


def _edge_of_slot(page: Page, match: re.Match[str]) -> DateMention:
    edge = _edge(match)
    if match["week"]:
        weeks = next(n for n, p in page.words.weeks_from_now if p.search(match["week"]))
        day = monday_of(page.today, weeks) + timedelta({"beginning": 0, "mid": 2, "end": 4}[edge])
        return _mention(match, day, kind="edge", precision="week")
    if match["this_year"]:
        day = date(
            page.today.year, {"beginning": 1, "mid": 6, "end": 12}[edge], {"beginning": 1, "mid": 30, "end": 31}[edge]
        )
        return _mention(match, day, kind="edge", precision="month")
    first = months_on(page.today.replace(day=1), 1 if match["next_month"] else 0)
    day = month_end(first.year, first.month) if edge == "end" else first.replace(day=15 if edge == "mid" else 1)
    return _mention(match, day, kind="edge", precision="month" if edge == "beginning" else "day")


def _bare_months(page: Page) -> Iterator[DateMention]:
    for match in page.words.month_alone.finditer(page.text):
        month, written = _month_of(page, match[1]), match[2] or match[3]
        year = _year(written, page.today)
        word = _last_word(page, match.start())
        if re.search(r"[0-9]\.?[ \t]$", page.text[max(0, match.start() - 4) : match.start()]):
            continue
        short = len(match[1].rstrip(".")) < 4 or match[1] in ("march", "mars", "maja")
        if year == -1 or (year is None and short and word not in _MONTH_CUES):
            continue
        near = _dated(page, year, month, 28)
        if near:
            end = month_end(near.year, month)
            yield _mention(match, end, precision="month", kind="month", yearless=year is None)
    for match in page.words.next_month.finditer(page.text):
        first = months_on(page.today.replace(day=1), 1)
        yield _mention(match, month_end(first.year, first.month), precision="month", kind="month")


_MONTH_CUES = frozenset(
    (
        "in",
        "im",
        "by",
        "until",
        "during",
        "en",
        "nel",
        "w",
        "na",
        "od",
        "do",
        "since",
        "from",
        "ab",
        "fur",
        "per",
        "a",
        "of",
    )
)


# --- weeks and weekdays -----------------------------------------------------------------------------------------------


def _weeks(page: Page) -> Iterator[DateMention]:
    for match in page.words.iso_week.finditer(page.text):
        if friday := friday_of_week(page.today, int(match[2]), int(match[1])):
            yield _mention(match, friday, precision="week", kind="week")
    for pattern_, grouped in ((page.words.week, True), (page.words.week_after, False)):
        for match in pattern_.finditer(page.text):
            year = _year(match[3] or match[4], page.today) if grouped else None
            first = friday_of_week(page.today, int(match[1]), year)
            last = friday_of_week(page.today, int(match[2]), year) if grouped and match[2] else None
            if year is None and grouped and match[2] and abs(int(match[2]) - page.today.year % 100) <= 1:
                first, last = friday_of_week(page.today, int(match[1]), 2000 + int(match[2])), None
            if first:
                edge = page.words.edge_before.search(page.text, max(0, match.start() - 24), match.start())
                start = edge.start() if edge else match.start()
                day = (last or first) - timedelta({"beginning": 4, "mid": 2, "end": 0}[_edge(edge)] if edge else 0)
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


def _weeks_from_now(page: Page) -> Iterator[DateMention]:
    for weeks, pattern_ in page.words.weeks_from_now:
        for match in pattern_.finditer(page.text):
            yield _mention(match, monday_of(page.today, weeks) + timedelta(FRIDAY - 1), precision="week", kind="week")


def _weekdays(page: Page) -> Iterator[DateMention]:
    """A weekday is its next occurrence after today. "next Friday" said before this week's is the following week's, with
    this week's as an alternative; "Friday week" is the Friday after the coming one."""
    for match in page.words.weekday.finditer(page.text):
        number = page.words.weekdays[match["day"]]
        groups = match.groupdict()
        choice = next((n for n in WEEKDAY_CHOICES if groups.get(f"b_{n}") or groups.get(f"a_{n}")), "coming")
        coming = page.today + timedelta((number - page.today.isoweekday() - 1) % 7 + 1)
        if choice == "coming" and _last_word(page, match.start()) in ("since", "seit", "depuis", "sinds"):
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
        yield _mention(match, day, kind="weekday", ambiguous=bool(others), alternatives=others)


# --- counted from today, and moves ------------------------------------------------------------------------------------


def _length(page: Page, phrase: str) -> tuple[int, str] | None:
    """The number and unit of a phrase; a unit alone is one of it, and an unknown word for a number is none."""
    for number, unit in page.words.number_unit.findall(phrase):
        count = int(number) if number.isdigit() else page.words.numbers.get(number)
        if count is not None:
            return count, page.words.units[" ".join(unit.split())]
    units = page.words.any_unit.findall(phrase)
    if re.search(r"[0-9]", phrase) or not units or len(phrase.split()) > 2:
        return None
    return 1, page.words.units[" ".join(units[-1].split())]


def _on(day: date, count: int, unit: str) -> date:
    if unit == "working_day":
        return working_days_on(day, count)
    return months_on(day, count) if unit == "month" else day + timedelta(count * UNIT_DAYS[unit])


def _relative(page: Page) -> Iterator[DateMention]:
    for match in page.words.relative.finditer(page.text):
        if length := _length(page, match[0]):
            yield _mention(match, _on(page.today, *length), kind="relative", ambiguous=length[1] == "month")
    for match in page.words.ago.finditer(page.text):
        if length := _length(page, match[0]):
            count, unit = length
            days = timedelta(round(count * UNIT_DAYS[unit]))
            yield _mention(match, page.today - days, kind="relative", ambiguous=True)


def _shifts(page: Page) -> Iterator[DateMention]:
    for match in page.words.shift.finditer(page.text):
        around = page.text[max(0, match.start() - 30) : match.end() + 12]
        length = _length(page, match[0])
        if length is None or page.words.not_shift.search(around.partition("\n\n")[0]):
            continue
        days = round(length[0] * UNIT_DAYS[length[1]])
        early = match["early"] or page.words.earlier.search(match[0])
        yield _mention(match, None, kind="shift", precision="day", shift_days=-days if early else days)


def _day_words(page: Page) -> Iterator[DateMention]:
    spared = [m.span() for m in page.words.not_day_word.finditer(page.text)]
    at = 0
    for match in page.words.day_word.finditer(page.text):
        while at < len(spared) and spared[at][1] <= match.start():
            at += 1
        if at < len(spared) and spared[at][0] <= match.start():
            continue
        days = page.words.day_words[" ".join(match[0].split())]
        yield _mention(match, page.today + timedelta(days), kind="word")


# The surest forms first: a later reader gets only what no earlier one took.
READERS: tuple[Callable[[Page], Iterator[DateMention]], ...] = (
_iso, _three_numbers, _ranges, _edges, _named, _day_dot_month, _weeks, _weeks_from_now, _weekdays, _shifts,
    _relative, _loose, _bare_days, _day_words, _bare_months,
)  # fmt: skip
