"""Numbers, days and codes as the standards write them. What is not as it must be is a `Fault` that names the segment."""

from __future__ import annotations

import re
from datetime import date, timedelta

from tools.edi.document import EdiStatus, Stated
from tools.layout import clean

LONGEST = 200
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,6})?|\.\d{1,6})")


class Fault(ValueError):
    """A segment or element that is not as the standard has it. The text is a sentence that names it."""


def text(value: str, source: str) -> Stated[str] | None:
    """A text on one line as a reader sees it, or None where nothing stands."""
    value = " ".join(clean(value).split())[:LONGEST].strip()
    return Stated[str](value=value, source=source) if value else None


def number(value: str, source: str) -> Stated[float] | None:
    """A decimal number with a point, or None where nothing stands. Raises Fault."""
    value = value.strip()
    if not value:
        return None
    if not _NUMBER.fullmatch(value):
        raise Fault(f"{source}: {value[:30]!r} is no number.")
    return Stated[float](value=float(value), source=source)


def day(value: str, source: str) -> Stated[date] | None:
    """A day written CCYYMMDD, YYMMDD or as ISO 8601 (times are dropped), or None where nothing stands. Raises Fault."""
    value = value.strip()
    if not value:
        return None
    digits = re.sub(r"[-:]", "", value.partition("T")[0].rstrip("Z").partition("+")[0])
    digits = digits if len(digits) in (6, 8) else digits[:8]
    if len(digits) == 6:
        digits = f"20{digits}"
    try:
        return Stated[date](value=date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"), source=source)
    except ValueError as error:
        raise Fault(f"{source}: {value[:30]!r} is no day.") from error


def week(value: str, source: str) -> Stated[date] | None:
    """The Friday of a week written CCYYWW: by then it is there. Raises Fault."""
    try:
        monday = date.fromisocalendar(int(value[:4]), int(value[4:6]), 1)
    except ValueError as error:
        raise Fault(f"{source}: {value[:30]!r} is no week.") from error
    return Stated[date](value=monday + timedelta(days=4), source=source)


def status(codes: dict[str, EdiStatus], value: str, source: str) -> Stated[EdiStatus] | None:
    """What a code means by a table; None for a code that says nothing of the matter."""
    found = codes.get(value.strip().upper())
    return Stated[EdiStatus](value=found, source=source) if found else None
