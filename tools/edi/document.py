"""A business document in one shape, whatever standard it was written in: what it states, and where each value stands.

The readers (tools/edi/x12.py, tools/edi/edifact.py, tools/edi/ubl.py) fill it; `tools/edi/page.py` lays it out for a
person and notes where on that page each value stands.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


class EdiKind(StrEnum):
    """What a document is for: the first two come from suppliers, the next two from customers; an advice tells what
    became of a document of ours, an acknowledgement only whether it could be read. `other` is known by its name and not
    read."""

    order_response = "order response"
    despatch_advice = "despatch advice"
    order_change = "order change"
    order_cancellation = "order cancellation"
    application_advice = "application advice"
    acknowledgement = "acknowledgement"
    other = "document"


class EdiStatus(StrEnum):
    """What is said of an order or a line. `acknowledged`: received, not decided on; `pending`: a date or price is still
    to come; `changed` and `substituted` lines are accepted with a difference."""

    accepted = "accepted"
    changed = "changed"
    rejected = "rejected"
    cancelled = "cancelled"
    backordered = "back-ordered"
    substituted = "substituted"
    pending = "pending"
    acknowledged = "acknowledged"
    added = "added"


class Stated(BaseModel, Generic[T]):
    """A value, the segment or element that states it as the sender wrote it, and where it stands on the page: offsets
    in the text of the document's part."""

    value: T
    source: str = ""
    start: int = 0
    end: int = 0

    @property
    def shown(self) -> str:
        """The value as it stands on the page."""
        return f"{self.value:.12g}" if isinstance(self.value, float) else str(self.value)


class Delivery(BaseModel):
    """A quantity that comes on a day; either may not be said. `despatch`: the day is that of leaving, not of arrival."""

    qty: Stated[float] | None = None
    day: Stated[date] | None = None
    despatch: bool = False


class EdiLine(BaseModel):
    """One line. `number` is the buyer's line number; `price` is for `price_base` units.

    `qty` is what will be, or was, delivered; `ordered` what the sender takes to be ordered; `backordered` what comes
    later. `unit` is the sender's code for the unit of these. `deliveries` are several of one line, or its one day.
    """

    number: Stated[str] | None = None
    buyer_code: Stated[str] | None = None
    seller_code: Stated[str] | None = None
    gtin: Stated[str] | None = None
    name: str = ""
    order: Stated[str] | None = None
    status: Stated[EdiStatus] | None = None
    ordered: Stated[float] | None = None
    qty: Stated[float] | None = None
    backordered: Stated[float] | None = None
    unit: str = ""
    price: Stated[float] | None = None
    price_base: float = 1.0
    deliveries: list[Delivery] = Field(default_factory=list)
    substitute: Stated[str] | None = None
    notes: list[str] = Field(default_factory=list)

    @property
    def codes(self) -> list[Stated[str]]:
        return [code for code in (self.buyer_code, self.seller_code, self.gtin) if code]


class EdiDocument(BaseModel):
    """`standard` and `type` name it as its sender does (EDIFACT, ORDRSP); `part` is the message's part that shows it.

    `order` is the buyer's number of the order and `seller_order` the seller's; `sender` is the party's name.
    `errors` are what an application advice or an acknowledgement reports. `faults` say, each naming a segment, why it must not be relied on.
    """

    standard: str
    type: str
    kind: EdiKind
    part: str = "body"
    number: Stated[str] | None = None
    order: Stated[str] | None = None
    seller_order: Stated[str] | None = None
    sender: Stated[str] | None = None
    status: Stated[EdiStatus] | None = None
    currency: str = ""
    delivery: Stated[date] | None = None
    despatched: Stated[date] | None = None
    tracking: Stated[str] | None = None
    carrier: Stated[str] | None = None
    lines: list[EdiLine] = Field(default_factory=list)
    notes: list[Stated[str]] = Field(default_factory=list)
    errors: list[Stated[str]] = Field(default_factory=list)
    faults: list[str] = Field(default_factory=list)
    only_exceptions: bool = False

    @property
    def name(self) -> str:
        return f"{self.standard} {self.type}"
