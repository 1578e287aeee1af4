"""Prices and percentages as trade mail writes them, in seven languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from agent.lexicon import (
    END,
    START,
    any_of,
    base_language,
    fold,
    lookup,
    number_pattern,
    number_words,
    pattern,
    phrases,
    spellings,
    words,
)
from agent.number_roles import cues_beside, mark_moves

NUMBER = r"(?:[0-9]{1,3}(?:[.,' ][0-9]{3}){1,3}(?:[.,][0-9]{1,4})?|[0-9]{1,9}(?:[.,][0-9]{1,4})?)(?![0-9])"
CENTS = r"(?:[0-9]{1,6}[.,][0-9]{2,4})(?![0-9])"
POINT_LANGUAGES = ("en", "und")


@dataclass(frozen=True, slots=True)
class PriceMention:
    """An amount of money. `currency` is an ISO code; `per` the unit that it buys: a unit of `agent.quantities` or a
    count ("100"); `per_count` that count (1 where none is said). `role`: old, new or plain."""

    start: int
    end: int
    text: str
    amount: float
    currency: str | None
    per: str | None = None
    per_count: float = 1.0
    role: str = "plain"


@dataclass(frozen=True, slots=True)
class PercentMention:
    """`percent` as written, unsigned; `value` signed by what is said around it, None where no direction is said.
    `tax`: it is a rate of VAT."""

    start: int
    end: int
    text: str
    percent: float
    value: float | None
    tax: bool = False


def read_number(written: str, language: str) -> float:
    """A number with separators: `1.200` is 1200 where the comma is decimal, 1.2 in English; `1.234,50` is clear.

    Raises ValueError where `written` holds no digits."""
    plain = re.sub(r"[ '\u00a0]", "", written)
    comma, dot = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and dot >= 0:
        decimal = "," if comma > dot else "."
        plain = plain.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    elif comma >= 0 or dot >= 0:
        mark = "," if comma >= 0 else "."
        grouped = re.fullmatch(r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+", plain) is not None
        thousands_mark = "," if base_language(language) in POINT_LANGUAGES else "."
        if grouped and (plain.count(mark) > 1 or mark == thousands_mark):
            plain = plain.replace(mark, "")
        else:
            plain = plain.replace(mark, ".")
    return float(plain)


class _Words:
    def __init__(self, language: str) -> None:
        table = words("prices")
        self.currencies = {s: iso for iso, forms in table["currencies"].items() for f in forms for s in spellings(f)}
        signs = any_of(self.currencies)
        units = lookup(words("quantities")["units"], language, 3)
        self.units: dict[str, str] = units
        each = "|".join(pattern(p) for p in table["per"]["each"])
        by = "|".join(pattern(p) for p in table["per"]["words"])
        per = (
            rf"(?:[ \t]?(?:(?P<each>{each})|(?:/[ \t]?|(?:{by})[ \t])(?:(?P<count>[0-9]{{1,4}})[ \t]?)?(?:(?P<unit>{any_of(units)}))?)"
            r"(?<![ \t/])(?![a-z0-9]))?"
        )
        self.per = re.compile(per)
        amount = rf"(?P<amount>{NUMBER})(?:[,.](?:-{{1,2}}|--))?"
        self.before = re.compile(rf"(?<![a-z0-9])(?P<currency>{signs})[ \t]?{amount}(?![0-9a-z])(?![-/.][0-9])")
        self.after = re.compile(rf"(?<![a-z0-9])(?<![0-9][.,-]){amount}[ \t]?(?P<currency>{signs})(?![a-z0-9])")
        cues = "|".join(pattern(p) for p in phrases(table["priced_after"], language))
        self.cued = re.compile(
            rf"{START}(?:{cues})(?:[ \t]?[:=]?[ \t]{{0,3}}(?P<near>{NUMBER})|[^0-9.!?;\n]{{1,30}}(?P<far>{CENTS}))"
            r"(?![0-9a-z%])(?!\.[0-9])(?![ \t]?%)"
        )
        self.bare_per = re.compile(rf"(?<![a-z0-9])(?<![0-9][.,/-])(?P<near>{CENTS})(?={per[:-1]})")
        self.roles_before = self._roles(table["role_before"], language)
        self.roles_after = self._roles(table["role_after"], language)
        self.role_before = re.compile(rf"{START}(?:{self.roles_before})[ \t\n:=(]{{0,3}}(?:the |der |den |dem |zu )?$")
        self.role_after = re.compile(rf"[ \t\n,(]{{0,3}}(?:{self.roles_after}){END}")
        from_words = "|".join(pattern(p) for p in table["from_words"])
        to_words = "|".join(pattern(p) for p in table["to_words"])
        self.from_word = re.compile(rf"{START}(?:{from_words})[ \t\n]{{0,3}}$")
        self.to_word = re.compile(rf"[ \t\n]{{0,3}}(?:{to_words})[ \t\n]{{0,3}}")
        self.second = re.compile(
            rf"[ \t\n,(]{{1,3}}(?:{self.roles_before.replace('?P<', '?P<_')}|{to_words})[ \t\n:]{{1,2}}(?P<amount>{CENTS})(?![0-9a-z%])"
        )
        self.first = re.compile(
            rf"{START}(?:{from_words})[ \t]{{1,2}}(?P<amount>{CENTS})[ \t]{{1,2}}(?:{to_words})[ \t]{{1,2}}$"
        )
        sign = "|".join(pattern(p) for p in table["percent_words"])
        self.percent = re.compile(
            rf"(?<![a-z0-9.,])(?P<sign>[+-][ \t]?)?(?:(?P<number>[0-9]{{1,3}}(?:[.,][0-9]{{1,3}})?)|(?P<word>{number_pattern(language)}))"
            rf"[ \t]?(?:{sign})(?![a-z])"
        )
        self.up = self._any(table["increase"], language)
        self.down = self._any(table["decrease"], language)
        self.tax = re.compile(
            rf"{START}{any_of(s for w in table['tax'] for s in spellings(w.replace(chr(92), '')))}{END}"
        )

    @staticmethod
    def _roles(table: dict[str, dict[str, list[str]]], language: str) -> str:
        return "|".join(
            rf"(?P<{role}>{'|'.join(pattern(p) for p in phrases(by_language, language))})"
            for role, by_language in table.items()
        )

    @staticmethod
    def _any(table: dict[str, list[str]], language: str) -> re.Pattern[str]:
        return re.compile(rf"{START}(?:{'|'.join(pattern(p) for p in phrases(table, language))}){END}")


# "prices change on 01.12.": a day and month after a word of time.
_DATED = re.compile(
    r"\b(?:on|as of|from|until|till|by|since|ab|bis|am|zum|seit|vom|le|du|au|depuis|el|del|desde|hasta|il|dal|op|vanaf|tot|od|do|dnia)"
    r"[ \t\n]{1,3}(?:0?[1-9]|[12][0-9]|3[01])\.(?:0[1-9]|1[0-2])$"
)


@cache
def _words(language: str) -> _Words:
    return _Words(language)


def find_prices(text: str, language: str) -> list[PriceMention]:
    """Every price in `text`, in order and disjoint: with a currency, after a word for price, or as `38,90/Stk`."""
    folded, lexicon = fold(text), _words(base_language(language))
    page = folded.text
    taken = bytearray(len(page))
    found: list[PriceMention] = []
    for each in (lexicon.before, lexicon.after, lexicon.bare_per, lexicon.cued):
        for match in each.finditer(page):
            groups = match.groupdict()
            named = groups.get("currency")
            which = next(g for g in ("amount", "near", "far") if groups.get(g))
            start, end = match.span() if named else match.span(which)
            if any(taken[start:end]) or (which == "far" and _DATED.search(page[max(0, start - 12) : end])):
                continue
            per = lexicon.per.match(page, end)
            per_unit, count = None, 1.0
            if per and per[0].strip():
                end = per.end()
                count = float(per["count"] or 1)
                per_unit = "piece" if per["each"] else lexicon.units.get(per["unit"] or "", per["count"])
            taken[start:end] = b"\1" * (end - start)
            currency = lexicon.currencies[" ".join(named.split())] if named else None
            found.append(PriceMention(start, end, "", read_number(match[which], language), currency, per_unit, count))
    found += _others_of_pairs(page, found, taken, lexicon, language)
    found.sort(key=lambda p: p.start)
    return [_placed(p, folded.span(p.start, p.end), text) for p in _with_roles(page, found, lexicon)]


def _others_of_pairs(
    page: str, found: list[PriceMention], taken: bytearray, lexicon: _Words, language: str
) -> list[PriceMention]:
    """ "44.90 EUR (was 43.20)", "from 43.20 to 44.90 EUR": beside a price its other value may stand without currency."""
    others = []
    for price in found:
        for match in (
            lexicon.second.match(page, price.end),
            lexicon.first.search(page, max(0, price.start - 32), price.start),
        ):
            if match and not any(taken[slice(*match.span("amount"))]):
                start, end = match.span("amount")
                taken[start:end] = b"\1" * (end - start)
                others.append(PriceMention(start, end, "", read_number(match["amount"], language), price.currency))
    return others


def _placed(price: PriceMention, span: tuple[int, int], text: str) -> PriceMention:
    return replace(price, start=span[0], end=span[1], text=text[span[0] : span[1]])


_ARROW = re.compile(r"\s*(?:->|=>|→)\s*")


def _with_roles(page: str, found: list[PriceMention], lexicon: _Words) -> Iterable[PriceMention]:
    played = [
        (before and before.lastgroup) or (after and after.lastgroup) or "plain"
        for before, after in cues_beside(page, found, lexicon)
    ]
    mark_moves(page, found, lexicon, played, arrow=_ARROW, within=16)
    return [replace(p, role=r) for p, r in zip(found, played, strict=True)]


def find_percentages(text: str, language: str) -> list[PercentMention]:
    """Every percentage in `text`, with its direction where the sentence says one."""
    folded, lexicon = fold(text), _words(base_language(language))
    page, found = folded.text, []
    for match in lexicon.percent.finditer(page):
        clean = " ".join((match["word"] or "").split())
        percent = (
            read_number(match["number"], "en" if "." in match["number"] else "de")
            if match["number"]
            else float(number_words(base_language(language))[clean])
        )
        start, end = folded.span(*match.span())
        near = page[match.end() : match.end() + 12], page[max(0, match.start() - 12) : match.start()]
        tax = any(lexicon.tax.search(side) for side in near)
        value = None if tax else _signed(percent, match, page, lexicon)
        found.append(PercentMention(start, end, text[start:end], percent, value, tax))
    return found


def _signed(percent: float, match: re.Match[str], page: str, lexicon: _Words) -> float | None:
    sign = (match["sign"] or "").strip()
    if sign:
        return percent if sign == "+" else -percent
    behind = re.split(r"[.!?;]\s", page[match.end() : match.end() + 30])[0]
    before = re.split(r"[.!?;]\s", page[max(0, match.start() - 60) : match.start()])[-1]
    nearest: list[tuple[int, float]] = []
    for pattern_, signed in ((lexicon.up, percent), (lexicon.down, -percent)):
        for near in pattern_.finditer(before):
            nearest.append((len(before) - near.end(), signed))
        if near_behind := pattern_.search(behind):
            nearest.append((near_behind.start(), signed))
    return min(nearest)[1] if nearest else None


def apply_percent(price: float, percent: float) -> tuple[float, str]:
    """`price` changed by signed `percent`, rounded half up to cents, and a note for a person that says so.

    4.35 changed by +3.5 gives 4.50: 4.35 × (1 + 3.5/100) = 4.50225."""
    exact = Decimal(str(price)) * (1 + Decimal(str(percent)) / 100)
    rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    digits = exact.normalize()
    note = f"{price:g} {percent:+g} % = {digits:f}" + (f", rounded to {rounded}" if rounded != exact else "")
    return float(rounded), note
