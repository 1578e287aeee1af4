"""Which of the numbers in a text is the old one and which the new: told by the words right beside them, or by a move
("from 8 to 6", "8 → 6"). Prices and quantities are read alike; their words stand in their own tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

BEFORE, AFTER, OPENING = 32, 24, 12

Found = re.Match[str] | None


class Cues(Protocol):
    """Patterns of one language: role words that end right before a number, or begin right after it (the group that
    matched names the role), and the words that open and join a move."""

    role_before: re.Pattern[str]
    role_after: re.Pattern[str]
    from_word: re.Pattern[str]
    to_word: re.Pattern[str]


class Numbered(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def cues_beside(page: str, found: Sequence[Numbered], cues: Cues) -> list[tuple[Found, Found]]:
    """For each number (in order, disjoint) the role words before and after it, not beyond its neighbours."""
    beside = []
    for i, number in enumerate(found):
        floor = found[i - 1].end if i else 0
        ceiling = found[i + 1].start if i + 1 < len(found) else len(page)
        before = cues.role_before.search(page[max(floor, number.start - BEFORE) : number.start])
        after = cues.role_after.match(page[number.end : min(ceiling, number.end + AFTER)])
        beside.append((before, after))
    return beside


def mark_moves(
    page: str, found: Sequence[Numbered], cues: Cues, played: list[str], *, arrow: re.Pattern[str], within: int
) -> None:
    """Make the two ends of each move `old` and `new` in `played`; its ends are at most `within` characters apart."""
    for i in range(len(found) - 1):
        between = page[found[i].end : found[i + 1].start]
        if len(between) > within:
            continue
        opened = cues.from_word.search(page[max(0, found[i].start - OPENING) : found[i].start])
        if arrow.fullmatch(between) or (opened and cues.to_word.fullmatch(between)):
            played[i], played[i + 1] = "old", "new"
