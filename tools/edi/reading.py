"""An EDI file as a `Message`: its documents, or the carrier's event that a transport status is."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from tools.carrier import event_message
from tools.carrier_payloads import Facts, read_status
from tools.charsets import decode
from tools.edi.document import EdiDocument, EdiKind
from tools.edi.files import EdiFile, read_file
from tools.edi.iftsta import consignments
from tools.layout import clean, cover
from tools.limits import ReadingLimits
from tools.message import Address, Channel, Message, Part


def read_edi(raw: bytes, *, received_at: datetime, limits: ReadingLimits | None = None) -> Message:
    """An interchange or a UBL document as a message; a transport status is a carrier's event whatever brought it. Bad
    content never raises: it is named in `problems`."""
    limits = limits or ReadingLimits()
    found = read_file(raw, "body", limits)
    events = _events(found)
    if len(events) == 1 and not found.documents:
        provider, facts = events[0]
        return event_message(raw, provider, facts, found.problems, received_at=received_at, limits=limits)
    if events:
        why = f"It tells of {len(events)} shipments beside {len(found.documents)} documents: send each on its own."
        found.problems.append(why)
        found.documents.append(EdiDocument(standard="EDI", type="file", kind=EdiKind.other, faults=[why]))
    first = found.documents[0]
    numbers = dict.fromkeys(d.order.value for d in found.documents if d.order)
    subject = f"{first.kind.capitalize()} {', '.join(numbers)}"[:150].strip()
    body = found.text if any(d.kind is not EdiKind.other for d in found.documents) else _as_sent(raw, limits)
    return Message(
        id=sha256(raw).hexdigest(),
        channel=Channel.edi,
        received_at=received_at,
        subject=subject,
        sender=Address(name=first.sender.value if first.sender else ""),
        parts=[
            Part(name="subject", text=subject, passages=cover(len(subject), [])),
            Part(name="body", text=body, passages=cover(len(body), [])),
        ],
        documents=found.documents,
        problems=found.problems,
    )


def _events(found: EdiFile) -> list[tuple[str, Facts]]:
    """Each shipment's facts, with the provider that its codes are looked up under."""
    return [
        *(("edi214", read_status(given)) for given in found.x12_statuses),
        *(("iftsta", facts) for given in found.edifact_statuses for facts in consignments(given)),
    ]


def _as_sent(raw: bytes, limits: ReadingLimits) -> str:
    return clean(decode(raw[: limits.text_chars], None)[0])
