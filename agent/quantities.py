"""How many of what: quantities as trade mail states them, in seven languages.

A number counts when a unit stands by it ("12 Stück"), when the sentence gives it a part ("15 statt 20", "the remaining
24"), or after a word for quantity. A number before some other word ("15 Stühle") is given too, marked `bare`: only who
knows the order's lines can tell what it counts. Dates, prices, percentages, sizes, times and reference numbers are not
quantities.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from agent.dates import find_dates
from agent.lexicon import (
    END,
    START,
    any_of,
    base_language,
    fold,
    lookup,
    number_words,
    pattern,
    phrases,
    spellings,
    words,
)
from agent.number_roles import cues_beside, mark_moves
from agent.prices import find_percentages, find_prices, read_number

PACK_SIZES = {"dozen": 12.0, "pair": 2.0}
UNITS_OF_ONE = ("dozen", "pallet")  # "a dozen" is a count, "a piece" seldom is
ONE = ("one", "eins", "jeden", "jedna")
ROLES = ("old", "new", "rest", "total")
_ANY_DAY = datetime(2026, 1, 1)
_DIGITS = r"[0-9]{1,3}(?:[.,' ][0-9]{3}){1,2}(?:[.,][0-9]{1,3})?(?![0-9])|[0-9]{1,6}(?:[.,][0-9]{1,3})?(?![0-9])"
_NO_COUNT = re.compile(
    r"[0-9]+(?:[.,][0-9]+)?[ ]?(?:mm|cm|m|\"|')?[ ]?[x*][ ]?[0-9]+(?:[.,][0-9]+)?(?:[ ]?(?:mm|cm|m)?[ ]?[x*][ ]?[0-9]+(?:[.,][0-9]+)?)?"
    r"|(?<![0-9])[0-9]{1,2}[:.][0-9]{2}[ ]?(?:uhr|h\b|am\b|pm\b|hrs)|(?<![0-9])[0-9]{1,2}:[0-9]{2}"
    r"|\+[0-9][0-9 ()/.-]{7,18}|\b0[0-9]{1,4}[ /-][0-9][0-9 /-]{4,14}[0-9]"
    r"|(?<![a-z0-9])[a-z]{1,8}[-_/.]?[0-9][a-z0-9]{0,20}(?:[-_/.][a-z0-9]{1,20}){0,5}|[0-9]{1,20}(?:[-_/][a-z0-9]{1,20}){1,5}"
    r"|[0-9]{1,12}(?:w|v|[ ]?(?:mm|cm|kw|hz|gb|tb|mah|dpi))\b"
)


@dataclass(frozen=True, slots=True)
class QuantityMention:
    """`qty` of `unit` (None: not said) at `text[start:end]`. `pack_size` is how many one unit holds, where said
    ("30 boxes of 12") or known (a dozen). `role`: plain, old, new, rest ("the remaining 24") or total ("of the 40"). `converted` says
    how `qty` was reckoned where it is in another unit than the text's."""

    start: int
    end: int
    text: str
    qty: float
    unit: str | None = None
    pack_size: float | None = None
    role: str = "plain"
    bare: bool = False
    converted: str = ""


class _Words:
    def __init__(self, language: str) -> None:
        table = words("quantities")
        self.language = language
        self.units: dict[str, str] = lookup(table["units"], language, 3)
        self.numbers = number_words(language)
        unit = any_of(self.units)
        holds = "|".join(pattern(p) for p in table["packs_hold"])
        number = rf"(?:{_DIGITS}|{any_of(self.numbers)})"
        size = rf"[ \t]{{0,2}}\(?(?:{holds})[ \t]?(?P<size>[0-9]{{1,4}})\b(?![.,/][0-9])(?:[ \t]?(?:{unit})(?![a-z0-9]))?\)?"
        self.counted = re.compile(
            rf"(?<![a-z0-9])(?<![0-9][.,/:-])(?<![-/#])(?P<number>{number})(?:(?P<times>[ ]?x(?![a-z0-9])(?![ ]?[0-9]))"
            rf"|[- \t]{{0,2}}\n?(?P<unit>{unit})(?![a-z0-9])(?:{size})?|(?P<nothing>(?![a-z0-9])(?![.,:/-][0-9a-z])))"
        )
        self.times_before = re.compile(r"(?<![a-z0-9])(?<![0-9] )x[ ]?(?P<number>[0-9]{1,5})(?![0-9a-z.,])")
        before = "|".join(
            rf"(?P<{r}>{'|'.join(pattern(p) for p in phrases(table['role_before'][r], language))})" for r in ROLES
        )
        after = "|".join(
            rf"(?P<{r}>{made})"
            for r in ("new", "old", "rest")
            if (made := "|".join(pattern(p) for p in phrases(table["role_after"][r], language)))
        )
        self.role_before = re.compile(
            rf"{START}(?:{before})[ \t\n:]{{1,3}}(?:(?:the|der|die|den|les|las|los|le|de|ca\.|about)[ \t\n])?$"
        )
        self.role_after = re.compile(rf"[ \t\n,(]{{1,3}}(?:{after}){END}")
        counted_after = "|".join(pattern(p) for p in phrases(table["counted_after"], language))
        self.cue = re.compile(rf"{START}(?:{counted_after})\.?[ \t]?[:=]?[ \t]{{0,3}}$")
        self.from_word = re.compile(rf"{START}(?:{'|'.join(pattern(p) for p in table['from_words'])})[ \t\n]{{1,3}}$")
        to = "|".join(pattern(p) for p in table["to_words"])
        self.to_word = re.compile(rf"[ \t\n]{{0,3}}(?:{to})(?:[ \t\n](?:only|nur))?[ \t\n]{{0,3}}")
        self.not_counted = {s for w in table["not_counted"] for s in spellings(str(w))}
        times = lookup(words("dates")["units"], language, 3)
        money = [s for forms in words("prices")["currencies"].values() for f in forms for s in spellings(f)]
        months = lookup(words("dates")["months"], language, 3)
        hours = (
            "%",
            "h",
            "uhr",
            "hours",
            "hour",
            "stunden",
            "heures",
            "horas",
            "ore",
            "uur",
            "godzin",
            "years",
            "jahre",
        )
        parts = [s for w in table["parts"] for s in spellings(str(w))]
        self.no_unit = re.compile(
            rf"[ \t\n-]{{0,2}}(?:{any_of([*times, *money, *months, *hours, *parts])})(?![a-z0-9])"
        )


@cache
def _words(language: str) -> _Words:
    return _Words(language)


_WORD_BEFORE = re.compile(r"([^\s,;()]+)[ \t:(]{0,2}$")
_COLUMNS = re.compile(r"\S(?: {2,}|\t)\S")
_WORD_AFTER = re.compile(r"[ \t]{1,2}[a-z]")


def find_quantities(text: str, language: str) -> list[QuantityMention]:
    """Every quantity in `text`, in order and disjoint; offsets are code points of `text`.

    "4 dozen" is 4 of unit dozen with pack_size 12. "1.200" follows the language: a thousand and two hundred where the
    comma is decimal."""
    folded, lexicon = fold(text), _words(base_language(language))
    page = folded.text
    blocked = _blocked(page, text_language=language)
    found: list[QuantityMention] = []
    for match in lexicon.counted.finditer(page):
        start, end = match.span()
        if not any(blocked[slice(*match.span("number"))]) and (mention := _read(page, match, lexicon, language)):
            blocked[start:end] = b"\1" * (end - start)
            found.append(mention)
    for match in lexicon.times_before.finditer(page):
        if not any(blocked[match.start() : match.end()]):
            found.append(QuantityMention(*match.span(), "", float(match["number"]), "piece"))
    found.sort(key=lambda q: q.start)
    placed = []
    for mention in _with_roles(page, found, lexicon):
        if mention.bare and mention.role == "plain" and not _may_count(page, mention):
            continue
        start, end = folded.span(mention.start, mention.end)
        placed.append(replace(mention, start=start, end=end, text=text[start:end]))
    return placed


def _blocked(page: str, text_language: str) -> bytearray:
    """Where numbers say something else."""
    blocked = bytearray(len(page))
    spans = [
        (d.start, d.end) for d in find_dates(page, now=_ANY_DAY, language=text_language) if d.kind not in ("word",)
    ]
    spans += [(p.start, p.end) for p in find_prices(page, text_language)]
    spans += [(p.start, p.end) for p in find_percentages(page, text_language)]
    spans += [m.span() for m in _NO_COUNT.finditer(page)]
    for start, end in spans:
        blocked[start:end] = b"\1" * (end - start)
    return blocked


def _read(page: str, match: re.Match[str], lexicon: _Words, language: str) -> QuantityMention | None:
    written = match["number"]
    start, end = match.span()
    word = _WORD_BEFORE.search(page[max(0, start - 24) : start])
    if word and (word[1] in lexicon.not_counted or word[1].rstrip(".:") in lexicon.not_counted):
        return None
    spelled = not written[0].isdigit()
    qty = float(lexicon.numbers[" ".join(written.split())]) if spelled else read_number(written, language)
    unit = lexicon.units[" ".join(match["unit"].split())] if match["unit"] else None
    if spelled and qty == 1 and unit not in UNITS_OF_ONE and written not in ONE and not (unit and match["size"]):
        return None
    if unit:
        size = float(match["size"]) if match["size"] else PACK_SIZES.get(unit)
        return QuantityMention(start, end, "", qty, unit, size)
    if match["times"]:
        return QuantityMention(start, end, "", qty, "piece")
    if lexicon.no_unit.match(page, end) or (len(written) > 5 and written.isdigit()):
        return None
    if lexicon.cue.search(page[max(0, start - 24) : start]):
        return QuantityMention(start, end, "", qty)
    return QuantityMention(start, end, "", qty, bare=True)


def _may_count(page: str, mention: QuantityMention) -> bool:
    """A bare number is kept only before a word, or as the last cell of a row, and if it is no year."""
    written = page[mention.start : mention.end]
    last = not page[mention.end :].strip() and _COLUMNS.search(page[: mention.start])
    if written.startswith("0") or not (last or _WORD_AFTER.match(page, mention.end)):
        return False
    if not written.isdigit():
        return written.isalpha()
    return not 1990 <= mention.qty <= 2100


_ARROW = re.compile(r"\s*(?:-+>|=+>|→)\s*")


def _with_roles(page: str, found: list[QuantityMention], lexicon: _Words) -> list[QuantityMention]:
    played: list[str] = []
    for i, (before, after) in enumerate(cues_beside(page, found, lexicon)):
        mention, floor = found[i], found[i - 1].end if i else 0
        role = before.lastgroup if before else None
        if before and role == "total" and len(before[0].split()) < 2 and not (i and mention.start - floor < 24):
            role = None
        played.append(role or (after and after.lastgroup) or "plain")
    mark_moves(page, found, lexicon, played, arrow=_ARROW, within=20)
    if not found:
        return []
    part_of_total = [
        r == "total" and m.start - p.end < 24 for p, m, r in zip(found, found[1:], played[1:], strict=False)
    ]
    return [
        replace(q, role=r, bare=q.bare and r == "plain" and not part)
        for q, r, part in zip(found, played, [*part_of_total, False], strict=True)
    ]
