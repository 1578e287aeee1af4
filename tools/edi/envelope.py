"""What X12 and EDIFACT have in common: documents that begin and end with a segment of their own, within an envelope."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol, TypeVar


class Tagged(Protocol):
    @property
    def tag(self) -> str: ...


AnySegment = TypeVar("AnySegment", bound=Tagged)


def documents_in(
    segments: Iterable[AnySegment], *, begin: str, end: str, envelope: Collection[str]
) -> Iterator[list[AnySegment]]:
    """The segments of each document, from tag `begin` to tag `end`; one that is not ended goes to the next document, to
    a segment of the `envelope`, or to where reading stopped."""
    current: list[AnySegment] = []
    for segment in segments:
        if segment.tag == begin or segment.tag in envelope:
            if current:
                yield current
            current = [segment] if segment.tag == begin else []
        elif current:
            current.append(segment)
            if segment.tag == end:
                yield current
                current = []
    if current:
        yield current
