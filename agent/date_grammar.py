"""The patterns that `agent.dates` reads with, compiled from the words of `agent/words/dates.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from agent.lexicon import END, SPACE, START, any_of, fold, lookup, number_words, pattern, phrases, spellings, words

DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
YEAR = r"(?:20[0-9]{2})"
NOT_GOING_ON = r"(?![a-z0-9])(?![-/.,:][0-9])"
ENDING = r"st|nd|rd|th|er|re|o|°|a|e|ste|de|sten|ten|te|ter|-?(?:ego|go)"
EDGES = ("beginning", "mid", "end")
WEEKDAY_CHOICES = ("coming", "next", "after_next", "last")


def compiled(body: str, after: str = END) -> re.Pattern[str]:
    return re.compile(f"{START}(?:{body}){after}" if body else r"(?!)")


def words_of(forms: str) -> Iterator[str]:
    """The folded spellings of a word list of the tables."""
    for form in forms.split():
        yield from spellings(form.replace("_", " "))


def edge_of(match: re.Match[str]) -> str:
    """Which of `EDGES` a pattern with a group for each has found."""
    return next(e for e in EDGES if match[e])


class Grammar:
    """One reading language's words, as look-ups and patterns over folded text."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.table = words("dates")
        self.months = self._months()
        self.weekdays: dict[str, int] = lookup(self.table["weekdays"], language)
        self.any_weekday: dict[str, int] = self.weekdays | {
            w: n for w, n in lookup(self.table["weekday_short"], language, 9).items() if w not in self.weekdays
        }
        self.ordinals: dict[str, int] = lookup(self.table["ordinals"], language)
        self.week_ordinals: dict[str, int] = lookup(self.table["week_ordinals"], language, 4)
        self.units: dict[str, str] = lookup(self.table["units"], language, 3)
        self.numbers = number_words(language) | lookup(self.table["spoken_numbers"], language, 6)
        self.day_words: dict[str, int] = lookup(self.table["day_words"], language)
        self._fixed_dates()
        self._days_of_a_month()
        self._weeks_and_edges()
        self._lengths()
        self._weekday_phrases()

    def _months(self) -> dict[str, int]:
        own_only = {s for w in self.table["own_months"] for s in spellings(w)}
        own = set(lookup({self.language: self.table["months"].get(self.language, {})}, self.language))
        if self.language in ("en", "und"):
            own.add("may")
        every: dict[str, int] = lookup(self.table["months"], self.language, 3)
        return {w: n for w, n in every.items() if w in own or w not in own_only}

    def _any(self, table: Mapping[str, Iterable[str]], shortest: int = 5) -> str:
        return "|".join(pattern(p) for p in phrases(table, self.language, shortest))

    def _fixed_dates(self) -> None:
        month = any_of(self.months) + r"\b\.?"
        ordinal = any_of(self.ordinals)
        day = rf"(?:{DAY}(?:{ENDING})?\.?|{ordinal})"
        joint = rf"(?:{SPACE}(?:(?:of|de|del|di|d'|du|van|van de|vom){SPACE})?|[ \t]?[-/.][ \t]?|{SPACE}d'|)"
        year = rf"(?:(?:,?{SPACE}(?:del?{SPACE}|of{SPACE})?|[-/.]){YEAR}|[-/. ]?'[0-9]{{2}}|[-/][0-9]{{2}})"
        to = "|".join(pattern(p) for p in self.table["ranges"])
        self.day_month = compiled(rf"({day}){joint}({month})({year})?", NOT_GOING_ON)
        self.month_day = compiled(
            rf"({month}){SPACE}(?:the{SPACE})?({DAY})(?:st|nd|rd|th)?\.?(,?{SPACE}{YEAR})?(?!\.?[ \t]?x\b)",
            NOT_GOING_ON,
        )
        self.day_range = compiled(
            rf"({DAY})(?:st|nd|rd|th|er|o)?\.?(?:[ \t]?[-/][ \t]?|{SPACE}(?:{to}){SPACE}"
            rf"(?:(?:the|le|el|il|den|zum){SPACE})?)({day}){joint}({month})({year})?",
            NOT_GOING_ON,
        )
        self.numeric_range = compiled(
            rf"({DAY})\.?[ \t]?(?:{to})[ \t]?(?:zum )?({DAY})\.({MONTH_NUMBER})\.({YEAR}|[0-9]{{2}})?", r"(?![a-z0-9])"
        )
        self.month_alone = compiled(
            rf"({month})(?:,?{SPACE}(?:de{SPACE}|del{SPACE})?({YEAR})|[-/' ]{{1,2}}([0-9]{{2}}))?", NOT_GOING_ON
        )
        self.date_cues = {
            s for p in phrases(self.table["before_date"], self.language, 2) for s in spellings(p.replace("_", " "))
        } | set(self.any_weekday)
        self.month_cues = {fold(w).text for w in self.table["before_short_month"]}
        self.no_cues = {s for w in self.table["not_dates"] for s in spellings(str(w))}

    def _days_of_a_month(self) -> None:
        """A number that a date's words lead to, and that what follows does not make a count of something."""
        slots = {
            "n": rf"({DAY})",
            "nth": rf"({DAY})(?:{ENDING})",
            "dotted": rf"({DAY})\.",
            "ordinal": rf"({any_of(self.ordinals)})",
        }
        led_to = "|".join(pattern(p, **slots) for each in self.table["day_of_month"].values() for p in each)
        goes_on = any_of(s for w in self.table["after_day"].values() for s in words_of(w))
        ended = rf"(?=[ \t]?(?:[.,;:!?)]|$)|[ \t]?\n|{SPACE}[-=>(]|{SPACE}{goes_on}{END})"
        self.bare_day = compiled(led_to, NOT_GOING_ON + ended)
        counted = any_of(lookup(words("quantities")["units"], self.language, 3))
        article = any_of(self.table["articles"])
        after = any_of(s for w in self.table["the_one_after"].values() for s in words_of(w))
        self.weekday_day = compiled(
            rf"(?P<weekday>{any_of(self.any_weekday)})\b\.?,?(?:{SPACE}{after})?(?:{SPACE}|(?P<open>[ \t]?\())"
            rf"(?:(?P<article>{article}){SPACE})?(?P<n>{DAY})(?:(?P<ending>{ENDING})|\.)?(?(open)\)?)",
            rf"{NOT_GOING_ON}(?!{SPACE}?{counted}{END})",
        )

    def _weeks_and_edges(self) -> None:
        from_now = self.table["weeks_from_now"]
        self.weeks_from_now = [(n, compiled(self._any({k: v[n] for k, v in from_now.items()}))) for n in (2, 1, 0)]
        any_week = "|".join(self._any({k: v[n] for k, v in from_now.items()}) for n in (2, 1, 0)).strip("|")
        named = self._any(self.table["week_words"], 2)
        behind = self._any(self.table["week_after_number"], 2)
        number = (
            r"([0-9]{1,2})(?:[ \t]?(?:/|-|or|oder|ou|o|of|lub|bis|to|und|and|et|y|e|en|i)[ \t]?(?:kw )?([0-9]{1,2}))?"
        )
        self.week = compiled(
            rf"(?:{named})[ \t]{{0,2}}[.:#]?[ \t]{{0,2}}{number}(?:[ \t]?[/-][ \t]?({YEAR})|,?{SPACE}(?:(?:of|de|van){SPACE})?({YEAR}))?",
            NOT_GOING_ON,
        )
        self.week_after = compiled(rf"([0-9]{{1,2}})\.?[ \t]{{0,2}}(?:{behind})(?![ \t]?[0-9])")
        self.iso_week = compiled(rf"({YEAR})[-/ ]?(?:w|kw|cw)[ ]?([0-9]{{1,2}})", NOT_GOING_ON)
        edges = {e: self._any({k: v[e] for k, v in self.table["edges"].items()}, 2) for e in EDGES}
        edge = "|".join(rf"(?P<{e}>{p})" for e, p in edges.items())
        this_month, next_month, this_year = (
            self._any(self.table[k], 4) for k in ("this_month", "next_month", "this_year")
        )
        self.edge_month = compiled(
            rf"(?:{edge})(?:{SPACE}|-[ \t]?|(?<=-))(?:of )?(?P<month>{any_of(self.months)}\b\.?)"
            rf"(?:,?{SPACE}(?:del?{SPACE})?(?P<year>{YEAR}))?",
            NOT_GOING_ON,
        )
        self.edge_slot = compiled(
            rf"(?:{edge})(?:{SPACE}|-|(?<=-))(?:(?P<next_month>{next_month})|(?P<this_month>{this_month})"
            rf"|(?P<this_year>{this_year})|(?P<week>(?:(?:the|of|der|de la|della|de|van){SPACE})?(?:{any_week})))"
        )
        nth = any_of(self.week_ordinals)
        self.week_of_month = compiled(
            rf"({nth})\.?{SPACE}(?:(?:{any_of(self.table['week_of_month'])}){SPACE}?"
            rf"(?:(?:of|in|im|de|di|van|nel|w){SPACE}|d')?({any_of(self.months)})|({any_of(self.months)})woche)"
        )
        self.edge_before = re.compile(rf"{START}(?:{edge})(?:{SPACE}|-|(?<=-))(?:(?:the|der|de|la|von){SPACE})?$")
        self.next_month = compiled(next_month)
        self.month_ends, self.year_ends = (compiled(self._any(self.table[k], 3)) for k in ("month_ends", "year_ends"))

    def _lengths(self) -> None:
        """Number words stand as any word here and are looked up after a match: spelled out they would make the
        patterns too large to compile quickly."""
        number = rf"(?:[0-9]{{1,3}}|{any_of(lookup(self.table['spoken_numbers'], self.language, 6))}|[a-z]{{1,16}})"
        unit = any_of(self.units)
        self.number_unit = re.compile(rf"{START}({number})(?:[ \t\n-]{{1,3}}|(?<=[0-9]))({unit}){END}")
        self.any_unit = re.compile(rf"{START}({unit}){END}")
        about = "|".join(pattern(p) for p in self.table["about"])
        slots = {
            "n": rf"(?:[0-9]{{1,3}}[ \t]?(?:-|to|bis|a|ou|or|oder|o|tot|do)[ \t]?)?{number}",
            "a": any_of([w for w, n in self.numbers.items() if n == 1]),
            "unit": unit,
            "about": rf"(?:(?:{about}){SPACE})?",
        }

        def phrase(kind: str) -> str:
            return "|".join(pattern(p, **slots) for p in phrases(self.table[kind], self.language, 4))

        early = self._any(self.table["shift_earlier"])
        self.earlier = compiled(early)
        moved = rf"{phrase('shift_later')}|{slots['n']}[- ]{unit}(?={SPACE}(?:{early}))"
        self.shift = compiled(rf"(?:{moved})(?P<early>{SPACE}(?:{early}))?")
        self.relative = compiled(phrase("relative"))
        self.ago = compiled(phrase("ago"))
        self.not_shift = compiled(self._any(self.table["not_shift"], 3))
        spared = "|".join(pattern(p) for each in self.table["not_day_words"].values() for p in each)
        self.not_day_word = compiled(spared)
        self.day_word = compiled(any_of(self.day_words))

    def _weekday_phrases(self) -> None:
        before = {n: self._any(self.table["weekday_before"][n], 4) for n in WEEKDAY_CHOICES}
        behind = {n: self._any(self.table["weekday_after"].get(n, {}), 4) for n in WEEKDAY_CHOICES}
        full = any_of(self.weekdays)
        lead = "|".join(rf"(?P<b_{n}>{p})" for n, p in before.items() if p)
        tail = "|".join(rf"(?P<a_{n}>{p})" for n, p in behind.items() if p)
        self.weekday = compiled(rf"(?:(?:{lead}){SPACE})?(?P<day>{full})(?:{SPACE}(?:{tail})(?![a-z0-9]))?")
        short = any_of(self.any_weekday)
        link = "|".join(pattern(p) for p in self.table["weekday_of_week"])
        article = any_of(self.table["articles"])
        self.weekday_left = re.compile(rf"{START}({short})\b\.?,?(?:{SPACE})?(?:(?:{article}|{link}){SPACE})?$")
        self.weekday_right = re.compile(rf"(?:,?{SPACE}|[ \t]?\()(?:(?:{link}){SPACE})?({short})\b\.?\)?")


@cache
def grammar(language: str) -> Grammar:
    """The grammar for a base language code; compiled once a process."""
    return Grammar(language)
