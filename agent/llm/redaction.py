"""Personal data and bank details are replaced before a message leaves, by placeholders that can be turned back.

The same value always gets the same placeholder within a message, so that the text still makes sense and a quote of it
can be found again in the original.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

KINDS = ("mail", "phone", "bank", "name")
"""What may be replaced; `name`: the sender's name and the names in signatures."""

_PATTERNS = {
    "mail": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "bank": re.compile(
        r"\b[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){2,7}(?:[ \u00a0]?[A-Z0-9]{1,3})?\b"  # IBAN
        r"|(?<=BIC )\b[A-Z]{6}[A-Z0-9]{2,5}\b|(?<=BIC: )\b[A-Z]{6}[A-Z0-9]{2,5}\b"
        r"|(?<=SWIFT )\b[A-Z]{6}[A-Z0-9]{2,5}\b|(?<=SWIFT: )\b[A-Z]{6}[A-Z0-9]{2,5}\b"
    ),
    "phone": re.compile(r"(?<![\w/.-])(?:\+|00)\d{1,3}[ ./()-]*(?:\d[ ./()-]*){6,13}\d(?![\w])"),
}
_LABELLED_PHONE = re.compile(
    r"(?:\b(?:tel|phone|mobile|mobil|fax|telefon|telefono|teléfono|tél|handy|cell)\b\.?:?\s*)"
    r"(\(?\d[\d ()/.-]{5,18}\d)", re.IGNORECASE
)  # fmt: skip


class Redaction:
    """Replaces what the settings name, and puts it back. One object serves one message."""

    def __init__(self, kinds: Collection[str], names: Iterable[str] = ()) -> None:
        self.kinds = kinds
        self._names = sorted({n.strip() for n in names if len(n.strip()) > 2}, key=len, reverse=True)
        self._placeholder: dict[tuple[str, str], str] = {}
        self._value: dict[str, str] = {}

    def hide(self, text: str) -> str:
        for kind in ("mail", "bank", "phone"):
            if kind in self.kinds:
                text = _PATTERNS[kind].sub(lambda m, kind=kind: self._stand_in(kind, m.group()), text)  # type: ignore[misc]
        if "phone" in self.kinds:
            text = _LABELLED_PHONE.sub(
                lambda m: m.group()[: m.start(1) - m.start()] + self._stand_in("phone", m.group(1)), text
            )
        if "name" in self.kinds:
            for name in self._names:
                text = re.sub(
                    rf"(?<!\w){re.escape(name)}(?!\w)", lambda m: self._stand_in("name", m.group()), text, flags=re.I
                )
        return text

    def reveal(self, text: str) -> str:
        """The text with the original values."""
        return re.sub(r"\[[A-Z]+_\d+\]", lambda m: self._value.get(m.group(), m.group()), text)

    def _stand_in(self, kind: str, value: str) -> str:
        key = (kind, value)
        if key not in self._placeholder:
            number = 1 + sum(k == kind for k, _ in self._placeholder)
            self._placeholder[key] = f"[{kind.upper()}_{number}]"
            self._value[self._placeholder[key]] = value
        return self._placeholder[key]
