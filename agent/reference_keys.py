"""What of a reference does not depend on its spelling: its key, its shape, its running number and its digits."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = re.compile(r"[0-9]{1,40}")
_MARKS = re.compile(r"[\W_]+")


def reference_key(text: str) -> str:
    """A reference without its spelling: compatibility forms folded, upper case, letters and digits alone.

    "po/2026-00123" and "PO 2026 00123" have one key."""
    if text.isascii():
        return _MARKS.sub("", text.upper())
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


def shape_of(key: str) -> str:
    """The letters of a key and how many digits stand between them: "P00041" is `P#5`, "PO/2026/00123" `PO#9`."""
    return re.sub(r"\d+", lambda m: f"#{len(m[0])}", key)


def digit_runs(text: str) -> list[str]:
    return _DIGITS.findall(text)


def digits_of(key: str) -> str:
    """All ASCII digits of a key, without leading zeros."""
    return "".join(digit_runs(key)).lstrip("0")


def counter_of(value: str) -> tuple[str, int] | None:
    """The running number of a reference, its longest run of digits, and the key of what stands around it."""
    runs = list(_DIGITS.finditer(value))
    if not runs:
        return None
    run = max(runs, key=lambda m: (len(m[0]), m.start()))
    return reference_key(value[: run.start()] + value[run.end() :]), int(run[0])


def possible_counters(written: str) -> list[tuple[str, int]]:
    """As `counter_of`, for each run of digits: a shortened counter ("PO/2026/41") may be shorter than the year."""
    return [
        (reference_key(written[: run.start()] + written[run.end() :]), int(run[0])) for run in _DIGITS.finditer(written)
    ]
