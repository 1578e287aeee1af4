"""The patterns that `agent.dates` reads with, compiled from the words of `agent/words/dates.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from agent.lexicon import END, SPACE, START, any_of, lookup, number_words, pattern, phrases, spellings, words

DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
YEAR = r"(?:20[0-9]{2})"
NOT_GOING_ON = r"(?![a-z0-9])(?![-/.,:][0-9])"
EDGES = ("beginning", "mid", "end")
WEEKDAY_CHOICES = ("coming", "next", "after_next", "last")


def compiled(body: str, after: str = END) -> re.Pattern[str]:
    return re.compile(f"{START}(?:{body}){after}" if body else r"(?!)")


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
        self.units: dict[str, str] = lookup(self.table["units"], language, 3)
        self.numbers = number_words(language)
        self.day_words: dict[str, int] = lookup(self.table["day_words"], language)
        self._fixed_dates()
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
        day = rf"(?:{DAY}(?:st|nd|rd|th|er|re|o|°|a|e|ste|de|go)?\.?|{ordinal})"
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
        self.bare_day = compiled(
            rf"(?:(?:on|by|until|till|from) the ({DAY})(?:st|nd|rd|th)|(?:the) ({DAY})(?:st|nd|rd|th)"
            rf"|(?:am|zum|bis|vom|den|dem|ab) ({DAY})\.(?![0-9])|(?:op|tot|voor|vanaf) (?:de )?({DAY})(?:e|ste|de)"
            rf"|(?:le|au|du) ({DAY}|1er)(?=[ \t]?(?:[.,;:!?)\n]|$))|(?:el|al|il|entro il) ({DAY})(?=[ \t]?(?:[.,;:!?)\n]|$))"
            rf"|(?:on the|by the|am|bis zum|zum|vom|op de) ({ordinal}))"
        )
        self.date_cues = {
            s for p in phrases(self.table["before_date"], self.language, 2) for s in spellings(p.replace("_", " "))
        } | set(self.any_weekday)
        self.no_cues = {s for w in self.table["not_dates"] for s in spellings(str(w))}

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
        self.edge_before = re.compile(rf"{START}(?:{edge})(?:{SPACE}|-|(?<=-))(?:(?:the|der|de|la|von){SPACE})?$")
        self.next_month = compiled(next_month)
        self.month_ends, self.year_ends = (compiled(self._any(self.table[k], 3)) for k in ("month_ends", "year_ends"))

    def _lengths(self) -> None:
        """Number words stand as any word here and are looked up after a match: spelled out they would make the
        patterns too large to compile quickly."""
        number = r"(?:[0-9]{1,3}|[a-z]{1,16})"
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
        article = "|".join(("the", "den", "dem", "der", "le", "el", "il", "de", "dnia", link))
        self.weekday_left = re.compile(rf"{START}({short})\b\.?,?(?:{SPACE})?(?:(?:{article}){SPACE})?$")
        self.weekday_right = re.compile(rf"(?:,?{SPACE}|[ \t]?\()(?:(?:{link}){SPACE})?({short})\b\.?\)?")


@cache
def grammar(language: str) -> Grammar:
    """The grammar for a base language code; compiled once a process."""
    return Grammar(language)
