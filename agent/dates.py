"""Dates as people write them in trade mail, in seven languages, resolved against the day the message came.

House rules, the same as the labelled data's: a week without a weekday is its Friday, "mid" a month the 15th, "end of" a
month its last day; a bare month is its last day and "beginning of" a month its 1st, both with precision `month`.
A day and month without a year is the nearest plausible one: up to 60 days ago it stays in the past, else it lies
ahead. Moves ("2 weeks late") are mentions of kind `shift`: they count from the planned date, so they carry
`shift_days` and no date; a month counts as 30 days there, a working day as 7/5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from agent.calendar_days import day_or_none
from agent.date_forms import READERS, DateMention, Day, Page
from agent.date_grammar import grammar
from agent.date_roles import roles
from agent.lexicon import END, START, Folded, base_language, fold, pattern, phrases, words

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
    found = _joined_with_weekdays(page, sorted(found, key=lambda m: m.start))
    spans = [(m.start, m.end) for m in found]
    played = roles(folded.text, spans, page.words.language)
    return [
        _placed(_dated_back(replace(m, role=r), page.today), folded, text) for m, r in zip(found, played, strict=True)
    ]


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


def _dated_back(mention: DateMention, today: date) -> DateMention:
    """What was ordered or shipped on a day is past: without a year it was the last such day, if less than eleven months
    ago; else the words beside it were about something else."""
    if mention.role not in ("order", "shipped") or mention.date is None or mention.date <= today:
        return mention
    before = day_or_none(mention.date.year - 1, mention.date.month, mention.date.day)
    if mention.yearless and before and today - before < timedelta(330):
        return replace(mention, date=before)
    return replace(mention, role="plain")


def _joined_with_weekdays(page: Page, found: list[DateMention]) -> list[DateMention]:
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
