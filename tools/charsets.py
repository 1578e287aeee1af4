"""Bytes to text when the declared character set may be missing, unknown or wrong."""

from __future__ import annotations

import codecs
import re

# Python codecs that are no character sets of documents, or slow on hostile input.
_REFUSED = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7", "utf-7", "mbcs", "oem"}
)
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252"})
_ALIASES = {"utf8mb4": "utf-8", "unicode": "utf-8", "ansi": "cp1252", "x-mac-roman": "mac_roman", "cp-850": "cp850"}
_SAMPLE = 50_000


def decode(data: bytes, charset: str | None = None) -> tuple[str, str | None]:
    """Text, and a problem sentence where something had to be guessed against what the sender declared.

    The declared set is tried first; Western declarations that are valid UTF-8 are UTF-8 (a common slip); what fails is
    guessed from a sample, and last read as Windows-1252 with replacement.
    """
    if data[:3] == codecs.BOM_UTF8:
        return data[3:].decode("utf-8", "replace"), None
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16", "replace"), None
    if data.isascii() and b"\x1b" not in data and (charset is None or not re.search(r"utf.?(?:16|32)", charset, re.I)):
        return data.decode("ascii"), None
    name, problem = _known(charset)
    if name in _WESTERN or name is None:
        try:
            return data.decode("utf-8"), problem
        except UnicodeDecodeError:
            pass
    if name in _WESTERN:
        return data.decode("cp1252", "replace"), None
    if name is not None:
        try:
            return data.decode(name), None
        except (UnicodeError, LookupError, ValueError):
            problem = f"The text is not valid {charset}; its characters were guessed."
    return _guess(data), problem


def _known(charset: str | None) -> tuple[str | None, str | None]:
    if not charset:
        return None, None
    charset = charset.strip().strip("\"'").lower()
    try:
        name = codecs.lookup(_ALIASES.get(charset, charset)).name
    except (LookupError, ValueError):
        name = None
    if name is None or name in _REFUSED:
        return None, None if charset.startswith(
            "unknown"
        ) else f"The character set {charset[:40]!r} is unknown; it was guessed."
    return name, None


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    best = from_bytes(
        data[:_SAMPLE], cp_isolation=["cp1250", "cp1252", "iso8859_2", "utf_16", "utf_16_le", "cp1251"]
    ).best()
    encoding = best.encoding if best else "cp1252"
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return data.decode(
            "utf-8" if data.count(0xC3) * 2 > sum(b > 0x7F for b in data[:_SAMPLE]) else "cp1252", "replace"
        )
