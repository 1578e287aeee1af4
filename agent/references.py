"""References in text: the numbers by which people name orders, shipments and invoices, however they spell them.

First every run of neighbouring tokens is looked up exactly (case, spaces, hyphens and slashes do not count). What is
left over is a reference too where it looks like one: by the shape of the numbers on record, by a carrier's format, or
by the word before it ("order", "Lieferschein", "ns. rif."). Phone numbers, bank accounts, dates, prices and
quantities are none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agent.numbering import NearMatch, Numbering
from agent.orderbook import OrderBook
from agent.orders import Reference, ReferenceKind
from agent.reference_keys import reference_key

WORDS_PATH = Path(__file__).with_name("reference_words.yaml")
LONGEST_TEXT = 60_000
LONGEST_RUN = 7
MOST_UNKNOWN = 80
# Digits in a number on record that is no phone number or price by chance (parcels' numbers begin with 00, too).
SURELY_MEANT = 12
SHORTEST = 3

_TOKEN = re.compile(r"[^\W_]+")
_JOINT = re.compile(r"[ \t\u00a0]?[-‐‑–_/.\\:#'’ \t\u00a0][ \t\u00a0]?")
_CHUNK = re.compile(r"[^\W_]+(?:[-‐‑–_/.\\][^\W_]+)*")
_TRACKING = (
    re.compile(r"\b1Z ?(?:[0-9A-Z] ?){15}[0-9]\b"),
    re.compile(r"\b[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}\b"),
    re.compile(r"\bJ[A-Z]{1,3} ?(?:\d ?){15,19}\d\b"),
    re.compile(r"(?<![\d.,/-])\d(?: ?\d){17,21}(?![\d.,/-]?\d)"),
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MEANT: dict[str, tuple[ReferenceKind, ...]] = {
    "purchase": ("purchase", "sale", "partner_ref", "client_order_ref"),
    "order": ("purchase", "sale", "partner_ref", "client_order_ref"),
    "theirs": ("partner_ref", "client_order_ref"),
    "delivery": ("picking",),
    "invoice": ("invoice",),
    "tracking": ("tracking",),
}
_LABELLED_TRACKING = re.compile(
    r"(?<![\w.,/-])(?:\d{3}-\d{4} ?\d{4}|\d(?: ?\d){5,21}(?:-\d)?|\d{5}-\d|(?=(?:[A-Z-]*\d){5})[A-Z0-9][A-Z0-9-]{7,24})(?![\w])"
)


@dataclass(frozen=True, slots=True)
class ReferenceMention:
    """A number in a text. `text` is what stands at `start:end`.

    `exact` are the records that bear the number; `near` those it may be a slip of (only where nothing is exact).
    `label` is what the word before it says it is (purchase, order, theirs, delivery, invoice, tracking), if any.
    `bare`: digits alone with no such word, which may name something else entirely."""

    start: int
    end: int
    text: str
    kind: ReferenceKind
    exact: list[Reference] = field(default_factory=list)
    near: list[NearMatch] = field(default_factory=list)
    label: str | None = None
    bare: bool = False

    @property
    def key(self) -> str:
        return reference_key(self.text)


class References:
    """The references of one order book, ready to be found in any text."""

    def __init__(self, book: OrderBook) -> None:
        self._keys = book.keys
        self.numbering = Numbering(book.keys)

    def find(self, text: str) -> list[ReferenceMention]:
        """References in reading order; they do not overlap. At most the first `LONGEST_TEXT` characters are read."""
        reading = _Reading(text[:LONGEST_TEXT])
        mentions = self._exact(reading)
        mentions += self._trackings(reading, mentions)
        mentions += self._unknown(reading, mentions)
        return sorted(mentions, key=lambda m: m.start)

    def _exact(self, reading: _Reading) -> list[ReferenceMention]:
        runs = [reading.run_end(i) for i in range(len(reading.tokens))]
        keys = {reading.key_of(i, j) for i, end in enumerate(runs) for j in range(i + 1, end + 1)}
        known = self._keys.find(key for key in keys if any(c.isdigit() for c in key))
        found: list[ReferenceMention] = []
        i = 0
        while i < len(runs) and known:
            for j in range(runs[i], i, -1):
                references = known.get(reading.key_of(i, j))
                mention = references and self._known(reading, i, j, references)
                if mention:
                    found.append(mention)
                    i = j
                    break
            else:
                i += 1
        return found

    def _known(self, reading: _Reading, i: int, j: int, references: list[Reference]) -> ReferenceMention | None:
        key = reading.key_of(i, j)
        start, end = reading.tokens[i][0], reading.tokens[j - 1][1]
        written = reading.text[start:end]
        label = reading.label_before(start)
        spaced = any(c.isspace() for c in written)
        if key.isdigit():
            looks_other = len(key) < SURELY_MEANT and reading.is_masked(start, end)
            if looks_other or reading.is_part_of_number(start, end):
                return None
            if len(key) < (SHORTEST if label else 7 if spaced else 5):
                return None
        elif len(key) < (5 if spaced else 3) or reading.in_account(start, end):
            return None
        kind = _kind(references, label)
        return ReferenceMention(
            start, end, written, kind, references, label=label, bare=key.isdigit() and label is None
        )

    def _trackings(self, reading: _Reading, taken: list[ReferenceMention]) -> list[ReferenceMention]:
        """Numbers in a carrier's format, known or not."""
        found: list[ReferenceMention] = []
        spans = [m.span() for pattern in _TRACKING for m in pattern.finditer(reading.text.upper())]
        spans += [
            m.span() for m in _LABELLED_TRACKING.finditer(reading.text) if reading.label_before(m.start()) == "tracking"
        ]
        for start, end in spans:
            if _overlaps(start, end, [*taken, *found]) or reading.in_account(start, end):
                continue
            written = reading.text[start:end]
            near = self.numbering.near(written, labelled=False)
            near = [match for match in near if match.reference.kind == "tracking"]
            label = reading.label_before(start)
            found.append(ReferenceMention(start, end, written, "tracking", near=near, label=label))
        return found

    def _unknown(self, reading: _Reading, taken: list[ReferenceMention]) -> list[ReferenceMention]:
        found: list[ReferenceMention] = []
        tried = 0
        for start, end in reading.chunks():
            if tried >= MOST_UNKNOWN:
                break
            if _overlaps(start, end, taken) or (found and start < found[-1].end):
                continue
            label = reading.label_before(start) or reading.label_of_list(start, [*taken, *found])
            mention = self._judge(reading, start, end, label)
            tried += 1
            if mention:
                found.append(mention)
        return found

    def _judge(self, reading: _Reading, start: int, end: int, label: str | None) -> ReferenceMention | None:
        """A number that no record bears: a slip of one that does, a well-formed stranger, or no reference at all."""
        text = reading.text
        key = reference_key(text[start:end])
        digits = sum(c.isdigit() for c in key)
        if reading.is_masked(start, end) or reading.in_account(start, end):
            return None
        if key.isdigit():
            if reading.is_part_of_number(start, end) or reading.names_other(start):
                return None
            if label is None and not (text[start] == "0" and digits >= 4):
                return None
            if digits < 4 and not reading.is_closed_number(start, end):
                return None
        elif digits < 2 or re.fullmatch(r"\d+(?:X\d+)+[A-Z]*|\d{1,3}[A-Z]{1,3}|Q[1-4]\d{2,4}", key):
            return None
        shape = self.numbering.kind_of_shape(key) if not (key.isdigit() and label is None) else None
        near = _as_labelled(
            self.numbering.near(text[start:end], labelled=label is not None or text[start] == "0"), label
        )
        if reading.label_of_word(start, end):
            # "AB 26-4248" may be the number AB26-4248 with a slip, but "PO 41" is number 41.
            letters = key[: len(key) - len(key.lstrip(_LETTERS))]
            near = [match for match in near if reference_key(match.reference.value).startswith(letters)]
            if not near:
                return None
            label = reading.label_of_word(start, end)
        if not key.isdigit() and shape is None and label is None:
            near = [match for match in near if match.edit in ("zeros", "confusable", "prefix")]
        kind: ReferenceKind | None = near[0].reference.kind if near else shape
        if kind is None and label and digits >= 3:
            kind = "invoice" if label == "invoice" else "tracking" if label == "tracking" and digits >= 8 else "unknown"
        if kind is None:
            return None
        return ReferenceMention(start, end, text[start:end], kind, near=near, label=label)


class _Reading:
    """One text with its tokens and the places where a number is no reference."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = _fold(text)
        self.tokens = [m.span() for m in _TOKEN.finditer(text)]
        self.keys = [reference_key(text[a:b]) for a, b in self.tokens]
        words = _words()
        self._masked = sorted(m.span() for pattern in words.not_references for m in pattern.finditer(self.folded))
        self._accounts = [m.span() for m in _ACCOUNT.finditer(text) if _is_account(m[0])]

    def run_end(self, i: int) -> int:
        """Where the run of tokens from `i` ends that are joined by at most a space and one mark on one line."""
        j = i + 1
        while j < len(self.tokens) and j < i + LONGEST_RUN:
            gap = self.text[self.tokens[j - 1][1] : self.tokens[j][0]]
            if not _JOINT.fullmatch(gap):
                break
            j += 1
        return j

    def key_of(self, i: int, j: int) -> str:
        """The key of the tokens from `i` to before `j`."""
        return "".join(self.keys[i:j])

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Unbroken runs that hold a digit; a short word of letters before one ("AB 26-4248") is tried with it first."""
        for m in _CHUNK.finditer(self.text):
            if not any(c.isdigit() for c in m[0]):
                continue
            before = re.search(r"(?<![\w-])([A-Z]{1,4})[ \u00a0]$", self.text[max(0, m.start() - 6) : m.start()])
            if before and m[0][0].isdigit():
                yield m.start() - len(before[1]) - 1, m.end()
            yield m.span()

    def label_before(self, start: int) -> str | None:
        """What the word before this place says the number is."""
        before = self.folded[max(0, start - 48) : start]
        found = _words().before.search(before)
        if not found:
            return None
        word = found["word"].strip()
        at = start - len(before) + found.start("word")
        if len(word) <= 2 and not self.text[at : at + len(word)].isupper():
            return None
        return _words().label_of.get(re.sub(r"\s+", " ", word))

    def label_of_word(self, start: int, end: int) -> str | None:
        """What the letters before a space at the beginning of a chunk say ("AB 26-4248"), if they are such a word."""
        word, space, _ = self.folded[start:end].partition(" ")
        return _words().label_of.get(word) if space else None

    def label_of_list(self, start: int, mentions: list[ReferenceMention]) -> str | None:
        """The label of the reference that this one follows in a list ("orders 41, 42 and 43")."""
        for mention in mentions:
            between = self.folded[mention.end : start]
            if 0 < len(between) <= 7 and re.fullmatch(r"\s*(?:[,;/&+]|and|und|et|e|y|en|i|a|oraz|sowie)\s*#?", between):
                return mention.label
        return None

    def names_other(self, start: int) -> bool:
        return _words().other_before.search(self.folded[max(0, start - 30) : start]) is not None

    def is_part_of_number(self, start: int, end: int) -> bool:
        before, after = self.text[max(0, start - 2) : start], self.text[end : end + 2]
        return bool(re.search(r"\d[-.,/:'’]$|[+]$", before) or re.match(r"[-.,/:'’]\d|%|°", after))

    def is_closed_number(self, start: int, end: int) -> bool:
        """Short numbers count only with a marker before ("no. 41", "#41") or nothing that is counted after."""
        marked = re.search(r"(?:no|nr|n°|nº|num|numero|number|nummer|numer|#)\s*[.:#]*\s*$", self.folded[:start][-12:])
        counted = re.match(r"[ \u00a0]+(?!(?:is|ist|and|und|for|from)\b)[^\W\d]", self.text[end : end + 12])
        return bool(marked) or not counted

    def is_masked(self, start: int, end: int) -> bool:
        """Whether a date, time, price, quantity or phone number covers the place."""
        return any(a < end and start < b for a, b in self._masked)

    def in_account(self, start: int, end: int) -> bool:
        return any(a < end and start < b for a, b in self._accounts)


@dataclass(frozen=True)
class _Words:
    label_of: dict[str, str]
    before: re.Pattern[str]
    other_before: re.Pattern[str]
    not_references: list[re.Pattern[str]]


@cache
def _words() -> _Words:
    raw: dict[str, Any] = yaml.safe_load(WORDS_PATH.read_text(encoding="utf-8"))
    label_of = {word: label for label, words in raw["labels"].items() for word in words}
    marker = rf"(?:[\s.:\-]*(?:{_any(raw['markers'])}))?[\s.:#\-–(\[\"'„“]*"
    others, units = _any(raw["other_numbers"]), _any(raw["units"])
    number = r"\d[\d .,'’]*"
    return _Words(
        label_of=label_of,
        before=re.compile(rf"(?<![\w]){'(?P<word>' + _any(label_of) + ')'}{marker}$"),
        other_before=re.compile(rf"(?<!\w)(?:{others})\.?{marker}$"),
        not_references=[
            re.compile(r"(?<![\w/-])\d{4}-\d{2}-\d{2}(?![\w/-])"),
            re.compile(r"(?<![\w/-])\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:(?:19|20)\d{2}|\d{2})(?![\w/-])"),
            re.compile(r"(?<![\w./-])\d{1,2}\.\d{1,2}\.(?!\w)"),
            re.compile(r"(?<![\w])\d{1,2}:\d{2}(?::\d{2})?(?![\w])"),
            re.compile(rf"(?<![\w./-]){number}\s?(?:{units})(?!\w)"),
            re.compile(r"(?:€|\$|£|\b(?:eur|usd|chf|gbp|pln|czk|huf))\s?\d[\d .,'’]*"),
            re.compile(r"(?<![\w./-])\d{1,3}(?:[.,' ]\d{3})*[.,]\d{1,2}(?![\w.,/-]?\d)"),
            re.compile(rf"(?<!\w)(?:{others})\.?{marker}\+?[\d(][\d ()/.\-–]*"),
            re.compile(r"\+\d[\d ()/.\-–]{6,}"),
            re.compile(r"(?<![\w./-])00\d{2} ?[\d ()/.\-–]{7,}"),
        ],
    )


def _any(words: Any) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(words, key=len, reverse=True))


# ISO 13616: two letters, two check digits, 11 to 30 further characters, usually in groups of four.
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){2,7}(?:[ \u00a0]?[A-Z0-9]{1,4})?\b")
_ACCOUNT_COUNTRIES = re.compile(
    "AT|BE|BG|CH|CY|CZ|DE|DK|EE|ES|FI|FR|GB|GR|HR|HU|IE|IT|LI|LT|LU|LV|MT|NL|NO|PL|PT|RO|RS|SE|SI|SK|TR|UA"
)


def _is_account(text: str) -> bool:
    return bool(_ACCOUNT_COUNTRIES.match(text)) and len(reference_key(text)) >= 15


def _kind(references: list[Reference], label: str | None) -> ReferenceKind:
    wanted = {"delivery": "picking", "invoice": "invoice", "tracking": "tracking"}.get(label or "")
    kinds = [reference.kind for reference in references]
    return next((kind for kind in kinds if kind == wanted), kinds[0])


def _as_labelled(near: list[NearMatch], label: str | None) -> list[NearMatch]:
    """Of several records with one number ("order 41": P00041, S00041, WH/IN/00041), those that the label can mean."""
    meant = _MEANT.get(label or "", ())
    return [match for match in near if match.reference.kind in meant] or near


def _overlaps(start: int, end: int, mentions: list[ReferenceMention]) -> bool:
    return any(m.start < end and start < m.end for m in mentions)


def _fold(text: str) -> str:
    """Lower case without accents, one character for each character of the text."""
    return "".join(map(_fold_character, text))


@cache
def _fold_character(c: str) -> str:
    plain = unicodedata.normalize("NFKD", c)[0].lower()
    return plain if len(plain) == 1 else c
