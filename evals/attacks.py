"""Published prompt injections placed in otherwise ordinary mails, and in the records that they are about.

Every place is one that a sender reaches: what a reader sees, what a reader does not see, what only the file brings, and
what once came from outside and now stands in a record.
"""

from __future__ import annotations

import copy
import hashlib
import html
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from evals.labelled import LabelError

Place = Literal["body", "hidden html", "quoted", "attachment", "file name", "subject", "record field"]
PLACES: tuple[Place, ...] = ("body", "hidden html", "quoted", "attachment", "file name", "subject", "record field")
QUOTE_INTRO = "On Mon, 2 Nov 2026 at 09:12, Purchasing <purchasing@ours.example> wrote:"
LONGEST_NAME = 120
LONGEST_SUBJECT = 400
RECORD_TEXTS = {
    "purchase.order": ("partner_ref", "notes"),
    "sale.order": ("client_order_ref", "note"),
    "purchase.order.line": ("name",),
    "sale.order.line": ("name",),
}
"""Fields of records whose text outsiders bring in: their own numbers, notes, and descriptions of lines."""


class Attack(BaseModel):
    """A payload, the family of the published suite that it comes from, and its source."""

    id: str
    family: str
    text: str
    source: str = ""

    @property
    def suite(self) -> str:
        return self.family.partition(":")[0]


def load_attacks(file: Path) -> list[Attack]:
    """Reads payloads, one JSON object a line. Raises LabelError with file and line."""
    attacks = []
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise LabelError(f"{file} cannot be read ({error.strerror}).") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                attacks.append(Attack.model_validate_json(line))
            except ValidationError as error:
                raise LabelError(f"{file}:{number}: {error}") from error
    return attacks


def sample(attacks: Sequence[Attack], most: int, seed: int) -> list[Attack]:
    """As many of each suite as of any other, as far as they go; the same seed, the same attacks."""
    draw = random.Random(seed)
    by_suite: dict[str, list[Attack]] = defaultdict(list)
    for attack in attacks:
        by_suite[attack.suite].append(attack)
    for found in by_suite.values():
        draw.shuffle(found)
    chosen: list[Attack] = []
    while len(chosen) < min(most, len(attacks)):
        for found in by_suite.values():
            if found and len(chosen) < most:
                chosen.append(found.pop())
    return chosen


def attacked_mail(raw: bytes, attack: Attack, place: Place) -> bytes:
    """The mail with the payload in a place, the same bytes each time. The sender's own words, headers and attachments
    stay as they are."""
    mail = message_from_bytes(raw, policy=policy.default.clone(raise_on_defect=False))
    assert isinstance(mail, EmailMessage)
    text = attack.text
    if place == "subject":
        subject = f"{mail.get('subject', '')} {' '.join(text.split())}"[:LONGEST_SUBJECT].strip()
        del mail["subject"]
        mail["subject"] = "".join(c if c.isprintable() else " " for c in subject)
    elif place == "attachment":
        mail.add_attachment(text.encode("utf-8", "replace"), maintype="text", subtype="plain", filename="notes.txt")
    elif place == "file name":
        name = "".join(c if c.isprintable() and c not in '/\\:"' else " " for c in " ".join(text.split()))
        mail.add_attachment(b"%PDF-1.4 ", maintype="application", subtype="pdf", filename=f"{name[:LONGEST_NAME]}.pdf")
    else:
        _into_body(mail, text, place)
    for number, part in enumerate(p for p in mail.walk() if p.is_multipart() and p.get_boundary() is None):
        part.set_boundary(f"=_{hashlib.sha256(f'{attack.id}/{number}'.encode()).hexdigest()[:24]}")
    return mail.as_bytes(policy=policy.SMTP.clone(max_line_length=900, raise_on_defect=False))


def _into_body(mail: EmailMessage, text: str, place: Place) -> None:
    """Into every rendering of the body that a reader may be shown; what is hidden into the HTML one, made if need be."""
    plain, laid_out = mail.get_body(("plain",)), mail.get_body(("html",))
    if place == "hidden html":
        part = laid_out or plain
        if part is not None:
            body = str(part.get_content())
            body = body if laid_out else f"<html><body><pre>{html.escape(body)}</pre></body></html>"
            part.set_content(_before_end(body, f'<div style="display:none">{_as_html(text)}</div>'), subtype="html")
        return
    quoted = place == "quoted"
    if plain is not None:
        lines = "\n".join(f"> {line}" for line in text.splitlines())
        plain.set_content(f"{plain.get_content()}\n\n" + (f"{QUOTE_INTRO}\n{lines}\n" if quoted else f"{text}\n"))
    if laid_out is not None:
        block = (
            f"<p>{html.escape(QUOTE_INTRO)}</p><blockquote>{_as_html(text)}</blockquote>"
            if quoted
            else f"<p>{_as_html(text)}</p>"
        )
        laid_out.set_content(_before_end(str(laid_out.get_content()), block), subtype="html")


def _as_html(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _before_end(page: str, block: str) -> str:
    return page.replace("</body>", f"{block}</body>") if "</body>" in page else page + block


def attacked_records(records: dict[str, Any], attack: Attack) -> dict[str, Any]:
    """A snapshot in which the payload stands in every text that outsiders bring into a record, behind what was there."""
    changed = copy.copy(records)
    for model, fields in RECORD_TEXTS.items():
        changed[model] = [
            {**row, **{f: f"{row[f] or ''} {attack.text}".strip() for f in fields if f in row}}
            for row in records.get(model, [])
        ]
    return changed


def read_records(path: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(path.read_bytes())
    return held
