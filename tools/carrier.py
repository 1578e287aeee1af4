"""A carrier's tracking event → `Message` with a `CarrierEvent` and a body that a person can read.

The body is written from the payload: what stands in it is the carrier's (or a driver's) words, data like any other.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

from tools.carrier_codes import decide, is_delivered
from tools.carrier_payloads import Facts, moment, read_payload
from tools.layout import clean, cover
from tools.limits import ReadingLimits
from tools.message import Address, CarrierEvent, Channel, Message, Part
from tools.portal import read_json_object, text_of

PROVIDERS = ("easypost", "aftership", "karrio", "shipengine", "shippo", "edi214", "generic")


def envelope(provider: str, body: bytes) -> bytes:
    """The form in which a provider's webhook body is kept: its own bytes under its provider's name.

    `body` must be JSON in UTF-8; for edi214 it is X12 text."""
    if provider == "edi214":
        body = json.dumps(body.decode("utf-8", "replace")).encode()
    return b'{"provider": "%s", "payload": %s}' % (provider.encode(), body)


def read_carrier(raw: bytes, *, received_at: datetime, limits: ReadingLimits | None = None) -> Message:
    """`{"provider": …, "payload": …}` with the provider's own webhook body (for edi214 the X12 text).

    Bad content never raises: it becomes a sentence in `problems`, and the content is shown as text.
    """
    limits = limits or ReadingLimits()
    problems: list[str] = []
    envelope = read_json_object(raw, limits, problems)
    provider = text_of(envelope.get("provider"))[:40] or "generic"
    payload = envelope.get("payload", envelope)
    if provider not in PROVIDERS:
        problems.append(f"The provider {clean(provider)!r} is unknown; its event was read by usual names of fields.")
    try:
        facts = read_payload(provider, payload)
    except Exception as error:  # whatever shape came, the event reaches a person
        problems.append(f"The carrier event could not be read ({error}); see the original.")
        facts = Facts(remarks=[clean(text_of(payload) or raw.decode("utf-8", "replace"))[: limits.text_chars]])
    return event_message(raw, provider, facts, problems, received_at=received_at, limits=limits)


def event_message(
    raw: bytes, provider: str, facts: Facts, problems: list[str], *, received_at: datetime, limits: ReadingLimits
) -> Message:
    """The message for what was read from a carrier's payload or status report. Adds to `problems`."""
    if not (facts.tracking or facts.codes or facts.texts):
        problems.append("The carrier event names no shipment, status or reason; see the original.")
    event = CarrierEvent(
        provider=provider,
        tracking=facts.tracking or None,
        carrier=facts.carrier or None,
        codes=facts.codes,
        description=facts.texts[0] if facts.texts else (facts.wording or [""])[0],
        estimated_delivery=moment(facts.estimated),
        references=facts.references,
        occurred_at=moment(facts.checkpoints[0].when) if facts.checkpoints else None,
        intent=decide(provider, facts.codes, facts.wording, facts.texts),
    )
    event.delivered = event.intent == "delivery_update" and is_delivered(provider, facts.codes, facts.texts)
    body = _render(event, facts)[: limits.text_chars]
    subject = " ".join(" ".join(filter(None, [event.carrier, event.tracking, event.description[:120]])).split())
    return Message(
        id=sha256(raw).hexdigest(),
        channel=Channel.carrier,
        received_at=received_at,
        subject=subject,
        sender=Address(name=facts.carrier),
        parts=[
            Part(name="subject", text=subject, passages=cover(len(subject), [])),
            Part(name="body", text=body, passages=cover(len(body), [])),
        ],
        event=event,
        problems=problems,
    )


def _render(event: CarrierEvent, facts: Facts) -> str:
    """Description, checkpoints newest first, remarks, and what else the payload said; one fact a line."""
    lines = [event.description]
    pairs = [
        ("Carrier", event.carrier or ""),
        ("Tracking", event.tracking or ""),
        ("Status", ", ".join([*facts.codes, *filter(None, facts.wording)])),
        ("Estimated delivery", facts.estimated),
        ("References", ", ".join(facts.references)),
        *(("Remark", remark) for remark in facts.remarks if remark != event.description),
        *((label[:1].upper() + label[1:], value) for label, value in dict.fromkeys(facts.notes)),
    ]
    lines += [f"{label}: {' '.join(value.split())}" for label, value in pairs if value]
    if len(facts.checkpoints) > 1 or (facts.checkpoints and not facts.notes):
        lines.append("Checkpoints:")
        for point in facts.checkpoints:
            said = point.text or ", ".join(point.codes)
            lines.append(f"- {point.when} {' '.join(said.split())}{f' ({point.place})' if point.place else ''}")
    return "\n".join(line for line in lines if line)
