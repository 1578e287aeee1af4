"""A part's text cut where something changes: who wrote it, and what was read there.

Joined again, the pieces are the text, character for character; a template only has to escape them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel, Field

from agent.proposal import Evidence
from tools.message import Part, PassageKind

LABELS = {
    PassageKind.quoted: "quoted from an earlier message",
    PassageKind.forwarded: "forwarded",
    PassageKind.signature: "signature",
    PassageKind.disclaimer: "disclaimer",
    PassageKind.hidden: "hidden text — not shown to a mail reader",
}
FOLD_AFTER_LINES = 12


class Piece(BaseModel):
    """A run of text; `marks` are the indices of the evidence that covers it."""

    text: str
    marks: list[int] = Field(default_factory=list)


class Block(BaseModel):
    """A passage. `inline` passages start in the middle of a line. `folded` ones are long and hold no evidence."""

    kind: PassageKind
    label: str | None
    inline: bool
    folded: bool
    lines: int
    pieces: list[Piece]


def blocks(part: Part, evidence: Sequence[Evidence]) -> list[Block]:
    """The passages of a part with its evidence marked. Evidence whose text does not stand at its place is left out."""
    marks = [
        (i, e.start, e.end)
        for i, e in enumerate(evidence)
        if e.part == part.name and 0 <= e.start < e.end <= len(part.text) and part.text[e.start : e.end] == e.text
    ]
    found = []
    for kind, start, end in _passages(part):
        covering = [(i, max(a, start), min(b, end)) for i, a, b in marks if a < end and b > start]
        lines = part.text.count("\n", start, end) + 1
        found.append(
            Block(
                kind=kind,
                label=LABELS.get(kind),
                inline=start > 0 and part.text[start - 1] != "\n",
                folded=kind is not PassageKind.new and lines > FOLD_AFTER_LINES and not covering,
                lines=lines,
                pieces=_pieces(part.text, start, end, covering),
            )
        )
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


def _pieces(text: str, start: int, end: int, marks: list[tuple[int, int, int]]) -> list[Piece]:
    cuts = sorted({start, end, *(a for _, a, _ in marks), *(b for _, _, b in marks)})
    return [Piece(text=text[a:b], marks=[i for i, x, y in marks if x <= a and b <= y]) for a, b in pairwise(cuts)]
