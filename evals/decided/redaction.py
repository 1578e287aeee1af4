"""Takes people out of texts before a message becomes a case: names before addresses, telephone numbers, accounts.

Domains stay, since a sender is known by them; order, article and tracking numbers stay, since they are what a case is about.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

ADDRESS = re.compile(r"(?<![\w.+-])([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
PHONE = re.compile(r"(?<![\w.-])(?:\+\d[\d ()/.-]{6,}\d|0\d(?:[ .]\d{2}){4})(?![\w-])")
CALL = re.compile(
    r"(?i)\b((?:tel|phone|fax|mobile?|mob|telefon|téléphone|telefono|teléfono|telefoon|kom)\.?:?\s*)([+\d][\d ()/.-]{5,})"
)


class Redactor:
    """Replaces the same person by the same pseudonym, which cannot be traced back without `key`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def pseudonym(self, person: str) -> str:
        return "person-" + hmac.new(self._key, person.casefold().encode(), hashlib.sha256).hexdigest()[:8]

    def address(self, email: str) -> str:
        local, at, domain = email.rpartition("@")
        return f"{self.pseudonym(local)}@{domain}" if at else email

    def text(self, text: str, names: tuple[str, ...] = ()) -> str:
        """The text without addresses' names, telephone numbers, accounts, and the given names of people."""
        text = ADDRESS.sub(lambda m: self.address(m.group()), text)
        text = IBAN.sub("[account]", text)
        text = CALL.sub(r"\1[telephone]", text)
        text = PHONE.sub("[telephone]", text)
        for name in names:
            for word in (name, *name.split()):
                if len(word) > 2:
                    text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
        return text

    def values(self, value: Any, names: tuple[str, ...] = ()) -> Any:
        """JSON with every string redacted."""
        if isinstance(value, dict):
            return {k: self.values(v, names) for k, v in value.items()}
        if isinstance(value, list):
            return [self.values(v, names) for v in value]
        return self.text(value, names) if isinstance(value, str) else value
