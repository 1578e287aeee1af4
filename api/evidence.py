"""A part's text cut where something changes: who wrote it, what was read there, and where a table begins.

Joined again, the pieces are the text, character for character, but for what parts the cells of a table; a template only
has to escape them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pydantic import BaseModel, Field

from agent.proposal import Evidence
from tools.message import Cell, Part, PassageKind, Table

LABELS = {
    PassageKind.quoted: "quoted from an earlier message",
    PassageKind.forwarded: "forwarded",
    PassageKind.signature: "signature",
    PassageKind.disclaimer: "disclaimer",
    PassageKind.hidden: "hidden text — not shown to a mail reader",
}
FOLD_AFTER_LINES = 12
_BETWEEN_CELLS = re.compile(r"[\s|;,]*")

Mark = tuple[int, int, int]  # index of the evidence, start, end


class Piece(BaseModel):
    """A run of text; `marks` are the indices of the evidence that covers it."""

    text: str
    marks: list[int] = Field(default_factory=list)


class Block(BaseModel):
    """A passage, or a table in one. `inline` passages start in the middle of a line. `folded` ones are long and hold no
    evidence. A table has `rows` of cells instead of `pieces`, with `header` as the index of its header row."""

    kind: PassageKind
    label: str | None
    inline: bool
    folded: bool
    lines: int
    pieces: list[Piece] = Field(default_factory=list)
    rows: list[list[list[Piece]]] = Field(default_factory=list)
    header: int | None = None

    @property
    def marked(self) -> bool:
        """Whether something was read here."""
        return any(piece.marks for pieces in (self.pieces, *(c for row in self.rows for c in row)) for piece in pieces)


def blocks(part: Part, evidence: Sequence[Evidence]) -> list[Block]:
    """The passages of a part with its evidence marked. Evidence whose text does not stand at its place is left out."""
    marks = [
        (i, e.start, e.end)
        for i, e in enumerate(evidence)
        if e.part == part.name and 0 <= e.start < e.end <= len(part.text) and part.text[e.start : e.end] == e.text
    ]
    tables = [(*span, table) for table in part.tables if (span := _span(part.text, table))]
    found = []
    for kind, start, end in _passages(part):
        covered = any(a < end and b > start for _, a, b in marks)
        lines = part.text.count("\n", start, end) + 1
        folded = kind is not PassageKind.new and lines > FOLD_AFTER_LINES and not covered
        # A folded passage is one block, so that it unfolds as a whole.
        for a, b, table in [(start, end, None)] if folded else _apart(start, end, tables):
            block = Block(
                kind=kind,
                label=LABELS.get(kind) if a == start else None,
                inline=a > 0 and part.text[a - 1] != "\n",
                folded=folded,
                lines=lines,
            )
            if table is None:
                block.pieces = _pieces(part.text, a, b, marks)
            else:
                block.header = table.header
                block.rows = [[_pieces(part.text, c.start, c.end, marks) for c in row] for row in table.rows]
            found.append(block)
    return found


def _passages(part: Part) -> list[tuple[PassageKind, int, int]]:
    """The part's passages in order; what none of them covers counts as new, so that nothing disappears."""
    found, at = [], 0
    for passage in sorted(part.passages, key=lambda p: p.start):
        start, end = max(passage.start, at), min(passage.end, len(part.text))
        if start >= end:
            continue
        if start > at:
            found.append((PassageKind.new, at, start))
        found.append((passage.kind, start, end))
        at = end
    if at < len(part.text):
        found.append((PassageKind.new, at, len(part.text)))
    return found


def _span(text: str, table: Table) -> tuple[int, int] | None:
    """The whole lines that a table takes; None unless its cells follow each other with nothing else between them."""
    cells: list[Cell] = [cell for row in table.rows for cell in row]
    if not cells or not 0 <= cells[0].start <= cells[-1].end <= len(text) or max(len(row) for row in table.rows) < 2:
        return None
    start = text.rfind("\n", 0, cells[0].start) + 1
    end = text.find("\n", cells[-1].end) + 1 or len(text)
    edges = [start, *(edge for cell in cells for edge in (cell.start, cell.end)), end]
    if any(a > b for a, b in pairwise(edges)):
        return None
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return (start, end) if all(_BETWEEN_CELLS.fullmatch(text, a, b) for a, b in gaps) else None


def _apart(start: int, end: int, tables: list[tuple[int, int, Table]]) -> Iterator[tuple[int, int, Table | None]]:
    """A passage cut into its tables and what stands around them. Tables that cross its ends, or each other, stay text."""
    at = start
    for first, last, table in sorted(tables, key=lambda t: t[:2]):
        if at <= first and last <= end:
            if at < first:
                yield at, first, None
            yield first, last, table
            at = last
    if at < end:
        yield at, end, None


def _pieces(text: str, start: int, end: int, marks: list[Mark]) -> list[Piece]:
    inside = [(i, max(a, start), min(b, end)) for i, a, b in marks if a < end and b > start]
    cuts = sorted({start, end, *(a for _, a, _ in inside), *(b for _, _, b in inside)})
    return [Piece(text=text[a:b], marks=[i for i, x, y in inside if x <= a and b <= y]) for a, b in pairwise(cuts)]
