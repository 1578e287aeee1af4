"""A post on a portal, in the shape of an Odoo `mail.message`, → `Message`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from tools.attachments import Opener, file_name
from tools.html_text import read_html
from tools.layout import clean, cover
from tools.limits import ReadingLimits
from tools.mail import body_of_html
from tools.message import Address, Channel, Message, Part


def read_portal(raw: bytes, *, received_at: datetime, limits: ReadingLimits | None = None) -> Message:
    """Keys: `model`, `res_id`, `author` {`name`, `email`}, `subject`, `body_html`, `attachments` [{`name`, `mimetype`,
    `base64`}]; all may be missing, null or false. Bad content never raises: it becomes a sentence in `problems`."""
    limits = limits or ReadingLimits()
    problems: list[str] = []
    post = read_json_object(raw, limits, problems)
    given = post.get("author")
    author: dict[str, Any] = given if isinstance(given, dict) else {}
    subject = " ".join(clean(text_of(post.get("subject"))).split())[:2_000]
    model, res_id = post.get("model"), post.get("res_id")
    html = read_html(text_of(post.get("body_html") or post.get("body")), limits)
    message = Message(
        id=sha256(raw).hexdigest(),
        channel=Channel.portal,
        received_at=received_at,
        subject=subject,
        sender=Address(name=clean(text_of(author.get("name"))), email=clean(text_of(author.get("email"))).strip()),
        message_id=text_of(post.get("message_id")) or None,
        document_model=model if isinstance(model, str) and model else None,
        document_id=res_id if isinstance(res_id, int) and not isinstance(res_id, bool) else None,
        problems=[*problems, *html.problems],
    )
    if subject:
        message.parts.append(Part(name="subject", text=subject, passages=cover(len(subject), [])))
    message.parts.append(body_of_html(html, subject))
    _attach(message, post.get("attachments"), limits)
    return message


def _attach(message: Message, files: Any, limits: ReadingLimits) -> None:
    opener = Opener(limits)
    for name, mimetype, data in posted_files(files, limits, message.problems):
        opened = opener.open(name, mimetype, data, received_at=message.received_at)
        message.attachments.append(opened.attachment)
        message.parts.extend(opened.parts)
        message.documents.extend(opened.documents)
        message.problems.extend(opened.problems)


def posted_files(files: Any, limits: ReadingLimits, problems: list[str]) -> Iterator[tuple[str, str, bytes]]:
    """Name, declared type and bytes of each attachment of a post; what is none becomes a sentence in `problems`."""
    files = files if isinstance(files, list) else []
    if len(files) > limits.parts:
        problems.append(f"The post has more than {limits.parts} attachments; the rest was left unread.")
    for number, entry in enumerate(files[: limits.parts], 1):
        if not isinstance(entry, dict):
            problems.append(f"Attachment {number} is no file.")
            continue
        mimetype = text_of(entry.get("mimetype"))[:200] or "application/octet-stream"
        name = file_name(text_of(entry.get("name")), mimetype, number)
        try:
            data = base64.b64decode(text_of(entry.get("base64")), validate=False)
        except (binascii.Error, ValueError):
            data = b""
            problems.append(f"{name}: Its Base64 is broken.")
        yield name, mimetype, data


def text_of(value: Any) -> str:
    """A JSON value as text; null, false and containers are ''."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def read_json_object(raw: bytes, limits: ReadingLimits, problems: list[str]) -> dict[str, Any]:
    """The JSON object, or {} and a problem sentence."""
    try:
        value = json.loads(raw[: limits.message_bytes])
    except (ValueError, RecursionError) as error:
        problems.append(f"The content is no JSON that can be read ({type(error).__name__}); see the original.")
        return {}
    if not isinstance(value, dict):
        problems.append("The content is JSON but no object; see the original.")
        return {}
    return value
