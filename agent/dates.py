"""Dates as people write them in trade mail, in seven languages, resolved against the day the message came.

House rules, the same as the labelled data's: a week without a weekday is its Friday, "mid" a month the 15th, "end of" a
month its last day; a bare month is its last day and "beginning of" a month its 1st, both with precision `month`.
A day and month without a year is the nearest plausible one: up to 60 days ago it stays in the past, else it lies
ahead. Moves ("2 weeks late") are mentions of kind `shift`: they count from the planned date, so they carry
`shift_days` and no date; a month counts as 30 days there, a working day as 7/5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from agent.date_counts import counted_days, day_words, shifts
from agent.date_grammar import grammar
from agent.date_mention import DateMention, Day, Page
from agent.date_month_days import bare_days, in_the_months_beside, weekday_and_day
from agent.date_names import bare_months, edges, named, ranges
from agent.date_numbers import day_dot_month, iso, loose_numbers, three_numbers
from agent.date_roles import in_roles, to_the_last_leg
from agent.date_weeks import joined_with_weekdays, week_numbers, weekdays, weeks_from_now, weeks_of_months
from agent.lexicon import END, START, Folded, base_language, fold, pattern, phrases, words

# The surest forms first: a later reader gets only what no earlier one took.
READERS: tuple[Callable[[Page], Iterator[DateMention]], ...] = (
    iso, three_numbers, ranges, edges, named, day_dot_month, week_numbers, weeks_of_months, weeks_from_now,
    weekday_and_day, weekdays, shifts, counted_days, loose_numbers, bare_days, day_words, bare_months,
)  # fmt: skip

__all__ = ["DateMention", "Day", "Span", "find_date_unknown", "find_dates", "find_unchanged"]


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    text: str


def find_dates(text: str, *, now: datetime, language: str, day_first: bool | None = None) -> list[DateMention]:
    """Every date and move in `text`, in order and disjoint; offsets are code points of `text`.

    `now` is when the message came. `day_first` is how the sender writes 10/12; None means day first, but month first
    for en-US, and then an undecided 10/12 in English or an unknown language is marked ambiguous.
    """
    folded = fold(text)
    if day_first is None and language.lower().replace("_", "-") == "en-us":
        day_first = False
    page = Page(folded.text, grammar(base_language(language)), now.date(), day_first)
    taken = bytearray(len(folded.text))
    found: list[DateMention] = []
    for read in READERS:
        for mention in read(page):
            if not any(taken[mention.start : mention.end]):
                taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
                found.append(mention)
    found = joined_with_weekdays(page, sorted(found, key=lambda m: m.start))
    found = in_roles(folded.text, found, page.words.language, page.today)
    found = to_the_last_leg(folded.text, in_the_months_beside(found, page.today), page.words.language)
    return [_placed(m, folded, text) for m in found]


def find_date_unknown(text: str, language: str) -> list[Span]:
    """Where the sender says that a date is not known (yet)."""
    return _statements(text, language, "date_unknown")


def find_unchanged(text: str, language: str) -> list[Span]:
    """Where the sender says that something, or all the rest, stays as it is."""
    return _statements(text, language, "unchanged")


def _statements(text: str, language: str, kind: str) -> list[Span]:
    folded = fold(text)
    places = [folded.span(*m.span()) for m in _statement_pattern(kind, base_language(language)).finditer(folded.text)]
    return [Span(start, end, text[start:end]) for start, end in places]


@cache
def _statement_pattern(kind: str, language: str) -> re.Pattern[str]:
    made = "|".join(pattern(p) for p in phrases(words("dates")[kind], language, shortest=8))
    return re.compile(f"{START}(?:{made}){END}")


def _placed(mention: DateMention, folded: Folded, text: str) -> DateMention:
    start, end = folded.span(mention.start, mention.end)
    return replace(mention, start=start, end=end, text=text[start:end])
