"""How this company and its partners number things, learned from the records, and what a wrong number was meant to be.

A number is held as its key (letters and digits alone). Its *shape* keeps the letters and counts the digits: "P00041"
is `P#5`, "PO/2026/00123" is `PO#9`. Near matches are looked up by making the possible originals of what was written,
so that the cost does not grow with the number of records.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.orderbook import OrderBook, Reference, ReferenceKind

OWN_KINDS = frozenset({"purchase", "sale", "picking"})
# How much a kind of slip still tells: which single record was meant.
EDIT_SCORES = {
    "zeros": 0.9,
    "confusable": 0.88,
    "prefix": 0.8,
    "transposed": 0.6,
    "missing": 0.5,
    "extra": 0.5,
    "replaced": 0.4,
}
_AS_DIGITS = str.maketrans("OQDILZSB", "00011258")
_AS_LETTERS = {"0": "O", "1": "I", "5": "S", "8": "B", "2": "Z"}
_TAIL = re.compile(r"^(.*?)(\d+)$")
_LONGEST = 30


@dataclass(frozen=True, slots=True)
class NearMatch:
    """A record that a number is close to. `edit` names the slip (a key of `EDIT_SCORES`); `score` in 0..1."""

    reference: Reference
    edit: str
    score: float


def shape_of(key: str) -> str:
    return re.sub(r"\d+", lambda m: f"#{len(m[0])}", key)


class Numbering:
    """Shapes and look-ups over all references of an order book."""

    def __init__(self, book: OrderBook) -> None:
        self.exact = book.by_key
        self._by_value: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._by_number: dict[int, list[str]] = defaultdict(list)
        self._by_digits: dict[str, list[str]] = defaultdict(list)
        counts: dict[str, Counter[ReferenceKind]] = defaultdict(Counter)
        letters: set[str] = set()
        for key, references in self.exact.items():
            tail = _TAIL.match(key)
            if tail is None:
                continue
            self._by_value[tail[1], int(tail[2])].append(key)
            kinds = {r.kind for r in references}
            if kinds & OWN_KINDS:
                self._by_number[int(tail[2])].append(key)
            digits = "".join(c for c in key if c.isdigit())
            if len(digits) >= 5 and digits != key:
                self._by_digits[digits.lstrip("0")].append(key)
            shape = shape_of(key)
            for kind in kinds:
                counts[shape][kind] += 1
            letters.update(c for c in key if c.isalpha())
        self._shapes = {
            shape: kinds.most_common(1)[0][0]
            for shape, kinds in counts.items()
            if kinds.total() >= 2 or kinds.keys() & OWN_KINDS
        }
        self._letters = "".join(sorted(letters)) if len(letters) <= 30 else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def kind_of_shape(self, key: str) -> ReferenceKind | None:
        """The kind of number that looks like this one, even where no record has it."""
        return self._shapes.get(shape_of(key))

    def near(self, key: str, *, labelled: bool) -> list[NearMatch]:
        """Records whose number this one may be a slip of, best first.

        `labelled`: a word before the number says that it is one, so a bare "41" may stand for P00041."""
        if not 1 <= len(key) <= _LONGEST:
            return []
        for tier in (self._spellings(key), self._other_prefixes(key, labelled=labelled), self._slips(key)):
            found: dict[Reference, str] = {}
            for other, edit in tier:
                if other != key:
                    for reference in self.exact.get(other, ()):
                        found.setdefault(reference, edit)
            if found:
                same = Counter(found.values())
                matches = [
                    NearMatch(reference, edit, round(EDIT_SCORES[edit] / same[edit] ** 0.5, 3))
                    for reference, edit in found.items()
                ]
                return sorted(matches, key=lambda m: -m.score)[:12]
        return []

    def _spellings(self, key: str) -> Iterator[tuple[str, str]]:
        """Other ways to write a number that leave no doubt about its digits."""
        tail = _TAIL.match(key)
        if tail:
            for other in self._by_value.get((tail[1], int(tail[2])), ()):
                yield other, "zeros"
        head = len(key) - len(key.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        for start in range(head + 1):
            swapped = key[:start] + key[start:].translate(_AS_DIGITS)
            if swapped != key:
                yield swapped, "confusable"
                again = _TAIL.match(swapped)
                for other in self._by_value.get((again[1], int(again[2])), ()) if again else ():
                    yield other, "confusable"
        if key[:1] in _AS_LETTERS:
            yield _AS_LETTERS[key[0]] + key[1:], "confusable"

    def _other_prefixes(self, key: str, *, labelled: bool) -> Iterator[tuple[str, str]]:
        """The same digits behind other letters, or letters missing or added."""
        digits = "".join(c for c in key if c.isdigit())
        if labelled and key.isdigit():
            for other in self._by_number.get(int(key), ()):
                yield other, "prefix"
        if len(digits) >= 5 and len(key) - len(digits) <= 4:
            for other in self._by_digits.get(digits.lstrip("0"), ()):
                yield other, "prefix"
            if not key.isdigit():
                yield digits, "prefix"

    def _slips(self, key: str) -> Iterator[tuple[str, str]]:
        """All keys one slip of the finger away: two characters swapped, one missing, one too many, one wrong."""
        if len(key) < 5 or sum(c.isdigit() for c in key) < 3:
            return
        alphabet = "0123456789" if key.isdigit() else "0123456789" + self._letters
        for i in range(len(key) - 1):
            if key[i] != key[i + 1]:
                yield key[:i] + key[i + 1] + key[i] + key[i + 2 :], "transposed"
        for i in range(len(key) + 1):
            for c in _alphabet_at(key, i, alphabet):
                yield key[:i] + c + key[i:], "missing"
        for i in range(len(key)):
            yield key[:i] + key[i + 1 :], "extra"
        for i in range(len(key)):
            for c in _alphabet_at(key, i, alphabet):
                if c != key[i]:
                    yield key[:i] + c + key[i + 1 :], "replaced"


def _alphabet_at(key: str, i: int, alphabet: str) -> Iterable[str]:
    """Digits where digits stand on both sides, so that a slip never invents a letter inside a run of digits."""
    inside = (i == 0 or key[i - 1].isdigit()) and (i + 1 >= len(key) or key[i + 1].isdigit()) and i > 0
    return "0123456789" if inside else alphabet
