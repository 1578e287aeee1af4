"""Words of seven languages, and text folded so that they can be found in it.

Readers of values (dates, quantities, prices, tables) search *folded* text: lower case, without accents, soft hyphens
or zero-width characters, exotic spaces made plain. `Folded.span` leads back to code points of the text as given.
The words themselves stand in `agent/words/*.yaml`, by language. A reader of language X knows all of X's words, all
English ones (trade mail mixes it in everywhere), and of the other languages those that are long enough not to be
mistaken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl")
WORDS = Path(__file__).with_name("words")
GAP = r"[ \t]{0,4}\n?[ \t]{0,4}"
SPACE = rf"(?:[ \t]{GAP}|\n[ \t]{{0,4}})"
START = r"(?<![a-z0-9])"
END = r"(?![a-z0-9])"
_SPECIAL = {"ł": "l", "Ł": "l", "ß": "ss", "ẞ": "ss", "ø": "o", "Ø": "o", "æ": "ae", "œ": "oe", "Œ": "oe", "Æ": "ae"}
_PLAIN = {"’": "'", "‘": "'", "`": "'", "´": "'", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "×": "x"}
_DROPPED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f")


def _fold_character(c: str) -> str:
    if c in _DROPPED:
        return ""
    if c in _SPECIAL or c in _PLAIN:
        return _SPECIAL.get(c) or _PLAIN[c]
    if c == "\r":
        return " "
    if unicodedata.decomposition(c).startswith("<super>") and c.isdigit():
        return c
    base = "".join(d for d in unicodedata.normalize("NFKD", c) if not unicodedata.combining(d))
    if len(base) != 1:
        return "" if unicodedata.combining(c) else c
    low = base.lower()
    return low if len(low) == 1 else base


class _Folding(dict[int, str]):
    def __missing__(self, key: int) -> str:
        value = self[key] = _fold_character(chr(key))
        return value


_FOLDING = _Folding()


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is what readers search; `origin[i]` is where its character `i` came from (None: at the same place)."""

    text: str
    length: int
    origin: list[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text as given of `text[start:end]`, with marks that fold away at its end."""
        if self.origin is None or start >= end:
            return start, end
        after = self.origin[end] if end < len(self.origin) else self.length
        return self.origin[start], max(after, self.origin[end - 1] + 1)


def fold(text: str) -> Folded:
    """Fold a text for searching; linear in its length."""
    folded = text.translate(_FOLDING)
    if all(len(_FOLDING[ord(c)]) == 1 for c in set(text)):
        return Folded(folded, len(text))
    origin = [i for i, c in enumerate(text) for _ in _FOLDING[ord(c)]]
    return Folded(folded, len(text), origin)


def spellings(word: str) -> set[str]:
    """The folded forms of a word of the tables; German umlauts also as people without them type them."""
    typed = word.lower().translate({0xE4: "ae", 0xF6: "oe", 0xFC: "ue"})
    return {fold(word).text, fold(typed).text}


@cache
def words(name: str) -> dict[str, Any]:
    """The table `agent/words/<name>.yaml`."""
    loaded: dict[str, Any] = yaml.safe_load((WORDS / f"{name}.yaml").read_text("utf-8"))
    return loaded


def base_language(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]


def known_languages(language: str) -> list[tuple[str, bool]]:
    """The languages to read in, first come first; True where short words count as well."""
    own = base_language(language)
    if own not in LANGUAGES:
        return [(each, each == "en") for each in LANGUAGES]
    rest = [each for each in LANGUAGES if each not in (own, "en")]
    return [(own, True), *([("en", True)] if own != "en" else []), *((each, False) for each in rest)]


def phrases(by_language: Mapping[str, Iterable[str]], language: str, shortest: int = 5) -> Iterator[str]:
    """Phrases in the order of `known_languages`; foreign ones only from `shortest` letters on."""
    seen: set[str] = set()
    for each, short in known_languages(language):
        for phrase in by_language.get(each, ()):
            if phrase not in seen and (short or len(re.sub(r"[^a-z]", "", fold(phrase).text)) >= shortest):
                seen.add(phrase)
                yield phrase


def lookup(by_language: Mapping[str, Mapping[Any, str]], language: str, shortest: int = 5) -> dict[str, Any]:
    """Folded word → value, from tables `{language: {value: "word word_two"}}`; the own language wins."""
    found: dict[str, Any] = {}
    for each, short in known_languages(language):
        for value, forms in by_language.get(each, {}).items():
            for form in str(forms).split():
                for spelled in spellings(form.replace("_", " ")):
                    if short or len(spelled) >= shortest:
                        found.setdefault(spelled, value)
    return found


def any_of(texts: Iterable[str]) -> str:
    """A regex for any of some plain texts, longest first; a space in them matches white space, also a line break."""
    ordered = sorted(set(texts), key=lambda t: (-len(t), t))
    return "(?:" + "|".join(re.escape(t).replace(r"\ ", SPACE) for t in ordered) + ")" if ordered else r"(?!)"


def pattern(phrase: str, **slots: str) -> str:
    """A regex from a phrase of the tables: folded, a space is white space, `{slot}` is replaced, `...` is a gap of at
    most 30 characters within a sentence, an umlaut may be typed with an e. Other regex syntax in the phrase is kept."""
    parts = []
    for piece in re.split(r"(\{[a-z_]+\}|\.\.\.| +)", phrase):
        if piece.startswith("{") and piece[1:-1] in slots:
            parts.append(slots[piece[1:-1]])
        elif piece == "...":
            parts.append(r"(?:[^.!?;\n]|(?<=[0-9])\.){0,30}?")
        elif piece.isspace():
            parts.append(SPACE)
        else:
            parts.append(fold(piece.translate({0xE4: "ae?", 0xF6: "oe?", 0xFC: "ue?"})).text)
    return "".join(parts)


@cache
def number_words(language: str) -> dict[str, int]:
    """Cardinals 1-100 as words, folded → value; compounds are composed by each language's rule."""
    table = words("numbers")
    composed: dict[str, dict[int, str]] = {}
    for each in LANGUAGES:
        entry = table["cardinals"][each]
        forms: dict[int, str] = {int(k): str(v) for k, v in entry["words"].items()}
        rule = entry["compound"]
        for tens in entry["tens"]:
            for unit in range(1, 10):
                if tens + unit in forms:
                    continue
                made = []
                for t in forms[tens].split():
                    for u in forms[unit].split():
                        made += [p.replace("{ten}", t).replace("{unit}", u) for p in rule]
                forms[tens + unit] = " ".join(made)
        composed[each] = forms
    return {k: int(v) for k, v in lookup(composed, language, shortest=4).items()}


@cache
def number_pattern(language: str) -> str:
    """A regex for a number word; longer ones win."""
    return any_of(number_words(language))
