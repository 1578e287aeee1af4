"""X12 997 and 999, EDIFACT CONTRL: what a machine says of an interchange of ours, → documents.

They say whether it could be read there, and nothing about an order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.edi.document import EdiDocument, EdiStatus
from tools.edi.values import status, text
from tools.x12 import Segment

if TYPE_CHECKING:
    from tools.edi.edifact import Segment as EdifactSegment

MOST_ERRORS = 50
# AK501 and IK501 (element 717), AK901 (715).
_X12 = {
    "A": EdiStatus.accepted,
    **dict.fromkeys(("E", "P"), EdiStatus.changed),
    **dict.fromkeys(("M", "R", "W", "X"), EdiStatus.rejected),
}
# UCI, UCF and UCM, 0083: this level and all below it rejected; acknowledged; received.
_EDIFACT = {"4": EdiStatus.rejected, "7": EdiStatus.accepted, "8": EdiStatus.acknowledged}
_WORST = (EdiStatus.rejected, EdiStatus.changed, EdiStatus.acknowledged, EdiStatus.accepted)


def read_x12(document: EdiDocument, given: list[Segment]) -> None:
    """Fill a document from a 997 or 999. What is wrong with it becomes faults."""
    subject = ""
    for segment in given:
        source = str(segment)
        if segment.tag == "AK1":
            document.number = text(f"{segment[1]} {segment[2]}", source)
        elif segment.tag == "AK2":
            subject = f"{segment[1]} {segment[2]}"
        elif segment.tag in ("AK3", "IK3"):
            _error(document, f"{subject}: segment {segment[1]} at {segment[2]}, error {segment[4] or '?'}", source)
        elif segment.tag in ("AK4", "IK4"):
            _error(document, f"{subject}: element {segment[1]}, error {segment[3] or '?'} {segment[4]}", source)
        elif segment.tag in ("AK5", "IK5", "AK9"):
            what = "the group" if segment.tag == "AK9" else subject
            _outcome(document, _X12, segment[1], what, source)
    _require_outcome(document, "AK9")


def read_edifact(document: EdiDocument, given: list[EdifactSegment]) -> None:
    """The same from a CONTRL."""
    subject = ""
    for segment in given:
        source = str(segment)
        if segment.tag == "UCI":
            subject = f"interchange {segment.at(1)}"
            document.number = text(segment.at(1), source)
            _outcome(document, _EDIFACT, segment.at(4), subject, source)
        elif segment.tag == "UCF":
            _outcome(document, _EDIFACT, segment.at(4), f"group {segment.at(1)}", source)
        elif segment.tag == "UCM":
            subject = f"{segment.at(2)} {segment.at(1)}"
            _outcome(document, _EDIFACT, segment.at(3), subject, source)
        elif segment.tag == "UCS":
            _error(document, f"{subject}: segment {segment.at(1)}, error {segment.at(2) or '?'}", source)
        elif segment.tag == "UCD":
            _error(document, f"{subject}: element {segment.at(2)}, error {segment.at(1)}", source)
    _require_outcome(document, "UCI")


def _outcome(document: EdiDocument, codes: dict[str, EdiStatus], code: str, what: str, source: str) -> None:
    """The worst outcome is the document's; each that is not plainly good is an error that names what it is about."""
    found = status(codes, code, source)
    if found is None:
        document.faults.append(f"{source}: the outcome {code!r} is not known.")
        return
    if found.value in (EdiStatus.rejected, EdiStatus.changed):
        how = "rejected" if found.value is EdiStatus.rejected else "taken with errors"
        _error(document, f"{what} was {how}", source)
    if document.status is None or _WORST.index(found.value) < _WORST.index(document.status.value):
        document.status = found


def _error(document: EdiDocument, said: str, source: str) -> None:
    if len(document.errors) < MOST_ERRORS and (error := text(said, source)):
        document.errors.append(error)


def _require_outcome(document: EdiDocument, segment: str) -> None:
    if document.status is None and not document.faults:
        document.faults.append(f"{segment}, the outcome, is missing.")
