"""Text that is laid out piece by piece while the offsets of its cells and marked runs are kept."""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tools.message import Cell, Passage, PassageKind, Table

# Format characters that no reader sees; left in, they split words and numbers.
_UNSEEN = {
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0,
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10),
    *range(0xFFF9, 0xFFFC), *range(0xE0100, 0xE01F0),
}  # fmt: skip
_CONTROL = {*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A}
_TABLE: dict[int, str | None] = dict.fromkeys(_UNSEEN | _CONTROL)
_TABLE.update({0x00A0: " ", 0x202F: " ", 0x2007: " ", 0x2028: "\n", 0x2029: "\n", 0x85: "\n", 0x0C: "\n", 0x0B: "\n"})
_TAGS = re.compile("[\U000e0000-\U000e007f]+")
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Text as a reader sees it: one kind of line end and space, composed letters, no unseen characters."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_TABLE)
    if not text.isascii():
        text = _TAGS.sub("", _SURROGATES.sub("\ufffd", text))
        text = unicodedata.normalize("NFC", text)
    return text


def smuggled(text: str) -> str:
    """What invisible Unicode tag characters spell (U+E0020 to U+E007E stand for ASCII), or ''."""
    return " ".join(
        "".join(chr(ord(c) - 0xE0000) for c in run if 0x20 <= ord(c) - 0xE0000 < 0x7F) for run in _TAGS.findall(text)
    ).strip()


@dataclass
class Layout:
    """A text under construction. `marks` are runs with a kind of their own; `full` once `limit` is reached."""

    limit: int
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    tables: list[Table] = field(default_factory=list)
    marks: list[Passage] = field(default_factory=list)
    full: bool = False
    _tail: str = "\n\n"

    def write(self, text: str) -> tuple[int, int]:
        """Append and return where the text stands (cut when the limit is reached)."""
        start = self.length
        if start + len(text) > self.limit:
            text, self.full = text[: self.limit - start], True
        if text:
            self.pieces.append(text)
            self.length += len(text)
            self._tail = (self._tail + text)[-2:]
        return start, self.length

    def break_line(self, blank: bool = False) -> None:
        """End the line, if one is begun; with `blank` leave an empty line too."""
        wanted = "\n\n" if blank else "\n"
        while not self._tail.endswith(wanted) and not self.full:
            self.write("\n")

    def at_line_start(self) -> bool:
        return self._tail.endswith("\n")

    def mark(self, kind: PassageKind, start: int, end: int | None = None) -> None:
        end = self.length if end is None else end
        if end > start:
            self.marks.append(Passage(kind=kind, start=start, end=end))

    def row(self, cells: Sequence[str]) -> list[Cell]:
        """Write a row as one line, cells apart by tabs."""
        self.break_line()
        out = []
        for index, text in enumerate(cells):
            if index:
                self.write("\t")
            text = " ".join(text.split())
            start, end = self.write(text)
            out.append(Cell(text=text[: end - start], start=start, end=end))
        self.write("\n")
        return out

    def text_from(self, start: int) -> str:
        """The text written since offset `start`; costs what has been written since."""
        taken: list[str] = []
        at = self.length
        for piece in reversed(self.pieces):
            if at <= start:
                break
            at -= len(piece)
            taken.append(piece)
        return "".join(reversed(taken))[start - at :] if taken else ""

    def text(self) -> str:
        return "".join(self.pieces)


def cover(length: int, base: Iterable[Passage], over: Iterable[Passage] = ()) -> list[Passage]:
    """Passages that cover `length` characters without gaps: `base` (new where it says nothing), overlaid by `over`."""
    kinds: list[tuple[int, int, PassageKind]] = [(0, length, PassageKind.new)]
    edges: dict[int, None] = {0: None, length: None}
    for passage in (*base, *over):
        start, end = max(0, passage.start), min(length, passage.end)
        if end > start:
            kinds.append((start, end, passage.kind))
            edges[start] = edges[end] = None
    starts: dict[int, list[int]] = {}
    for number, (start, _, _) in enumerate(kinds):
        starts.setdefault(start, []).append(number)
    out: list[Passage] = []

    active: list[int] = []
    points = sorted(edges)
    for start, end in pairwise(points):
        for number in starts.get(start, ()):
            heapq.heappush(active, -number)
        while kinds[-active[0]][1] <= start:
            heapq.heappop(active)
        kind = kinds[-active[0]][2]
        if out and out[-1].kind == kind:
            out[-1].end = end
        else:
            out.append(Passage(kind=kind, start=start, end=end))
    return out
