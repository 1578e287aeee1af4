"""Names of goods in seven languages: which words of a text and of a product's name mean the same thing.

A Dutch supplier writes "striptangen" where the order says "Abisolierzange". The glossary (`words/trade.tsv`) has a row for
each kind of goods, material or quality; words are compared without their inflection, and long ones also by the last and
the first word that they are made of ("Edelstahlschüssel").
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from agent.lexicon import LANGUAGES, WORDS, fold
from agent.product_words import EMPTY, plain

FILE = WORDS / "trade.tsv"
QUALITIES = "# qualities"
HEAD, KNOWN_WHOLE, MODIFIER = 0.7, 0.5, 0.45
MOST_WORDS = 4
LEAST_PART = 4
# Words that tie the parts of a name ("boîte de dérivation", "tuyau d'arrosage") and are left out on both sides.
_TIES = frozenset((
    "a", "al", "alla", "allo", "au", "aux", "d", "da", "de", "del", "della", "delle", "di", "do", "du", "e", "en", "et",
    "in", "l", "la", "le", "na", "of", "per", "por", "pour", "voor", "s", "sa",
))  # fmt: skip
_ENDINGS = frozenset((
    "", "a", "ach", "ami", "ce", "ces", "che", "chi", "e", "ek", "el", "em", "en", "ens", "er", "ern", "es", "he", "hi",
    "i", "ie", "iem", "in", "ka", "ke", "ki", "ko", "lo", "m", "n", "o", "om", "os", "ow", "r", "s", "se", "t", "te", "u",
    "um", "x", "y", "ych", "ym",
))  # fmt: skip
# What a name loses of its end before an ending is added ("szafka", "szafek"; "coltello", "coltelli").
_LOST = frozenset(
    ("", "a", "ca", "co", "e", "ek", "el", "go", "ga", "i", "ia", "ie", "io", "ka", "ko", "lo", "o", "s", "y")
)
_LOST_OF_SHORT = frozenset(("", "a", "e", "i", "o"))


class Entry(NamedTuple):
    """The words of one name of concept `concept`, as `_bare` spells them."""

    words: tuple[str, ...]
    concept: int
    language: str


class Glossary(NamedTuple):
    """`entries` by the first three letters of their last word; concepts from `qualities` on are materials and looks."""

    entries: Mapping[str, Sequence[Entry]]
    qualities: int


class TradeTerm(NamedTuple):
    """Words `first` to `last` (exclusive) of a text name a concept; `share` (0..1) is how much of them it explains."""

    first: int
    last: int
    concept: int
    share: float


@cache
def glossary() -> Glossary:
    """The glossary as shipped."""
    entries: dict[str, list[Entry]] = defaultdict(list)
    concept, qualities = 0, 0
    for row in FILE.read_text(encoding="utf-8").splitlines():
        if row.startswith("#"):
            qualities = concept if row == QUALITIES else qualities
            continue
        for language, names in zip(LANGUAGES, row.split("\t"), strict=True):
            for name in names.split("/"):
                words = tuple(w for each in re.findall(r"[^\W_]+", name) if (w := _bare(each)) not in _TIES)
                if words:
                    entries[words[-1][:3]].append(Entry(words, concept, language))
        concept += 1
    return Glossary(entries, qualities)


def is_quality(concept: int) -> bool:
    """Whether a concept is a material, a colour or another quality, which names no goods by itself."""
    return concept >= glossary().qualities


def trade_terms(words: Sequence[str], language: str = "und") -> list[TradeTerm]:
    """The goods and qualities that consecutive words of one text name; a longer name does not hide its parts.

    `language` is the text's: its words and English ones are looked up; all languages' where it is not known."""
    bare = ["" if plain(word) in EMPTY else _bare(word) for word in words]
    known = language if language in LANGUAGES else ""
    found: dict[tuple[int, int, int], float] = {}
    for last, word in enumerate(bare):
        for entry, share in _ending_in(word, known):
            first = _start(bare, last, entry.words)
            if first is not None:
                key = (first, last + 1, entry.concept)
                found[key] = max(share, found.get(key, 0.0))
    return [TradeTerm(*key, share) for key, share in found.items()]


def _start(bare: Sequence[str], last: int, words: tuple[str, ...]) -> int | None:
    """Where a name that ends at word `last` begins, or None."""
    at = last
    for wanted in reversed(words[:-1]):
        at -= 1
        while at >= 0 and last - at < MOST_WORDS and bare[at] in _TIES:
            at -= 1
        if at < 0 or not _same(bare[at], wanted):
            return None
    return at


@lru_cache(20_000)
def _ending_in(word: str, language: str) -> tuple[tuple[Entry, float], ...]:
    """Names whose last word this is, or of which it is a compound."""
    spoken = glossary().entries
    whole = [(e, 1.0) for e in spoken.get(word[:3], ()) if _spoken(e, language) and _same(word, e.words[-1])]
    parts = list(whole)
    head = HEAD if not any(len(e.words) == 1 for e, _ in whole) else KNOWN_WHOLE
    for cut in range(LEAST_PART, len(word) - LEAST_PART + 1):
        tail = word[cut:]
        parts += [(e, head) for e in spoken.get(tail[:3], ()) if _part(e, language) and _same(tail, e.words[0])]
    for cut in range(len(word) - LEAST_PART, LEAST_PART - 1, -1):
        front = word[:cut]
        parts += [(e, MODIFIER) for e in spoken.get(front[:3], ()) if _part(e, language) and e.words[0] == front]
    return tuple(parts)


def _spoken(entry: Entry, language: str) -> bool:
    return not language or entry.language == language or entry.language == "en"


def _part(entry: Entry, language: str) -> bool:
    return (
        len(entry.words) == 1
        and len(entry.words[0]) >= LEAST_PART
        and entry.language in ("de", "nl")
        and _spoken(entry, language)
    )


def _same(word: str, entry: str) -> bool:
    """Whether two bare words differ in their inflection at most."""
    if word == entry:
        return True
    shared = next((i for i, (a, b) in enumerate(zip(word, entry, strict=False)) if a != b), min(len(word), len(entry)))
    kept = entry[shared:] in (_LOST if len(entry) > LEAST_PART else _LOST_OF_SHORT)
    return kept and shared >= max(3, len(entry) - 2) and word[shared:] in _ENDINGS


@lru_cache(50_000)
def _bare(word: str) -> str:
    """Folded, doubled letters single, z as s and v as f, so that Dutch and German plurals keep their stem ("dozen" and "doos")."""
    folded = fold(word).text
    stem = folded[:1] + folded[1:].replace("z", "s").replace("v", "f")
    return re.sub(r"(.)\1", r"\1", stem)
