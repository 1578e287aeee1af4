"""ANSI X12: interchanges cut into segments, and the 214 (transportation carrier shipment status) → its facts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from tools.layout import clean

MOST_SEGMENTS = 20_000
_WHEN = re.compile(r"^(?:(\d{2})?(\d{2})(\d{2})(\d{2}))$")


@dataclass
class Status:
    """One AT7: shipment status (element 1650) or appointment status (1652), its reason (1651 for both), and where."""

    status: str = ""
    reason: str = ""
    appointment: bool = False
    when: str = ""
    place: str = ""


@dataclass
class Shipment214:
    reference: str = ""
    shipment_id: str = ""
    scac: str = ""
    references: list[tuple[str, str]] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    parties: list[str] = field(default_factory=list)
    dates: list[tuple[str, str]] = field(default_factory=list)


class X12Error(ValueError):
    """The text is no X12 interchange."""


@dataclass(frozen=True)
class Segment:
    """`segment[1]` is the first element, as the standard counts; what is not there is ''. `str()` is the segment as it
    was sent, at most 100 characters of it."""

    elements: list[str]
    raw: str

    @property
    def tag(self) -> str:
        return self.elements[0].upper()

    def __getitem__(self, position: int) -> str:
        return self.elements[position] if position < len(self.elements) else ""

    def __str__(self) -> str:
        return self.raw[:100]


def segments(text: str) -> list[Segment]:
    """The segments of an interchange. Separators come from ISA (element separator at 4, segment terminator at 106); an
    ISA of wrong width, or none, falls back to `*` and `~`. Raises X12Error.

    A line break ends a segment too: files are often wrapped so, and no element may hold one."""
    text = clean(text).strip()
    start = text.find("ISA")
    if start < 0 and not re.search(r"(?:^|[~\n])ST\W\d{3}\W", text):
        raise X12Error("no ISA or ST segment was found")
    element = text[start + 3] if start >= 0 and len(text) > start + 3 else "*"
    terminator = _terminator(text[max(start, 0) :], element)
    pieces = (piece.strip() for piece in re.split(re.escape(terminator) + r"|\n", text)[:MOST_SEGMENTS])
    return [Segment([part.strip() for part in piece.split(element)], piece) for piece in pieces if piece]


def read_214(given: Iterable[Segment]) -> Shipment214:
    """What the segments of a 214 say.

    B10: reference (carrier's PRO number), shipment identification, SCAC; with B1001 `-`, B1002 alone counts.
    """
    out = Shipment214()
    for segment in islice(given, 5_000):
        _take(out, segment.tag, segment.elements[1:] + [""] * 12)
    return out


def _terminator(text: str, element: str) -> str:
    found = re.match(rf"ISA(?:{re.escape(element)}[^{re.escape(element)}]*){{15}}{re.escape(element)}.(.)", text, re.S)
    return found[1] if found else "~"


def _take(out: Shipment214, name: str, e: list[str]) -> None:
    if name == "B10":
        out.reference, out.shipment_id, out.scac = e[0], e[1], e[2]
    elif name == "L11" and e[0]:
        out.references.append((e[1], e[0]))
    elif name == "MAN" and e[1]:
        out.references.append((e[0], e[1]))
    elif name == "AT7":
        if e[0] or e[1]:
            out.statuses.append(Status(e[0], e[1], False, when(e[4], e[5])))
        if e[2] or e[3]:
            out.statuses.append(Status(e[2], e[3], True, when(e[4], e[5])))
    elif name == "MS1" and out.statuses:
        out.statuses[-1].place = ", ".join(filter(None, e[:3]))
    elif name == "K1":
        out.remarks.append(" ".join(filter(None, e[:2])))
    elif name == "NTE":
        out.remarks.append(e[1])
    elif name == "N1" and e[1]:
        out.parties.append(f"{e[0]} {e[1]}")
    elif name == "G62" and e[1]:
        out.dates.append((e[0], when(e[1], e[3])))


def when(date: str, time: str = "") -> str:
    """`CCYYMMDD`/`YYMMDD` and `HHMM` as ISO text, or ''."""
    match = _WHEN.match(date)
    if not match:
        return ""
    day = f"{match[1] or '20'}{match[2]}-{match[3]}-{match[4]}"
    return f"{day} {time[:2]}:{time[2:4]}" if re.fullmatch(r"\d{4,8}", time) else day
