"""What the desk knows of orders, shipments, invoices and products: plain records, linked by their keys.

Moments are UTC. Apps, models and fields that a company does not have are simply empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

PURCHASE, SALE, PICKING, INVOICE = "purchase.order", "sale.order", "stock.picking", "account.move"

ReferenceKind = Literal[
    "purchase", "sale", "picking", "partner_ref", "client_order_ref", "invoice", "tracking", "unknown"
]
RecordKey = tuple[str, int]


@dataclass(slots=True)
class OrderLine:
    """A line of a purchase or sales order. Quantities are in `uom`, `price` is per unit in the order's currency.

    `description` is the line's own text, often in the partner's words and codes; `planned` is UTC."""

    id: int
    order_id: int
    order_model: str
    product_id: int | None
    code: str
    name: str
    description: str
    qty: float
    done_qty: float
    price: float
    planned: datetime | None
    uom: str
    sequence: int = 0

    @property
    def open_qty(self) -> float:
        return max(self.qty - self.done_qty, 0.0)


@dataclass(slots=True)
class Order:
    """A purchase or sales order. `refs` are the partner's own numbers for it; `date_order` and `planned` are UTC."""

    model: str
    id: int
    name: str
    partner_id: int | None
    commercial_partner_id: int | None
    shipping_partner_id: int | None
    refs: list[str]
    origin: str
    state: str
    date_order: datetime | None
    planned: datetime | None
    currency: str
    write_date: str | None
    lines: list[OrderLine] = field(default_factory=list)

    @property
    def key(self) -> RecordKey:
        return self.model, self.id

    @property
    def open_lines(self) -> list[OrderLine]:
        return [line for line in self.lines if line.open_qty > 0]

    @property
    def is_open(self) -> bool:
        return self.state != "cancel" and any(line.open_qty > 0 for line in self.lines)


@dataclass(slots=True)
class PickingLine:
    """One move of a shipment with the order line behind it, if one is known."""

    move_id: int
    product_id: int | None
    qty: float
    state: str
    line: OrderLine | None


@dataclass(slots=True)
class Picking:
    """A receipt, delivery or internal transfer. `order` is the key of the order behind it, `scheduled` is UTC."""

    id: int
    name: str
    kind: Literal["incoming", "outgoing", "internal"]
    origin: str
    state: str
    partner_id: int | None
    commercial_partner_id: int | None
    tracking: list[str]
    carrier: str
    scheduled: datetime | None
    order: RecordKey | None
    write_date: str | None
    lines: list[PickingLine] = field(default_factory=list)
    model: str = PICKING

    @property
    def key(self) -> RecordKey:
        return self.model, self.id

    @property
    def is_open(self) -> bool:
        return self.state not in ("done", "cancel")


@dataclass(slots=True)
class Invoice:
    id: int
    name: str
    ref: str
    move_type: str
    state: str
    partner_id: int | None
    commercial_partner_id: int | None
    orders: list[RecordKey]
    model: str = INVOICE


@dataclass(slots=True)
class SupplierCode:
    """What one supplier calls a product."""

    partner_id: int | None
    code: str
    name: str


@dataclass(slots=True)
class Product:
    id: int
    code: str
    name: str
    barcode: str
    template_id: int | None
    supplier_codes: list[SupplierCode] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reference:
    """One number by which people name a record. `value` is as Odoo holds it."""

    kind: ReferenceKind
    value: str
    record: RecordKey
