"""A date as it was read, and what the readers of its written forms share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from agent.calendar_days import day_or_none, nearest
from agent.date_grammar import Grammar

Day = date
_LAST_WORD = re.compile(r"([^\s,;()]+)[ \t(:]{0,3}\n?[ \t]{0,3}$")

MEASURE_AHEAD = re.compile(
    r"[ \t]?(?:eur|euro|euros|usd|gbp|chf|pln|zl|[€$£%]|uhr|uur|h\b|am\b|pm\b|hrs|o'clock|kg|cm|mm|m\b|x\b|x[0-9]|/[a-z])"
)


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date, or a move of one, at `text[start:end]`.

    `precision`: day, week, month or unknown. `kind`: numeric, named, range, day_of_month, weekday, week, edge, month,
    relative, word or shift. `alternatives` are other readings; `ambiguous` says that one of them may well be meant.
    `shift_days` is signed (negative: earlier). `role`: plain, old, new, order, shipped or other (a date of
    something else than a delivery). `yearless`: the year was inferred.
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


def year_of(written: str | None, today: date) -> int | None:
    digits = re.sub(r"[^0-9]", "", written or "")
    if not digits:
        return None
    year = int(digits) + (2000 if len(digits) == 2 else 0)
    return year if abs(year - today.year) <= 10 else -1


def mention_of(match: re.Match[str], day: date | None, **more: object) -> DateMention:
    return DateMention(match.start(), match.end(), match.group(), day, **more)  # type: ignore[arg-type]


def resolved(page: Page, year: int | None, month: int, day: int) -> date | None:
    return nearest(page.today, month, day) if year is None else (day_or_none(year, month, day) if year > 0 else None)


def last_word(page: Page, start: int) -> str:
    found = _LAST_WORD.search(page.text[max(0, start - 24) : start])
    return found[1] if found else ""


def cued(page: Page, start: int) -> bool:
    word = last_word(page, start)
    return word in page.words.date_cues or word.rstrip(".:") in page.words.date_cues or word in ("->", "→", "=>", ">")
