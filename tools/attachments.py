"""Files that came along → `Attachment`s and readable parts, within bounds.

What a file is, is told by its first bytes, then its name, then its declared type. Files in binary formats are opened in
a process of their own (tools/sandbox.py): what crashes, hangs or swells there becomes a problem sentence here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from tools.documents import read_calendar, read_html_file, read_text, read_xml
from tools.edi.document import EdiDocument, EdiKind
from tools.edi.files import EdiFile, read_file, standard_of
from tools.file_text import FileText, Unreadable
from tools.layout import clean, cover
from tools.limits import ReadingLimits
from tools.message import Attachment, Part, PassageKind
from tools.sandbox import read_in_sandbox
from tools.spreadsheets import read_delimited

_EXTENSIONS = {
    "application/pdf": "pdf", "message/rfc822": "eml", "text/csv": "csv", "text/html": "html", "text/plain": "txt",
    "text/calendar": "ics", "application/xml": "xml", "text/xml": "xml", "application/json": "json",
    "application/vnd.ms-excel": "xls", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.spreadsheet": "ods", "application/zip": "zip",
}  # fmt: skip
_NOT_READ = {
    "picture": "It is a picture; text in pictures is not read.",
    "archive": "It is an archive; files inside archives are not opened.",
    "doc": "It is an old Word document (DOC), which is not read; ask for PDF or DOCX.",
    "msg": "It is an Outlook message file (MSG), which is not read; ask for the mail as EML or PDF.",
    "tnef": "It is an Outlook container (winmail.dat), which is not read; ask for a mail without rich text.",
    "signature": None,
}
_UNNAMED = "attachment-{number}{extension}"


@dataclass
class Opened:
    """What became of one file: its entry, its readable parts, the EDI documents in it, and sentences for
    `Message.problems`."""

    attachment: Attachment
    parts: list[Part] = field(default_factory=list)
    documents: list[EdiDocument] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def file_name(name: str, mimetype: str, number: int) -> str:
    """A name that is safe to show: no path, no control characters, at most 150 characters; made up where none came."""
    name = " ".join(clean(re.split(r"[\\/]", name)[-1]).replace(":", "_").split())
    if len(name) > 150:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[:130]}{dot}{extension[:10]}" if dot else name[:150]
    extension = _EXTENSIONS.get(mimetype, "")
    return name or _UNNAMED.format(number=number, extension=f".{extension}" if extension else "")


class Opener:
    """Opens the files of one message and keeps count of what they cost together."""

    def __init__(self, limits: ReadingLimits, depth: int = 0) -> None:
        self.limits = limits
        self.depth = depth
        self.bytes = 0
        self.names: set[str] = set()

    def open(
        self, name: str, mimetype: str, data: bytes, *, received_at: datetime, charset: str | None = None
    ) -> Opened:
        """Never raises. `name` may be changed to be the only one of its kind in the message."""
        name = self._unique(name)
        attachment = Attachment(name=name, mimetype=mimetype, size=len(data), sha256=sha256(data).hexdigest())
        opened = Opened(attachment)
        kind = kind_of(data, name, mimetype)
        self.bytes += len(data)
        if not data:
            return self._refused(opened, "It is empty.")
        if kind in _NOT_READ:
            attachment.problem = _NOT_READ[kind]
            if attachment.problem and kind != "picture":
                opened.problems.append(f"{name}: {attachment.problem}")
            return opened
        if len(data) > self.limits.attachment_bytes or self.bytes > self.limits.attachments_bytes:
            return self._refused(opened, f"It is {len(data) / 1e6:.0f} MB, more than is opened; read it by hand.")
        if kind == "eml":
            return self._mail(opened, data, received_at)
        if edi := self._edi(name, data):
            opened.documents = edi.documents
            opened.problems += [f"{name}: {problem}" for problem in edi.problems]
            opened.parts.append(Part(name=f"attachment:{name}", text=edi.text, passages=cover(len(edi.text), [])))
            return opened
        try:
            read = self._read(kind, data, charset)
        except Unreadable as error:
            return self._refused(opened, str(error))
        except Exception as error:  # no file may stop a message
            return self._refused(opened, f"It could not be read ({type(error).__name__}).")
        if read.problem:
            attachment.problem = read.problem
            opened.problems.append(f"{name}: {read.problem}")
        hidden = [m for m in read.marks if m.kind == PassageKind.hidden]
        opened.parts.append(
            Part(
                name=f"attachment:{name}",
                text=read.text,
                passages=cover(len(read.text), [], hidden),
                tables=read.tables,
            )
        )
        return opened

    def _read(self, kind: str, data: bytes, charset: str | None) -> FileText:
        if kind in {"pdf", "spreadsheet", "docx"}:
            return read_in_sandbox(kind, data, self.limits)
        if kind == "xml":
            return read_xml(data, self.limits)
        readers: dict[str, Callable[[bytes, ReadingLimits, str | None], FileText]] = {
            "csv": read_delimited, "html": read_html_file, "ics": read_calendar, "text": read_text,
        }  # fmt: skip
        if kind not in readers:
            raise Unreadable("Its kind of file is not read.")
        return readers[kind](data, self.limits, charset)

    def _edi(self, name: str, data: bytes) -> EdiFile | None:
        """The documents of an EDI file that are about orders; what else it may hold is read as the text that it is."""
        if standard_of(data) is None:
            return None
        found = read_file(data, f"attachment:{name}", self.limits)
        return found if any(d.kind is not EdiKind.other for d in found.documents) else None

    def _mail(self, opened: Opened, data: bytes, received_at: datetime) -> Opened:
        from tools.mail import read_mail  # mails hold attachments that hold mails

        if self.depth >= self.limits.nested_messages:
            return self._refused(opened, "It is a mail inside a mail inside a mail; it was not opened.")
        inner = Opener(self.limits, self.depth + 1)
        inner.bytes, inner.names = self.bytes - len(data), self.names
        mail = read_mail(data, received_at=received_at, limits=self.limits, opener=inner)
        self.bytes = max(self.bytes, inner.bytes)
        name = opened.attachment.name
        head = "".join(
            f"{label}: {value}\n"
            for label, value in (
                ("From", f"{mail.sender.name} <{mail.sender.email}>".strip()),
                ("Subject", mail.subject),
            )
            if value and value != "<>"
        )
        body = mail.part("body") or Part(name="body", text="")
        shift = len(head) + 1
        text = f"{head}\n{body.text}"
        passages = [p.model_copy(update={"start": p.start + shift, "end": p.end + shift}) for p in body.passages]
        tables = [t.model_copy(deep=True) for t in body.tables]
        for cell in (cell for table in tables for row in table.rows for cell in row):
            cell.start, cell.end = cell.start + shift, cell.end + shift
        opened.parts.append(
            Part(name=f"attachment:{name}", text=text, passages=cover(len(text), passages), tables=tables)
        )
        opened.parts.extend(part for part in mail.parts if part.name.startswith("attachment:"))
        opened.documents.extend(mail.documents)
        opened.problems.extend(f"{name}: {problem}" for problem in mail.problems)
        return opened

    def _refused(self, opened: Opened, sentence: str) -> Opened:
        opened.attachment.problem = sentence
        opened.problems.append(f"{opened.attachment.name}: {sentence}")
        return opened

    def _unique(self, name: str) -> str:
        stem, dot, extension = name.rpartition(".")
        candidate, number = name, 2
        while candidate in self.names:
            candidate = f"{stem} ({number}).{extension}" if dot else f"{name} ({number})"
            number += 1
        self.names.add(candidate)
        return candidate


def kind_of(data: bytes, name: str, mimetype: str) -> str:
    """How to read a file: by its first bytes, then its extension, then its declared type; `unknown` if none tells."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    head = data[:1024]
    if b"%PDF-" in head:
        return "pdf"
    if head[:2] == b"PK":
        if extension in {"docx", "docm"} or b"word/" in data[:4_000] or "wordprocessing" in mimetype:
            return "docx"
        if extension in {"xlsx", "xlsm", "xlsb", "ods"} or "spreadsheet" in mimetype or b"xl/" in data[:4_000]:
            return "spreadsheet"
        return "archive"
    if head[:8] == bytes.fromhex("d0cf11e0a1b11ae1"):
        if extension in {"doc", "dot"} or "msword" in mimetype:
            return "doc"
        if extension == "msg" or "ms-outlook" in mimetype:
            return "msg"
        return "spreadsheet"
    if head[:4] == bytes.fromhex("789f3e22") or mimetype == "application/ms-tnef":
        return "tnef"
    if (
        head[:4] in (b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*")
        or head[:3] == b"\xff\xd8\xff"
        or head[8:12] == b"WEBP"
        or head[:2] == b"BM"
    ):
        return "picture"
    if head[:3] == b"\x1f\x8b\x08" or head[:6] in (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"):
        return "archive"
    by_extension = {
        "eml": "eml", "csv": "csv", "tsv": "csv", "htm": "html", "html": "html", "ics": "ics", "xml": "xml", "txt": "text",
        "json": "text", "md": "text", "log": "text", "edi": "text", "x12": "text", "edifact": "text", "pdf": "pdf", "docx": "docx",
        "xlsx": "spreadsheet", "xls": "spreadsheet", "ods": "spreadsheet", "p7s": "signature", "asc": "signature",
        "zip": "archive", "png": "picture", "jpg": "picture", "jpeg": "picture", "gif": "picture", "svg": "picture",
    }  # fmt: skip
    if extension in by_extension:
        return by_extension[extension]
    by_type = {
        "message/rfc822": "eml", "text/csv": "csv", "text/html": "html", "text/calendar": "ics", "text/xml": "xml",
        "application/xml": "xml", "application/json": "text", "application/ics": "ics",
        "application/pkcs7-signature": "signature", "application/pgp-signature": "signature",
    }  # fmt: skip
    if mimetype in by_type:
        return by_type[mimetype]
    if mimetype.startswith("image/"):
        return "picture"
    if mimetype.startswith("text/") or (b"\x00" not in head and _mostly_text(head)):
        return "text"
    return "unknown"


def _mostly_text(head: bytes) -> bool:
    return bool(head) and sum(b >= 0x20 or b in (9, 10, 13) for b in head) / len(head) > 0.97
