"""What people taught about reading: what a column says, which product a partner's code is, whose an address is.

It comes with a message as data, and helps to read it. It never silences a suspicion: an address that imitates another
one goes to a person whatever was taught about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from agent.directory import registrable
from agent.lexicon import fold
from agent.reference_keys import reference_key
from tools.message import Message

HEADER_ROWS = 5
# What a column of a table of lines may say (`agent.tables.TableRow.cell`), and what a person reads of it.
COLUMN_ROLES = {
    "date": "delivery date",
    "old_date": "requested or former date",
    "confirmed_qty": "confirmed quantity",
    "ordered_qty": "ordered quantity",
    "backorder_qty": "quantity in arrears",
    "unit": "unit",
    "price": "price",
    "old_price": "former price",
    "total": "amount of the line",
    "our_code": "our product code",
    "their_code": "their product code",
    "description": "description",
    "position": "position",
    "order": "order number",
    "tracking": "tracking number",
    "remark": "remark",
    "nothing": "nothing that counts",
}


class Subject(StrEnum):
    """What a lesson is about. A column is known by its heading, a code or an address by itself; a domain stands for all
    of its addresses."""

    column = "column"
    code = "code"
    address = "address"


@dataclass(frozen=True)
class Lesson:
    """`given` as it was written means `means`: a role of COLUMN_ROLES, or the id of a product or partner in Odoo. `said`
    tells a person what was taught, and by whom."""

    subject: Subject
    given: str
    means: str
    said: str = ""

    @property
    def key(self) -> str:
        return key_of(self.subject, self.given)

    def concerns(self, message: Message) -> bool:
        """Whether the message holds what this is about."""
        if self.subject is Subject.column:
            return any(heading_key(text) == self.key for text in headings(message))
        if self.subject is Subject.address:
            return self.key in (message.sender.email.lower(), registrable(message.sender.email)) or (
                "@" in self.key and self.key in message.body.lower()
            )
        written = re.compile(r"(?<!\w)" + r"[\W_]{0,2}".join(map(re.escape, self.key)) + r"(?!\w)", re.IGNORECASE)
        return any(written.search(part.text) for part in message.parts)


class Taught:
    """What holds for one message: of lessons about the same, the last one. False where there is nothing."""

    def __init__(self, lessons: Sequence[Lesson] = ()) -> None:
        last = {(lesson.subject, lesson.key): lesson for lesson in lessons}
        self.lessons = list(last.values())

    @classmethod
    def for_message(cls, message: Message, lessons: Iterable[Lesson]) -> Taught:
        return cls([lesson for lesson in lessons if lesson.concerns(message)])

    def __bool__(self) -> bool:
        return bool(self.lessons)

    @cached_property
    def columns(self) -> dict[str, str | None]:
        """Roles by `heading_key`; None for a column that says nothing."""
        found = self._of(Subject.column)
        return {key: None if role == "nothing" else role for key, role in found.items()}

    @cached_property
    def codes(self) -> dict[str, int]:
        """Products by `reference_key`."""
        return {key: int(product) for key, product in self._of(Subject.code).items()}

    def partner_of(self, email: str) -> int | None:
        """Whose the address is, by itself or by its domain."""
        held = self._of(Subject.address)
        found = held.get(email.lower()) or held.get(registrable(email))
        return int(found) if found else None

    @property
    def said(self) -> list[str]:
        return [lesson.said for lesson in self.lessons if lesson.said]

    def _of(self, subject: Subject) -> dict[str, str]:
        return {lesson.key: lesson.means for lesson in self.lessons if lesson.subject is subject}


NOTHING = Taught()


def key_of(subject: Subject, given: str) -> str:
    """What of a heading, code or address does not depend on its spelling; empty where nothing is left."""
    if subject is Subject.column:
        return heading_key(given)
    return reference_key(given) if subject is Subject.code else given.strip().lower().lstrip("@")


def heading_key(heading: str) -> str:
    return " ".join(re.findall(r"[\w#°%&/]+", fold(heading[:80]).text))


def headings(message: Message) -> list[str]:
    """The cells of a message's tables that may be headings, in their order: a header row's, else those of the first rows."""
    found: dict[str, None] = {}
    for part in message.parts:
        for table in part.tables:
            rows = table.rows[:HEADER_ROWS] if table.header is None else [table.rows[table.header]]
            found.update(dict.fromkeys(c.text.strip() for row in rows for c in row if heading_key(c.text)))
    return list(found)
