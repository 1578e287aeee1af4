"""What a file says: the shape that every reader of attachments returns, and why one may refuse."""

from __future__ import annotations

import io
import zipfile

from pydantic import BaseModel, Field

from tools.layout import Layout
from tools.limits import ReadingLimits
from tools.message import Passage, Table


class Unreadable(Exception):
    """A file cannot be read. The message is a sentence for a person."""


class FileText(BaseModel):
    """Text of a file; cells of `tables` and `marks` (hidden runs) point into it. `problem`: what was left out."""

    text: str = ""
    tables: list[Table] = Field(default_factory=list)
    marks: list[Passage] = Field(default_factory=list)
    problem: str | None = None

    @classmethod
    def of(cls, layout: Layout, problem: str | None = None) -> FileText:
        if layout.full:
            problem = problem or f"It was read up to {layout.limit:,} characters."
        return cls(text=layout.text(), tables=layout.tables, marks=layout.marks, problem=problem)


def open_zip(data: bytes, limits: ReadingLimits) -> zipfile.ZipFile:
    """A zip archive whose members claim no more than the limit. Raises Unreadable."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unreadable("Its archive is broken.") from error
    members = archive.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable("It is protected by a password.")
    if len(members) > 10_000 or sum(member.file_size for member in members) > limits.decompressed_bytes:
        raise Unreadable(f"It unpacks to more than {limits.decompressed_bytes // 1_000_000} MB and was not opened.")
    return archive


def read_member(archive: zipfile.ZipFile, name: str, limits: ReadingLimits) -> bytes:
    """One member, by what really comes out and not by what its header claims. Raises Unreadable, KeyError."""
    try:
        with archive.open(name) as stream:
            data = stream.read(limits.decompressed_bytes + 1)
    except KeyError:
        raise
    except Exception as error:  # zlib, lzma and bz2 raise their own kinds
        raise Unreadable("Its archive is broken.") from error
    if len(data) > limits.decompressed_bytes:
        raise Unreadable(f"It unpacks to more than {limits.decompressed_bytes // 1_000_000} MB and was not opened.")
    return data
