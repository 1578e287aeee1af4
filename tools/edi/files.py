"""Bytes of an EDI file → its documents, and the page that shows them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field

from tools.charsets import decode
from tools.edi import edifact, ubl, x12
from tools.edi.document import EdiDocument, EdiKind
from tools.edi.page import write_page
from tools.edi.values import Fault
from tools.layout import Layout
from tools.limits import ReadingLimits
from tools.x12 import Segment, X12Error

MOST_DOCUMENTS = 200
_UBL = re.compile(rb"urn:oasis:names:specification:ubl:schema:xsd:(\w{1,40})-2")


@dataclass
class EdiFile:
    """`text` is the page. Transport statuses (214, IFTSTA) are left as segments: they are a carrier's events.
    `problems` are sentences for a person."""

    text: str = ""
    documents: list[EdiDocument] = field(default_factory=list)
    x12_statuses: list[list[Segment]] = field(default_factory=list)
    edifact_statuses: list[list[edifact.Segment]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def standard_of(data: bytes) -> str | None:
    """x12, edifact or ubl, by the first bytes; None for anything else."""
    head = data[:4_000].lstrip(b"\xef\xbb\xbf \r\n\t")
    if re.match(rb"ISA[^\w\s]", head) or re.match(rb"ST[^\w\s]\d{3}[^\w\s]", head):
        return "x12"
    if re.match(rb"UNA.{6}|UNB\W|UNH\W", head, re.S):
        return "edifact"
    return "ubl" if head[:1] == b"<" and _UBL.search(head) else None


def read_file(data: bytes, part: str, limits: ReadingLimits) -> EdiFile:
    """Read a file of any of the standards. What is not valid becomes a document with faults, never an exception."""
    found = EdiFile()
    standard = standard_of(data)
    if standard == "ubl":
        _read_ubl(data, found)
    elif standard is not None:
        content, problem = decode(data[: edifact.MOST_CHARACTERS], None)
        found.problems += [problem] if problem else []
        read = _read_x12 if standard == "x12" else _read_edifact
        with suppress(X12Error):  # then there are no documents, which is said below
            read(content, found)
    if not (found.documents or found.x12_statuses or found.edifact_statuses):
        why = "It holds no X12, EDIFACT or UBL document that can be read."
        found.documents = [_invalid("EDI", "file", [why])]
    if len(found.documents) > MOST_DOCUMENTS:
        found.problems.append(f"It holds {len(found.documents)} documents; the first {MOST_DOCUMENTS} are read.")
        found.documents = found.documents[:MOST_DOCUMENTS]
    out = Layout(limit=limits.text_chars)
    for document in found.documents:
        document.part = part
        write_page(out, document)
        found.problems += [f"{document.name}: {fault}" for fault in document.faults[:5]]
        if document.kind is EdiKind.other and not document.faults:
            found.problems.append(f"{document.name} is a kind of document that is not read.")
    found.text = out.text()
    return found


def _read_ubl(data: bytes, found: EdiFile) -> None:
    try:
        document = ubl.read_ubl(data)
    except Fault as fault:
        name = _UBL.search(data[:4_000])
        kind = name[1].decode("ascii") if name else "document"
        document = _invalid(ubl.STANDARD, kind, [str(fault)])
    if document is not None:
        found.documents.append(document)


def _read_x12(content: str, found: EdiFile) -> None:
    for given in x12.transactions(content):
        if given[0][1] != "214":
            found.documents += x12.read_transaction(given)
        elif faults := x12.envelope_faults(given):
            found.documents.append(_invalid(x12.STANDARD, "214", faults))
        else:
            found.x12_statuses.append(given)


def _read_edifact(content: str, found: EdiFile) -> None:
    for given in edifact.messages(content):
        if edifact.type_of(given) != "IFTSTA":
            found.documents += edifact.read_message(given)
        elif faults := edifact.envelope_faults(given):
            found.documents.append(_invalid(edifact.STANDARD, "IFTSTA", faults))
        else:
            found.edifact_statuses.append(given)


def _invalid(standard: str, kind: str, faults: list[str]) -> EdiDocument:
    return EdiDocument(standard=standard, type=kind, kind=EdiKind.other, faults=faults)
