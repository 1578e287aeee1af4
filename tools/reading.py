"""The reading step: raw bytes of any channel → `Message`. Nothing that a sender can put in them raises."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from tools.carrier import read_carrier
from tools.edi.reading import read_edi
from tools.language import detect
from tools.limits import ReadingLimits
from tools.mail import read_mail
from tools.message import Channel, Message, Part
from tools.portal import read_portal

__all__ = ["ReadingLimits", "read_message"]

_READERS = {
    Channel.email: read_mail,
    Channel.portal: read_portal,
    Channel.carrier: read_carrier,
    Channel.edi: read_edi,
}


def read_message(
    raw: bytes, *, channel: Channel, received_at: datetime, settings: ReadingLimits | None = None
) -> Message:
    """Read a message. `received_at` must be timezone-aware. Bad content never raises: each failure becomes a sentence
    in `problems` and the message is complete, with a `body` part at least."""
    if received_at.tzinfo is None:
        raise ValueError("received_at has no timezone; give the time of receipt as an aware datetime")
    limits = settings or ReadingLimits()
    try:
        message = _READERS[channel](raw, received_at=received_at, limits=limits)
    except Exception as error:  # a poison message reaches a person too
        message = Message(
            id=sha256(raw).hexdigest(),
            channel=channel,
            received_at=received_at,
            parts=[Part(name="body", text="")],
            problems=[f"The message could not be read ({type(error).__name__}); see the original."],
        )
    message.problems = list(dict.fromkeys(message.problems))
    if channel in (Channel.carrier, Channel.edi):
        # Events mix the carrier's English with a driver's remark, and codes have no language: it is a default, not a
        # finding.
        message.language, message.language_confidence = "en", 0.3
    else:
        message.language, message.language_confidence = detect(message.new_text or message.subject)
    return message
