"""The words by which a product can be named, and when two words are the same word differently written."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz

from agent.lexicon import fold

_SIDES = r"(?: ?[x×*] ?\d+(?:[.,]\d+)?)"
WORD = re.compile(rf"\d+(?:[.,]\d+)?{_SIDES}+|(?<!\w)[^\W\d_]{{1,2}}\d+(?:[.,]\d+)?{_SIDES}*(?!\w)|[^\W\d_]+|\d+")
COUNTED = re.compile(r"(?<![\w.,])(?P<number>\d{1,2})[ -]?(?P<noun>[^\W\d_]{3,})")
_INFLECTIONS = frozenset(("s", "es", "e", "en", "n", "er", "i", "y", "a", "u", "ow", "ie", "x"))
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Words of grammar and of every order; they name no product.
EMPTY = frozenset((
    "the", "and", "for", "with", "from", "our", "your", "you", "are", "not", "all", "both", "two", "per",
    "und", "mit", "fur", "von", "der", "die", "das", "den", "dem", "ein", "eine", "aus", "auf", "nur",
    "bei", "les", "des", "une", "pour", "avec", "par", "sur", "del", "los", "las", "con", "por", "para",
    "una", "dei", "gli", "delle", "della", "nel", "een", "het", "van", "voor", "met", "bij", "dla", "jest",
    "oraz", "set", "cm", "mm", "order", "bestellung", "auftrag", "ordine", "commande", "pedido",
    "zamowienie", "pcs", "stk", "stuck", "pieces", "nach", "zum", "zur", "sie", "wir", "ihr", "ist", "sind",
    "was", "has", "have", "will", "can", "new", "this", "that",
))  # fmt: skip


@lru_cache(20_000)
def product_words(text: str) -> frozenset[str]:
    """The words by which a product can be named: folded, codes in brackets left out, "600 x 400" as "600x400", "M 8"
    and its like only where written as one ("M8x40").

    A small number and its noun ("3 drawers") are a word too, for they often are all that tells two products apart."""
    named = re.sub(r"\[[^\]]*\]", " ", text)
    found = {plain(m[0]) for m in WORD.finditer(named)}
    found = {w for w in found if (len(w) >= 3 or (w[-1].isdigit() and len(w) == 2)) and w not in EMPTY}
    return frozenset(found | {counted(m) for m in COUNTED.finditer(named)})


def counted(match: re.Match[str]) -> str:
    """A match of `COUNTED` as a word: "3 Drawers" → "3_drawers"."""
    return f"{match['number']}_{plain(match['noun'])}"


@lru_cache(50_000)
def plain(word: str) -> str:
    """A word folded; the sides of a measure joined by x."""
    return fold(word).text.replace(" ", "").replace("*", "x")


def likeness(word: str, term: str) -> float:
    """0..1: whether two folded words are one: equal, inflected, misspelled, or one a part of the other's compound."""
    if word == term:
        return 1.0
    if "_" in term or "_" in word:
        (number, _, noun), (other, _, named) = word.partition("_"), term.partition("_")
        return likeness(noun, named) if number == other and noun and named else 0.0
    if is_size(word) or is_size(term):
        return _same_size(word, term)
    if word[0].isdigit() or term[0].isdigit() or min(len(word), len(term)) < 3:
        return 0.0
    short, long = sorted((word, term), key=len)
    if long.startswith(short) and len(long) - len(short) <= (2 if len(short) < 5 else 3):
        # Of a word of three letters only an inflection: "box" and "boxes", not "hat" and "hatch".
        return 0.95 if len(short) > 3 or long[3:] in _INFLECTIONS else 0.0
    if len(short) >= 5:
        if long.startswith(short) or long.endswith(short):
            return 0.75
        if len(short) >= 6 and any(long.endswith(short[:-cut]) for cut in (1, 2)):
            return 0.7
        common = next((i for i, (a, b) in enumerate(zip(word, term, strict=False)) if a != b), len(short))
        if common >= 5 and common >= 0.7 * len(long):
            return 0.85
        if fuzz.ratio(word, term) >= 86:
            return 0.8
    elif len(short) == 4 and long.endswith(short) and len(long) >= 8:
        return 0.6
    return 0.0


def is_size(word: str) -> bool:
    """Whether a folded word is a size: "m10", "8x40", "m8x40"."""
    return word[-1].isdigit() and not word.isdigit()


def _same_size(word: str, term: str) -> float:
    """A size may leave out its letter or its last sides: "M8", "8x40" and "8" for "M8x40"."""
    bare, whole = word.lstrip(_LETTERS), term.lstrip(_LETTERS)
    if word != bare and term != whole and word[: -len(bare)] != term[: -len(whole)]:
        return 0.0
    if bare == whole:
        return 0.9
    if not whole.startswith(f"{bare}x"):
        return 0.0
    return 0.8 if "x" in bare or word != bare else 0.5


def term_ends(term: str) -> set[str]:
    """Keys under which a product's word is kept; two words that are alike share one with `word_ends`."""
    ends = {f"{term[:3]}-", f"-{term[-4:]}"}
    if "_" in term:
        return {f"{term.partition('_')[0]}_"}
    if term[-1].isdigit():
        ends |= {f"{term.lstrip(_LETTERS).partition('x')[0]}-", term}
    return ends


def word_ends(word: str) -> set[str]:
    """Keys under which the product words that may be like a word of a text are looked up."""
    if "_" in word:
        return {f"{word.partition('_')[0]}_"}
    if word[-1].isdigit():
        return {f"{word.lstrip(_LETTERS).partition('x')[0]}-", f"{word[:3]}-", word}
    return {f"{word[:3]}-", *(f"-{word[: len(word) - cut][-4:]}" for cut in (0, 1, 2) if len(word) - cut >= 3)}
