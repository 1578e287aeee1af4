"""What a posted body holds: JSON, or a mail, bare or in the wrapping that a mail service put around it."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from fastapi import HTTPException

_HEADER_LINE = re.compile(rb"\s*(?:From |[!-9;-~]+[ \t]*:)")
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
# Fields that hold the whole mail: SendGrid's Inbound Parse ("POST the raw, full MIME message"), Mailgun's routes to an
# address that ends in "mime".
_RAW_FIELDS = (b"email", b"body-mime")


def json_in(body: bytes) -> Any:
    """What a JSON body says. Raises HTTPException (422)."""
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, f"The body is not JSON in UTF-8 ({type(error).__name__}).") from error


def mail_in(body: bytes, content_type: str) -> bytes:
    """A mail (RFC 5322), bare or in the wrapping that a mail service put around it. Raises HTTPException (422)."""
    raw = _unwrapped(body, content_type)
    if not _HEADER_LINE.match(raw):
        raise HTTPException(422, "The body does not begin like a mail (RFC 5322): with a header line.")
    return raw


def _unwrapped(body: bytes, content_type: str) -> bytes:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in FORMS:
        return _mail_in_form(body, content_type)
    if kind == "application/json":
        # Postmark, "Include raw email content in JSON payload".
        given = json_in(body)
        raw = given.get("RawEmail") if isinstance(given, dict) else None
        if not isinstance(raw, str):
            raise HTTPException(422, "The JSON has no text under RawEmail.")
        return raw.encode("utf-8", "surrogatepass")
    return body


def _mail_in_form(body: bytes, content_type: str) -> bytes:
    from python_multipart.exceptions import FormParserError

    try:
        fields = _multipart(body, content_type) if content_type.lower().startswith("multipart") else _urlencoded(body)
    except (FormParserError, ValueError) as error:
        raise HTTPException(422, "The form could not be read: check its boundary and its fields.") from error
    found = [fields[name] for name in _RAW_FIELDS if name in fields]
    if not found:
        raise HTTPException(422, "The form has no field email or body-mime: let the service send the raw message.")
    return found[0]


def _multipart(body: bytes, content_type: str) -> dict[bytes | None, bytes]:
    """The fields as bytes: a mail may be in any character set, so they must not be decoded as text."""
    from python_multipart import parse_form

    fields: dict[bytes | None, bytes] = {}

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        fields[file.field_name] = file.file_object.read()
        file.close()

    def on_field(field: Any) -> None:
        fields[field.field_name] = field.value or b""

    parse_form({"Content-Type": content_type.encode("latin-1")}, io.BytesIO(body), on_field, on_file)
    return fields


def _urlencoded(body: bytes) -> dict[bytes | None, bytes]:
    pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=1000)
    return {name.encode("latin-1"): value.encode("latin-1") for name, value in pairs}
