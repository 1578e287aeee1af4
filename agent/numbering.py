"""How this company and its partners number things, learned from the records, and what a wrong number was meant to be.

Near matches are looked up by making the possible originals of what was written, so that the cost does not grow with
the number of records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.key_table import KeyTable
from agent.orders import Reference, ReferenceKind
from agent.reference_keys import digit_runs, digits_of, possible_counters, reference_key, shape_of

# How much a kind of slip still tells: which single record was meant.
EDIT_SCORES = {
    "zeros": 0.9,
    "confusable": 0.88,
    "prefix": 0.8,
    "transposed": 0.6,
    "missing": 0.5,
    "extra": 0.5,
    "letters": 0.45,
    "replaced": 0.4,
}
_AS_DIGITS = str.maketrans("OQDILZSB", "00011258")
_AS_LETTERS = {"0": "O", "1": "I", "5": "S", "8": "B", "2": "Z"}
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST = 30


@dataclass(frozen=True, slots=True)
class NearMatch:
    """A record that a number is close to. `edit` names the slip (a key of `EDIT_SCORES`); `score` in 0..1."""

    reference: Reference
    edit: str
    score: float


class Numbering:
    """What a number may have been meant to be, by the numbers of a key table."""

    def __init__(self, keys: KeyTable) -> None:
        self._keys = keys

    def kind_of_shape(self, key: str) -> ReferenceKind | None:
        """The kind of number that looks like this one, even where no record has it."""
        return self._keys.kind_of_shape(shape_of(key))

    def near(self, written: str, *, labelled: bool) -> list[NearMatch]:
        """Records whose number this one, as written, may be a slip of, best first.

        `labelled`: a word before the number says that it is one, so a bare "41" may stand for P00041."""
        key = reference_key(written)
        if not 1 <= len(key) <= _LONGEST:
            return []
        tiers = (self._spellings(key, written), self._incomplete(key, written, labelled=labelled), self._slips(key))
        for tier in tiers:
            edits: dict[str, str] = {}
            for other, edit in tier:
                edits.setdefault(other, edit)
            edits.pop(key, None)
            known = self._keys.find(edits)
            found: dict[Reference, str] = {}
            for other, edit in edits.items():
                for reference in known.get(other, ()):
                    found.setdefault(reference, edit)
            if found:
                same = Counter(found.values())
                matches = [
                    NearMatch(reference, edit, round(EDIT_SCORES[edit] / same[edit] ** 0.5, 3))
                    for reference, edit in found.items()
                ]
                return sorted(matches, key=lambda m: -m.score)[:12]
        return []

    def _spellings(self, key: str, written: str) -> Iterator[tuple[str, str]]:
        """Other ways to write a number that leave no doubt about its digits."""
        for counter in possible_counters(written):
            for other in self._keys.with_counter(*counter):
                yield other, "zeros"
        head = len(key) - len(key.lstrip(_ALPHABET))
        for start in range(head + 1):
            swapped = key[:start] + key[start:].translate(_AS_DIGITS)
            if swapped != key:
                yield swapped, "confusable"
                for counter in possible_counters(swapped):
                    for other in self._keys.with_counter(*counter):
                        yield other, "confusable"
        if key[:1] in _AS_LETTERS:
            yield _AS_LETTERS[key[0]] + key[1:], "confusable"

    def _incomplete(self, key: str, written: str, *, labelled: bool) -> Iterator[tuple[str, str]]:
        """The same digits with letters missing or added, or (after a word) the counter alone: "41", "2026/41"."""
        digits = "".join(digit_runs(key))
        if labelled and key.isdigit():
            runs = digit_runs(written)
            for i, run in enumerate(runs):
                rest = runs[:i] + runs[i + 1 :]
                for other in self._keys.with_number(int(run)):
                    if all(each in other for each in rest):
                        yield other, "prefix"
        if len(digits) >= 5 and key.isdigit():
            for other in self._keys.with_digits(digits_of(key)):
                yield other, "prefix"
        if len(digits) >= 5 and len(digits) < len(key) <= len(digits) + 4:
            yield digits, "prefix"

    def _slips(self, key: str) -> Iterator[tuple[str, str]]:
        """All keys one slip of the finger away: two characters swapped, one missing, one too many, one wrong."""
        if len(key) < 5 or sum(c.isdigit() for c in key) < 3:
            return
        alphabet = "0123456789" if key.isdigit() else "0123456789" + self._keys.letters
        if len("".join(digit_runs(key))) >= 5 and not key.isdigit():
            for other in self._keys.with_digits(digits_of(key)):
                yield other, "letters"
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
