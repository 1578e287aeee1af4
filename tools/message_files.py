"""Files as inbound messages: mails (`.eml`, `.mbox`), portal posts and carrier events (`.json`), EDI, folders of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from tools.edi.splitting import split_statuses
from tools.message import Channel

EDI_SUFFIXES = (".edi", ".x12", ".edifact", ".xml")
SUFFIXES = (".eml", ".json", ".mbox", *EDI_SUFFIXES)


class Inbound(NamedTuple):
    """A message that was found: where, what it is, and when it was received (timezone-aware)."""

    name: str
    raw: bytes
    channel: Channel
    received_at: datetime


def find_inbound(paths: Iterable[Path]) -> Iterator[Inbound]:
    """The messages in the given files and folders, in the order of their names.

    Raises FileNotFoundError, with the nearest name, for a path that does not exist, and ValueError for a file that is
    none of the known kinds."""
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            for file in files:
                yield from messages_of(file)
        elif path.exists():
            yield from messages_of(path)
        else:
            raise FileNotFoundError(missing(path))


def missing(path: Path) -> str:
    """Says that `path` does not exist, and which name beside it may have been meant."""
    try:
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    except OSError:
        beside = []
    near = get_close_matches(path.name, beside, n=1)
    return f"There is no {path}. " + (f"Did you mean {path.with_name(near[0])}?" if near else "Check the path.")


def messages_of(path: Path) -> Iterator[Inbound]:
    """The messages in one file. Raises ValueError for a kind that is not known, OSError for one that cannot be read."""
    kind = path.suffix.lower()
    if kind == ".mbox":
        from mailbox import mbox

        box = mbox(path, create=False)
        try:
            for number, key in enumerate(box.keys(), start=1):
                raw = box.get_bytes(key)
                yield Inbound(f"{path}#{number}", raw, Channel.email, _mail_date(raw))
        finally:
            box.close()
        return
    raw = path.read_bytes()
    if kind == ".eml":
        yield Inbound(str(path), raw, Channel.email, _mail_date(raw))
    elif kind == ".json":
        yield Inbound(str(path), raw, *_json_kind(raw))
    elif kind in EDI_SUFFIXES:
        now = datetime.now(UTC)
        for number, piece in enumerate(split_statuses(raw), start=1):
            yield Inbound(f"{path}#{number}" if piece is not raw else str(path), piece, Channel.edi, now)
    else:
        raise ValueError(f"{path} is none of {', '.join(SUFFIXES)}; save the message as one of these.")


def _json_kind(raw: bytes) -> tuple[Channel, datetime]:
    """A carrier event names its provider; everything else is a portal post, whose `date` is UTC as Odoo writes it."""
    now = datetime.now(UTC)
    try:
        given = json.loads(raw)
    except ValueError:
        return Channel.portal, now
    if not isinstance(given, dict):
        return Channel.portal, now
    if "provider" in given:
        return Channel.carrier, now
    try:
        at = datetime.fromisoformat(str(given.get("date")))
    except ValueError:
        return Channel.portal, now
    return Channel.portal, at if at.tzinfo else at.replace(tzinfo=UTC)


def _mail_date(raw: bytes) -> datetime:
    """When the mail was sent, by its Date header; now where that cannot be read or lies ahead."""
    from email.parser import BytesHeaderParser
    from email.utils import parsedate_to_datetime

    now = datetime.now(UTC)
    try:
        at = parsedate_to_datetime(str(BytesHeaderParser().parsebytes(raw)["Date"]))
    except (TypeError, ValueError, IndexError, OverflowError, LookupError):
        return now
    return min(now, at if at.tzinfo else at.replace(tzinfo=UTC))
