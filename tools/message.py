"""What was received, as text that still knows where it came from.

A `Message` is the one shape that mail, portal posts, carrier events and EDI documents take before anything thinks about them.
Every character offset counts Unicode code points in the `text` of the part that it names.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from tools.edi.document import EdiDocument


class Channel(StrEnum):
    email = "email"
    portal = "portal"
    carrier = "carrier"
    edi = "edi"


class PassageKind(StrEnum):
    """Who wrote a passage and whether a reader saw it."""

    new = "new"
    quoted = "quoted"
    forwarded = "forwarded"
    signature = "signature"
    disclaimer = "disclaimer"
    hidden = "hidden"


class Address(BaseModel):
    name: str = ""
    email: str = ""

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2].lower()


class Passage(BaseModel):
    """A run of a part's text of one kind. Passages of a part do not overlap and cover it without gaps."""

    kind: PassageKind
    start: int
    end: int


class Cell(BaseModel):
    """One table cell. `start`/`end` are offsets in the text of the part that holds the table."""

    text: str
    start: int
    end: int


class Table(BaseModel):
    """A table as the sender laid it out: rows of cells; `header` is the index of the header row, if one was found."""

    rows: list[list[Cell]]
    header: int | None = None


class Part(BaseModel):
    """A readable part: `subject`, `body` or `attachment:<file name>`.

    The tables' cells point into `text`. The text of `body` is divided into passages; other parts hold one passage of
    kind `new`, but for what is hidden in a file and for the passages of an attached mail.
    """

    name: str
    text: str
    passages: list[Passage] = Field(default_factory=list)
    tables: list[Table] = Field(default_factory=list)

    def spans_of(self, *kinds: PassageKind) -> list[tuple[int, int]]:
        return [(p.start, p.end) for p in self.passages if p.kind in kinds]


class Attachment(BaseModel):
    """A file that came along. `problem` says why its content could not be read, in a sentence for a person."""

    name: str
    mimetype: str
    size: int
    sha256: str
    problem: str | None = None


class Authentication(BaseModel):
    """Results of the receiving server's checks: `pass`, `fail`, or `none` where nothing trustworthy was said."""

    spf: str = "none"
    dkim: str = "none"
    dmarc: str = "none"


class CarrierEvent(BaseModel):
    """A carrier's tracking event in one shape, whatever its provider's own is.

    `codes` are the provider's status and reason codes as given, most specific first; `references` are order and
    delivery numbers that the payload carries; `intent` is the taxonomy key that the code table gives, if any.
    `occurred_at` is when the newest thing that it tells of happened; `delivered` says that the goods have arrived.
    """

    provider: str
    tracking: str | None = None
    carrier: str | None = None
    codes: list[str] = Field(default_factory=list)
    description: str = ""
    estimated_delivery: datetime | None = None
    references: list[str] = Field(default_factory=list)
    occurred_at: datetime | None = None
    intent: str | None = None
    delivered: bool = False


class Message(BaseModel):
    """One inbound mail, portal post, carrier event or EDI document, read but not yet understood.

    `id` is the SHA-256 of the raw bytes (hex). `received_at` is timezone-aware; relative dates count from it.
    `problems` are sentences for a person about what could not be read; a message with problems is still complete.
    """

    id: str
    channel: Channel
    received_at: datetime
    subject: str = ""
    sender: Address = Field(default_factory=Address)
    reply_to: Address | None = None
    recipients: list[Address] = Field(default_factory=list)
    message_id: str | None = None
    in_reply_to: list[str] = Field(default_factory=list)
    parts: list[Part] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)
    language: str = "und"
    language_confidence: float = 0.0
    auto_reply: bool = False
    bounce: bool = False
    mailing_list: bool = False
    authentication: Authentication = Field(default_factory=Authentication)
    document_model: str | None = None
    document_id: int | None = None
    event: CarrierEvent | None = None
    documents: list[EdiDocument] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)

    def part(self, name: str) -> Part | None:
        return next((p for p in self.parts if p.name == name), None)

    @property
    def body(self) -> str:
        part = self.part("body")
        return part.text if part else ""

    @property
    def new_text(self) -> str:
        """What the sender wrote now: the body without quoted, forwarded, hidden and boilerplate passages."""
        part = self.part("body")
        if part is None:
            return ""
        return "\n".join(part.text[a:b] for a, b in part.spans_of(PassageKind.new)).strip()
