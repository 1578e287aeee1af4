"""Mail headers as they come: encoded, raw 8-bit, folded or forged. Nothing here raises on any input."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Mail
from email.utils import getaddresses

from tools.charsets import decode
from tools.layout import clean
from tools.message import Address, Authentication

_LONGEST = 20_000
_MAILBOX = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.I)
_FAILS = frozenset({"fail", "hardfail", "softfail", "policy", "reject"})


def raw_values(mail: Mail, name: str) -> list[str]:
    """Undecoded values of a header, in order, each cut at 20,000 characters."""
    wanted = name.lower()
    return [str(value)[:_LONGEST] for key, value in mail.raw_items() if key.lower() == wanted]


def value(mail: Mail, name: str) -> str:
    """The decoded first value of a header on one line, or ''."""
    found = raw_values(mail, name)
    return decoded(found[0]) if found else ""


def decoded(raw: str) -> str:
    """Encoded words and raw 8-bit bytes as text; line breaks become spaces (a decoded subject may hide some)."""
    pieces = []
    try:
        chunks = decode_header(raw)
    except (HeaderParseError, ValueError, IndexError):
        chunks = [(raw, None)]
    for chunk, charset in chunks:
        data = chunk.encode("utf-8", "surrogateescape") if isinstance(chunk, str) else chunk
        pieces.append(decode(data, charset)[0])
    return " ".join(clean("".join(pieces)).split()) or " ".join(clean(raw).split())


def addresses(mail: Mail, name: str) -> list[Address]:
    """Mailboxes of a header. They are found before names are decoded, so that a name cannot forge a mailbox."""
    found = []
    for raw in raw_values(mail, name):
        raw = re.sub(r"[\r\n]+\s*", " ", raw)
        pairs = getaddresses([raw])[:200]
        boxes = [(person, box) for person, box in pairs if "@" in box]
        loose = list(_MAILBOX.finditer(raw))
        if len(boxes) < len(pairs) and len(loose) == 1:  # an unquoted comma in a name, say
            boxes = [(raw[: loose[0].start()].rstrip(" <"), loose[0].group())]
        for person, box in boxes:
            match = _MAILBOX.search(_plain(box))
            found.append(Address(name=decoded(person).strip("\"' "), email=match.group() if match else decoded(box)))
    return found


def _plain(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace(" ", "")


def message_ids(mail: Mail, name: str) -> list[str]:
    return [i for raw in raw_values(mail, name) for i in _MESSAGE_ID.findall(decoded(raw))]


def authentication(mail: Mail, authserv_id: str | None) -> Authentication:
    """SPF, DKIM and DMARC as the receiving server saw them (RFC 8601).

    Only headers of `authserv_id` are believed, whichever of its checks wrote them; of two on one method the upper. The
    server must take out what a sender wrote under its name (RFC 8601, section 5). Without a name, the topmost header
    is believed where it tells of a failure: nobody forges that; a pass is not worth more than the sender's word.
    """
    found = [decoded(raw) for raw in raw_values(mail, "Authentication-Results")]
    if authserv_id is not None:
        found = [h for h in found if h.split(";")[0].lower().split()[:1] == [authserv_id.lower()]]
    results: dict[str, str] = {}
    for header in found if authserv_id is not None else found[:1]:
        said: dict[str, str] = {}
        for method, result in _RESULT.findall(re.sub(r"\([^()]*\)", " ", header)):
            method, result = method.lower(), result.lower()
            # Several signatures may be checked: one good one is enough.
            if said.get(method) != "pass":
                said[method] = "pass" if result == "pass" else "fail" if result in _FAILS else "none"
        results = {**said, **results}
    if authserv_id is None:
        results = {method: result for method, result in results.items() if result == "fail"}
    return Authentication(**results)
