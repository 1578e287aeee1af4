"""Folder names as IMAP sends them: modified UTF-7 (RFC 3501, section 5.1.3), in quotes."""

from __future__ import annotations

import base64
import re

_LINE = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?P<name>.+)', re.DOTALL)
_SHIFTED = re.compile(r"&([^-]*)-")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")


def encode(name: str) -> str:
    """`Entwürfe` → `Entw&APw-rfe`."""

    def shifted(found: re.Match[str]) -> str:
        packed = base64.b64encode(found.group().encode("utf-16-be")).decode().rstrip("=")
        return f"&{packed.replace('/', ',')}-"

    return _NOT_ASCII.sub(shifted, name.replace("&", "&-"))


def decode(name: str) -> str:
    """The reverse of `encode`; what is not valid stays as it came."""

    def plain(found: re.Match[str]) -> str:
        packed = found.group(1).replace(",", "/")
        if not packed:
            return "&"
        try:
            return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")
        except ValueError:
            return found.group()

    return _SHIFTED.sub(plain, name)


def quoted(text: str) -> str:
    """An IMAP quoted string. Raises ValueError for what cannot stand in one: line breaks and NUL."""
    if re.search(r"[\r\n\0]", text):
        raise ValueError("A line break or NUL cannot be sent in a name or password.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def listed(answers: list[bytes | tuple[bytes, bytes] | None]) -> list[str]:
    """The folders of a LIST answer that can be opened, decoded. A name may come as an atom, in quotes or as a literal."""
    names = []
    for answer in answers:
        line, literal = answer if isinstance(answer, tuple) else (answer, None)
        found = _LINE.match(line or b"")
        if found is None or b"\\noselect" in found["flags"].lower():
            continue
        name = (literal if literal is not None else found["name"]).decode("ascii", "replace")
        if literal is None and name.startswith('"'):
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        names.append(decode(name))
    return names
