"""RFC 5322 mail → `Message`: headers, the best rendering of the body, attachments, and marks of automatic mail.

Parsing is the standard library's; what it raises on (unknown character sets, deep nesting, broken encodings) becomes a
problem sentence here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import Message as Mail
from email.parser import BytesHeaderParser
from email.policy import compat32
from hashlib import sha256
from typing import NamedTuple

from tools import headers
from tools.attachments import Opener, file_name
from tools.charsets import decode
from tools.html_text import HtmlText, read_html
from tools.layout import Layout, clean, cover, smuggled
from tools.limits import ReadingLimits
from tools.message import Address, Channel, Message, Part, Passage, PassageKind, Table
from tools.phrases import phrase
from tools.quoting import split
from tools.text_tables import find_tables

_WORD = re.compile(r"\w{2,}")
_MOST_HOPS = 100  # RFC 5321, section 6.3: a mail that passed so many servers runs in a loop
_DAEMON = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon)@", re.I)


class MailFile(NamedTuple):
    """A file in a mail. `content_id` is the name by which the mail's HTML shows it, if it does."""

    name: str
    mimetype: str
    data: bytes
    content_id: str = ""


@dataclass
class MailContent:
    """What the walk over a mail found: texts in order of appearance, and files."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[MailFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    parts: int = 0


def read_mail(
    raw: bytes, *, received_at: datetime, limits: ReadingLimits | None = None, opener: Opener | None = None
) -> Message:
    """Read a mail. Bad content never raises: each failure is a sentence in `problems`."""
    limits = limits or ReadingLimits()
    opener = opener or Opener(limits)
    problems: list[str] = []
    mail = _parse(raw[: limits.message_bytes], problems)
    if len(raw) > limits.message_bytes:
        problems.append(f"The mail is {len(raw):,} bytes; it was read up to {limits.message_bytes:,}.")
    senders = headers.addresses(mail, "From") or headers.addresses(mail, "Sender")
    replies = headers.addresses(mail, "Reply-To")
    ids = headers.message_ids(mail, "Message-ID")
    subject = headers.value(mail, "Subject")
    older = headers.message_ids(mail, "In-Reply-To") + headers.message_ids(mail, "References")[::-1]
    message = Message(
        id=sha256(raw).hexdigest(),
        channel=Channel.email,
        received_at=received_at,
        subject=subject,
        sender=senders[0] if senders else Address(),
        reply_to=replies[0] if replies else None,
        recipients=headers.addresses(mail, "To") + headers.addresses(mail, "Cc"),
        message_id=ids[0] if ids else None,
        in_reply_to=list(dict.fromkeys(older)),
        authentication=headers.authentication(mail, limits.authserv_id),
    )
    _mark_automatic(message, mail)
    found = _content(mail, limits)
    problems.extend(found.problems)
    if subject:
        message.parts.append(_whole("subject", subject))
    message.parts.append(_body(found, subject, limits, problems))
    for file in found.files:
        opened = opener.open(file.name, file.mimetype, file.data, received_at=received_at)
        message.attachments.append(opened.attachment)
        message.parts.extend(opened.parts)
        message.documents.extend(opened.documents)
        problems.extend(opened.problems)
    message.problems = problems
    return message


def mail_content(raw: bytes, limits: ReadingLimits) -> MailContent:
    """The texts and files of a mail as they were sent. Bad content never raises."""
    problems: list[str] = []
    found = _content(_parse(raw[: limits.message_bytes], problems), limits)
    found.problems[:0] = problems
    return found


def _content(mail: Mail, limits: ReadingLimits) -> MailContent:
    found = MailContent()
    try:
        for node in _leaves(mail, found, limits):
            _collect(node, found, limits)
    except RecursionError:
        found.problems.append("The mail is nested too deeply to be read as a whole; see the original.")
    return found


def _whole(name: str, text: str) -> Part:
    return Part(name=name, text=text, passages=cover(len(text), []))


def _parse(raw: bytes, problems: list[str]) -> Mail:
    try:
        return message_from_bytes(raw, policy=compat32)
    except Exception as error:  # whatever the parser trips over, the headers and the text are still there
        problems.append(
            "The mail is nested too deeply; it was read as one text."
            if isinstance(error, RecursionError)
            else f"The mail's structure is broken ({type(error).__name__}); it was read as one text."
        )
    head, _, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:100_000] else b"\n\n")
    mail = BytesHeaderParser(policy=compat32).parsebytes(head)
    for name in ("Content-Type", "Content-Transfer-Encoding"):
        del mail[name]
    mail.set_payload(body[:1_000_000].decode("ascii", "surrogateescape"))
    return mail


def _leaves(mail: Mail, found: MailContent, limits: ReadingLimits) -> Iterator[Mail]:
    """Parts that hold content, in reading order; alternatives are all given. No recursion."""
    stack = [mail]
    while stack:
        node = stack.pop()
        found.parts += 1
        if found.parts > limits.parts:
            found.problems.append(f"The mail has more than {limits.parts} parts; the rest was left unread.")
            return
        kind = node.get_content_type()
        payload = node.get_payload()
        if kind == "message/rfc822" or not isinstance(payload, list):
            yield node
        elif kind in {"message/delivery-status", "message/disposition-notification"}:
            blocks = [block for block in payload[:50] if isinstance(block, Mail)]
            text = "\n\n".join(
                "\n".join(f"{k}: {headers.decoded(str(v))}" for k, v in block.raw_items()) for block in blocks
            )
            found.plain.append(text[: limits.text_chars])
        else:
            stack.extend(node for node in reversed(payload) if isinstance(node, Mail))


def _collect(node: Mail, found: MailContent, limits: ReadingLimits) -> None:
    kind = node.get_content_type()
    name = _name(node)
    disposition = headers.value(node, "Content-Disposition").split(";")[0].strip().lower()
    if kind == "message/rfc822":
        inner = node.get_payload()
        data = _as_bytes(inner[0] if isinstance(inner, list) and inner else node, found)
        found.files.append(MailFile(file_name(name, kind, len(found.files) + 1), kind, data))
        return
    data = _payload(node, found)
    shown = kind in {"text/plain", "text/html", "text/enriched", "message/delivery-status"} or (
        kind == "text/rfc822-headers" and not name
    )
    if shown and not name and disposition != "attachment":
        text, problem = decode(
            data[: limits.html_bytes * 4], node.get_param("charset", None, "content-type") and _charset(node)
        )
        if problem:
            found.problems.append(problem)
        if kind == "text/html":
            found.html.append(text)
        else:
            flowed = "flowed" in str(node.get_param("format") or "").lower()
            found.plain.append(_unflow(text, "yes" in str(node.get_param("delsp") or "").lower()) if flowed else text)
    elif data or name:
        content_id = headers.value(node, "Content-ID").strip().strip("<>")
        found.files.append(MailFile(file_name(name, kind, len(found.files) + 1), kind, data, content_id))


def _charset(node: Mail) -> str | None:
    try:
        return node.get_content_charset()
    except (LookupError, ValueError, UnicodeError):
        return None


def _name(node: Mail) -> str:
    try:
        name = node.get_filename()
    except (LookupError, ValueError, UnicodeError, TypeError):
        name = None
    return headers.decoded(str(name)) if name else ""


def _payload(node: Mail, found: MailContent) -> bytes:
    try:
        data = node.get_payload(decode=True)
    except Exception as error:  # a broken transfer encoding
        found.problems.append(f"A part's transfer encoding is broken ({type(error).__name__}).")
        data = None
    if isinstance(data, bytes):
        return data
    text = node.get_payload()
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""


def _as_bytes(mail: object, found: MailContent) -> bytes:
    try:
        return mail.as_bytes() if isinstance(mail, Mail) else b""
    except Exception as error:
        found.problems.append(f"An attached mail could not be unpacked ({type(error).__name__}).")
        return b""


def _unflow(text: str, delsp: bool) -> str:
    """Join soft line breaks (RFC 3676)."""
    out: list[str] = []
    open_depth: int | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        if soft and delsp:
            content = content[:-1]
        if open_depth == depth and content != "-- ":
            out[-1] += content
        else:
            out.append((">" * depth + " " if depth else "") + content)
        open_depth = depth if soft else None
    return "\n".join(out)


# --- the body ---


def _body(found: MailContent, subject: str, limits: ReadingLimits, problems: list[str]) -> Part:
    plain = clean("\n\n".join(found.plain))
    if len(plain) > limits.text_chars:
        plain = plain[: limits.text_chars]
        problems.append(f"The text was read up to {limits.text_chars:,} characters; the rest was left out.")
    if not found.html:
        return body_of_text(plain, subject, secret=smuggled("".join(found.plain)))
    try:
        html = read_html("\n<br>\n".join(found.html), limits)
    except Exception as error:  # a fault in laying out must not lose the plain text
        problems.append(f"The HTML could not be laid out ({type(error).__name__}); the plain text was read.")
        return body_of_text(plain, subject)
    problems.extend(html.problems)
    if _prefer_html(plain, html, problems):
        return body_of_html(html, subject)
    return body_of_text(plain, subject)


def body_of_text(text: str, subject: str = "", secret: str = "") -> Part:
    """A body part from plain text; `secret` is what invisible characters spelled, kept as a hidden passage."""
    layout = Layout(limit=len(text) + len(secret) + 2)
    layout.write(text)
    if secret:
        layout.break_line()
        layout.mark(PassageKind.hidden, *layout.write(secret))
    return _divided(layout.text(), subject, layout.marks, [])


def body_of_html(html: HtmlText, subject: str = "") -> Part:
    """A body part from laid-out HTML; tables drawn with spaces between its own tables are found too."""
    return _divided(html.text, subject, html.marks, html.tables)


def _divided(text: str, subject: str, marks: list[Passage], tables: list[Table]) -> Part:
    passages = split(text, subject=subject, marks=marks)
    spans = [(table.rows[0][0].start, table.rows[-1][-1].end) for table in tables]
    tables = sorted([*tables, *find_tables(text, skip=spans)], key=lambda table: table.rows[0][0].start)
    # Contact data set in columns is no table that says something.
    boilerplate = [p for p in passages if p.kind in {PassageKind.signature, PassageKind.disclaimer, PassageKind.hidden}]
    kept = [t for t in tables if not any(p.start <= t.rows[0][0].start < p.end for p in boilerplate)]
    return Part(name="body", text=text, passages=passages, tables=kept)


def _prefer_html(plain: str, html: HtmlText, problems: list[str]) -> bool:
    """HTML where it says more than the plain text: tables, hidden text (which the plain text shows), other words."""
    words = set(_WORD.findall(plain.lower()))
    hidden = [m for m in html.marks if m.kind == PassageKind.hidden]
    visible = html.text
    for mark in reversed(hidden):
        visible = visible[: mark.start] + " " + visible[mark.end :] if len(hidden) < 200 else visible
    seen = set(_WORD.findall(visible.lower()))
    if not words:
        return bool(html.text.strip())
    if not seen:
        return False
    common = len(words & seen)
    if common < 0.5 * min(len(words), len(seen)) and min(len(words), len(seen)) >= 8:
        problems.append(
            "The mail's plain text and its HTML say different things; the HTML, which people see, was read."
        )
        return True
    return bool(html.tables or hidden) or len(words) < 0.6 * len(seen)


# --- automatic mail ---


def _mark_automatic(message: Message, mail: Mail) -> None:
    """Marks by RFC 3834 (auto-replies), RFC 3464 and 8098 (reports), RFC 2919 and 2369 (lists); mail that runs in a
    loop counts as automatic."""

    def said(name: str) -> str:
        return headers.value(mail, name).lower()

    def subject_is(group: str, after: str = "") -> bool:
        return bool(phrase(group, r"^\s*", after).match(message.subject))

    kind = mail.get_content_type()
    report = str(mail.get_param("report-type") or "").lower() if kind == "multipart/report" else ""
    submitted = said("Auto-Submitted").split(";")[0].strip()
    precedence = said("Precedence")
    empty_path = any(raw.strip() == "<>" for raw in headers.raw_values(mail, "Return-Path"))
    message.bounce = (
        report == "delivery-status"
        or bool(headers.raw_values(mail, "X-Failed-Recipients"))
        or bool(_DAEMON.match(message.sender.email))
        or bool(subject_is("bounce_subject") and (empty_path or submitted.startswith("auto")))
    )
    message.auto_reply = (
        submitted.startswith("auto-replied")
        or report in {"disposition-notification"}
        or precedence == "auto_reply"
        or bool(said("X-Autoreply") or said("X-Autorespond") or said("X-Auto-Reply-From"))
        or len(headers.raw_values(mail, "Received")) >= _MOST_HOPS
        or subject_is("auto_reply_subject")
        or subject_is("read_receipt_subject", r"\s*:")
        or (submitted.startswith("auto") and empty_path)
    ) and not message.bounce
    message.mailing_list = bool(
        said("List-Id") or said("List-Unsubscribe") or said("List-Post") or precedence in {"list", "bulk", "junk"}
    )
