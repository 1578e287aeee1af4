"""Bytes of an EDI file → documents and the page that shows them; a transport status becomes a carrier's event."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from tools.carrier import event_message
from tools.carrier_payloads import Facts, read_payload
from tools.charsets import decode
from tools.edi import edifact, iftsta, ubl, x12
from tools.edi.document import EdiDocument, EdiKind
from tools.edi.page import write_page
from tools.edi.values import Fault
from tools.layout import Layout, clean, cover
from tools.limits import ReadingLimits
from tools.message import Address, Channel, Message, Part
from tools.x12 import X12Error

SUFFIXES = (".edi", ".x12", ".edifact", ".xml")
MOST_DOCUMENTS = 200
_UBL = re.compile(rb"urn:oasis:names:specification:ubl:schema:xsd:\w+-2")


@dataclass
class EdiFile:
    """`statuses` are the transport statuses in it, each with its provider in the code table; `problems` are sentences
    for a person."""

    text: str = ""
    documents: list[EdiDocument] = field(default_factory=list)
    statuses: list[tuple[str, Facts]] = field(default_factory=list)
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
    if not (found.documents or found.statuses):
        why = "It holds no X12, EDIFACT or UBL document that can be read."
        found.documents = [EdiDocument(standard="EDI", type="file", kind=EdiKind.other, faults=[why])]
    if len(found.documents) > MOST_DOCUMENTS:
        found.problems.append(f"It holds {len(found.documents)} documents; the first {MOST_DOCUMENTS} are read.")
        found.documents = found.documents[:MOST_DOCUMENTS]
    out = Layout(limit=limits.text_chars)
    for document in found.documents:
        document.part = part
        write_page(out, document)
        found.problems += [f"{document.name}: {fault}" for fault in document.faults[:5]]
        if document.kind is EdiKind.other:
            found.problems.append(f"{document.name} is a kind of document that is not read.")
    found.text = out.text()
    return found


def read_edi(raw: bytes, *, received_at: datetime, limits: ReadingLimits | None = None) -> Message:
    """An interchange or a UBL document as a message; a transport status is a carrier's event whatever brought it. Bad
    content never raises: it is named in `problems`."""
    limits = limits or ReadingLimits()
    found = read_file(raw, "body", limits)
    if found.statuses and not found.documents:
        provider, facts = found.statuses[0]
        message = event_message(raw, provider, facts, found.problems, received_at=received_at, limits=limits)
        if len(found.statuses) > 1:
            message.problems.append(f"It holds {len(found.statuses)} transport statuses; the first is read.")
        return message
    if found.statuses:
        found.problems.append(f"{len(found.statuses)} transport statuses beside the documents are not read.")
    first = found.documents[0] if found.documents else None
    numbers = [d.order.value for d in found.documents if d.order]
    subject = f"{first.kind.capitalize()} {', '.join(dict.fromkeys(numbers))}"[:150].strip() if first else "EDI"
    body = found.text or clean(decode(raw[: limits.text_chars], None)[0])
    return Message(
        id=sha256(raw).hexdigest(),
        channel=Channel.edi,
        received_at=received_at,
        subject=subject,
        sender=Address(name=first.sender.value if first and first.sender else ""),
        parts=[
            Part(name="subject", text=subject, passages=cover(len(subject), [])),
            Part(name="body", text=body, passages=cover(len(body), [])),
        ],
        documents=found.documents,
        problems=found.problems,
    )


def _read_ubl(data: bytes, found: EdiFile) -> None:
    try:
        document = ubl.read_ubl(data)
    except Fault as fault:
        name = re.search(rb"ubl:schema:xsd:(\w{1,40})-2", data[:4_000])
        kind = name[1].decode("ascii") if name else "document"
        document = EdiDocument(standard=ubl.STANDARD, type=kind, kind=EdiKind.other, faults=[str(fault)])
    if document is not None:
        found.documents.append(document)


def _read_x12(content: str, found: EdiFile) -> None:
    for given in x12.transactions(content):
        if given[0][1] == "214":
            found.statuses.append(("edi214", read_payload("edi214", "\n".join("*".join(s.elements) for s in given))))
        else:
            found.documents += x12.read_transaction(given)


def _read_edifact(content: str, found: EdiFile) -> None:
    for given in edifact.messages(content):
        if edifact.type_of(given) == "IFTSTA":
            found.statuses += [("iftsta", facts) for facts in iftsta.consignments(given)]
        else:
            found.documents += edifact.read_message(given)
