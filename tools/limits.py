"""How much of one message is read: bounds on bytes, parts, pages and seconds, so that no sender can exhaust us."""

from __future__ import annotations

from pydantic import BaseModel, Field, PositiveFloat, PositiveInt


class ReadingLimits(BaseModel):
    """Bounds for reading one message. What lies beyond a bound is left unread and said so in a problem sentence.

    With the defaults a message costs at most some 300 MB of memory and about half a minute, whatever it holds;
    an ordinary mail costs a few milliseconds.
    """

    message_bytes: PositiveInt = Field(default=60_000_000, description="Raw bytes of a message that are parsed.")
    parts: PositiveInt = Field(default=200, description="MIME parts, or portal attachments, that are looked at.")
    nested_messages: PositiveInt = Field(default=3, description="Depth of mails attached to mails.")
    attachment_bytes: PositiveInt = Field(default=30_000_000, description="Size up to which a file is opened.")
    attachments_bytes: PositiveInt = Field(default=60_000_000, description="The same for all files together.")
    decompressed_bytes: PositiveInt = Field(default=60_000_000, description="Bytes unpacked from one file.")
    html_bytes: PositiveInt = Field(default=1_500_000, description="Characters of HTML that are laid out.")
    html_depth: PositiveInt = Field(default=2_000, description="Nesting below which HTML keeps only its text.")
    text_chars: PositiveInt = Field(default=200_000, description="Characters of text that a part keeps.")
    pages: PositiveInt = Field(default=60, description="Pages of a PDF that are read.")
    cells: PositiveInt = Field(default=500_000, description="Cells of a sheet, empty ones included, that are read.")
    rows: PositiveInt = Field(default=5_000, description="Rows of all tables of a file that are kept.")
    seconds: PositiveFloat = Field(default=10.0, description="Seconds for one attachment.")
    memory_bytes: PositiveInt = Field(
        default=1_500_000_000, description="Address space of the process that opens attachments."
    )
    authserv_id: str | None = Field(
        default=None,
        description="Name of the receiving server in Authentication-Results. Unset: failures alone are believed.",
    )
