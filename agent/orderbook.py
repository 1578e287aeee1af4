"""The order book: orders, their lines, shipments, invoices and products as one linked picture in memory.

It is built once for each state of the records (`RecordReader.version`) and holds what recall, matching and
comparing need to look at together. Apps, models and fields that a company does not have are simply empty.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from agent.directory import Directory
from agent.product_words import product_words
from tools.records import RecordReader, Row

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
    picking_ids: list[int] = field(default_factory=list)
    invoice_ids: list[int] = field(default_factory=list)

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


def reference_key(text: str) -> str:
    """A reference without its spelling: compatibility forms folded, upper case, letters and digits alone.

    "po/2026-00123" and "PO 2026 00123" have one key."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


# What is read of each model; a field that a version does not know is left out by the reader.
FIELDS: dict[str, tuple[str, ...]] = {
    PURCHASE: (
        "name", "partner_ref", "origin", "state", "partner_id", "date_order", "date_planned", "currency_id",
        "picking_ids", "write_date",
    ),
    "purchase.order.line": (
        "order_id", "sequence", "name", "display_type", "product_id", "product_qty", "product_uom", "product_uom_id",
        "qty_received", "price_unit", "date_planned",
    ),
    SALE: (
        "name", "client_order_ref", "reference", "origin", "state", "partner_id", "partner_shipping_id", "date_order",
        "commitment_date", "expected_date", "currency_id", "picking_ids", "write_date",
    ),
    "sale.order.line": (
        "order_id", "sequence", "name", "display_type", "product_id", "product_uom_qty", "product_uom",
        "product_uom_id", "qty_delivered", "price_unit", "scheduled_date",
    ),
    PICKING: (
        "name", "origin", "state", "partner_id", "picking_type_code", "scheduled_date", "carrier_id",
        "carrier_tracking_ref", "purchase_id", "sale_id", "write_date",
    ),
    "stock.move": (
        "state", "product_id", "product_uom_qty", "quantity", "picking_id", "purchase_line_id", "sale_line_id",
        "move_dest_ids",
    ),
    INVOICE: ("name", "ref", "move_type", "state", "partner_id", "invoice_origin"),
    "product.product": ("display_name", "name", "default_code", "barcode", "product_tmpl_id"),
    "product.supplierinfo": ("partner_id", "name", "product_id", "product_tmpl_id", "product_code", "product_name"),
}  # fmt: skip


class OrderBook:
    """The linked records, with look-ups by reference, partner, product and tracking number.

    `orders`, `pickings`, `invoices` and `products` are keyed by id (orders by model and id)."""

    def __init__(self, reader: RecordReader) -> None:
        self.reader = reader
        self.version = reader.version()
        self.directory = Directory(reader)
        self.products: dict[int, Product] = _products(reader)
        self.products_by_code: dict[str, list[Product]] = defaultdict(list)
        self.word_counts: Counter[str] = Counter()
        for product in self.products.values():
            for code in {product.code, product.barcode, *(c.code for c in product.supplier_codes)} - {""}:
                self.products_by_code[reference_key(code)].append(product)
            texts = [product.name, *(c.name for c in product.supplier_codes)]
            self.word_counts.update({word for text in texts for word in product_words(text)})
        self.orders: dict[RecordKey, Order] = {}
        self.lines: dict[RecordKey, OrderLine] = {}
        for model in (PURCHASE, SALE):
            self._load_orders(model)
        self.pickings: dict[int, Picking] = {}
        self._load_pickings()
        self.invoices: dict[int, Invoice] = {}
        self._load_invoices()
        self.orders_of_partner: dict[int, list[Order]] = defaultdict(list)
        self.orders_of_product: dict[int, list[Order]] = defaultdict(list)
        for order in self.orders.values():
            if order.commercial_partner_id:
                self.orders_of_partner[order.commercial_partner_id].append(order)
            for product_id in {line.product_id for line in order.lines if line.product_id}:
                self.orders_of_product[product_id].append(order)
        self.pickings_of_partner: dict[int, list[Picking]] = defaultdict(list)
        for picking in self.pickings.values():
            if picking.commercial_partner_id:
                self.pickings_of_partner[picking.commercial_partner_id].append(picking)
        self.by_key: dict[str, list[Reference]] = defaultdict(list)
        for reference in self.references():
            self.by_key[reference_key(reference.value)].append(reference)

    def order(self, key: RecordKey) -> Order | None:
        return self.orders.get(key)

    def name_of(self, key: RecordKey) -> str:
        model, record_id = key
        if model == PICKING and record_id in self.pickings:
            return self.pickings[record_id].name
        if model == INVOICE and record_id in self.invoices:
            return self.invoices[record_id].name or self.invoices[record_id].ref
        order = self.orders.get(key)
        return order.name if order else ""

    def by_reference(self, text: str) -> list[Reference]:
        """Every record that this number names, however it is spelled."""
        return list(self.by_key.get(reference_key(text), ()))

    def pickings_of(self, order: Order) -> list[Picking]:
        """The order's receipts or deliveries, open ones first, then the newest."""
        found = [self.pickings[i] for i in order.picking_ids if i in self.pickings]
        return sorted(found, key=lambda p: (not p.is_open, -p.id))

    def references(self) -> Iterator[Reference]:
        """All numbers that name a record. A field that holds several ("AB 123, AB 124") gives each of them."""
        for order in self.orders.values():
            purchase = order.model == PURCHASE
            yield Reference("purchase" if purchase else "sale", order.name, order.key)
            for ref in order.refs:
                for value in _several(ref):
                    yield Reference("partner_ref" if purchase else "client_order_ref", value, order.key)
        for picking in self.pickings.values():
            yield Reference("picking", picking.name, picking.key)
            for value in picking.tracking:
                yield Reference("tracking", value, picking.key)
        for invoice in self.invoices.values():
            # A customer's invoice carries the customer's order number as its reference: that names the order.
            own = [invoice.name] if invoice.move_type.startswith("out_") else [invoice.name, invoice.ref]
            for value in filter(None, own):
                yield Reference("invoice", value, (INVOICE, invoice.id))

    def _rows(self, model: str) -> list[Row]:
        return self.reader.search_read(model, fields=FIELDS[model])

    def _load_orders(self, model: str) -> None:
        refs = ("partner_ref",) if model == PURCHASE else ("client_order_ref", "reference")
        for row in self._rows(model):
            partner = _id(row.get("partner_id"))
            order = Order(
                model=model,
                id=row["id"],
                name=_text(row.get("name")),
                partner_id=partner,
                commercial_partner_id=self.directory.commercial(partner),
                shipping_partner_id=_id(row.get("partner_shipping_id")),
                refs=[_text(row[name]) for name in refs if row.get(name)],
                origin=_text(row.get("origin")),
                state=_text(row.get("state")),
                date_order=_moment(row.get("date_order")),
                planned=_moment(row.get("date_planned") or row.get("commitment_date") or row.get("expected_date")),
                currency=_name(row.get("currency_id")),
                write_date=_text(row.get("write_date")) or None,
                picking_ids=list(row.get("picking_ids") or ()),
            )
            self.orders[order.key] = order
        done, planned = ("qty_received", "date_planned") if model == PURCHASE else ("qty_delivered", "scheduled_date")
        for row in self._rows(f"{model}.line"):
            key = (model, _id(row.get("order_id")) or 0)
            if row.get("display_type") or key not in self.orders:
                continue
            product = self.products.get(_id(row.get("product_id")) or 0)
            description = _text(row.get("name"))
            line = OrderLine(
                id=row["id"],
                order_id=key[1],
                order_model=model,
                product_id=_id(row.get("product_id")),
                code=product.code if product else _bracketed(_name(row.get("product_id")) or description),
                name=product.name if product else _unbracketed(_name(row.get("product_id")) or description),
                description=description,
                qty=_number(row.get("product_qty", row.get("product_uom_qty"))),
                done_qty=_number(row.get(done)),
                price=_number(row.get("price_unit")),
                planned=_moment(row.get(planned)) or self.orders[key].planned,
                uom=_name(row.get("product_uom_id") or row.get("product_uom")),
                sequence=int(_number(row.get("sequence"))),
            )
            self.orders[key].lines.append(line)
            self.lines[(f"{model}.line", line.id)] = line
        for order in self.orders.values():
            order.lines.sort(key=lambda line: (line.sequence, line.id))

    def _load_pickings(self) -> None:
        rows = self._rows(PICKING)
        moves = {row["id"]: row for row in self._rows("stock.move")}
        of_picking: dict[int, list[Row]] = defaultdict(list)
        for move in moves.values():
            of_picking[_id(move.get("picking_id")) or 0].append(move)
        by_name = {order.name: order.key for order in self.orders.values() if order.name}
        claimed = {i: order.key for order in self.orders.values() for i in order.picking_ids}
        for row in rows:
            lines = [
                PickingLine(
                    move_id=move["id"],
                    product_id=_id(move.get("product_id")),
                    qty=_number(move.get("product_uom_qty") or move.get("quantity")),
                    state=_text(move.get("state")),
                    line=self._line_behind(move, moves),
                )
                for move in of_picking.get(row["id"], ())
            ]
            behind = next(((x.line.order_model, x.line.order_id) for x in lines if x.line), None)
            stated = (PURCHASE, _id(row.get("purchase_id"))), (SALE, _id(row.get("sale_id")))
            order = next(((m, i) for m, i in stated if i and (m, i) in self.orders), None)
            order = order or claimed.get(row["id"]) or behind or by_name.get(_text(row.get("origin")))
            partner = _id(row.get("partner_id"))
            picking = Picking(
                id=row["id"],
                name=_text(row.get("name")),
                kind=_kind(row, order),
                origin=_text(row.get("origin")),
                state=_text(row.get("state")),
                partner_id=partner,
                commercial_partner_id=self.directory.commercial(partner),
                tracking=_several(_text(row.get("carrier_tracking_ref"))),
                carrier=_name(row.get("carrier_id")),
                scheduled=_moment(row.get("scheduled_date")),
                order=order,
                write_date=_text(row.get("write_date")) or None,
                lines=lines,
            )
            self.pickings[picking.id] = picking
            if order and picking.id not in self.orders[order].picking_ids:
                self.orders[order].picking_ids.append(picking.id)

    def _line_behind(self, move: Row, moves: dict[int, Row]) -> OrderLine | None:
        """The order line of a move or, in warehouses that pick and pack in steps, of the moves it leads to."""
        pending, seen = [move], set[int]()
        while pending and len(seen) < 20:
            current = pending.pop(0)
            seen.add(current["id"])
            for name, model in (("purchase_line_id", f"{PURCHASE}.line"), ("sale_line_id", f"{SALE}.line")):
                line = self.lines.get((model, _id(current.get(name)) or 0))
                if line:
                    return line
            following = current.get("move_dest_ids") or ()
            pending += [moves[i] for i in following if i in moves and i not in seen]
        return None

    def _load_invoices(self) -> None:
        by_name = {order.name: order for order in self.orders.values() if order.name}
        for row in self._rows(INVOICE):
            name = _text(row.get("name"))
            partner = _id(row.get("partner_id"))
            origins = re.split(r"[,;\s]+", _text(row.get("invoice_origin")))
            orders = [by_name[origin] for origin in origins if origin in by_name]
            invoice = Invoice(
                id=row["id"],
                name="" if name == "/" else name,
                ref=_text(row.get("ref")),
                move_type=_text(row.get("move_type")),
                state=_text(row.get("state")),
                partner_id=partner,
                commercial_partner_id=self.directory.commercial(partner),
                orders=[order.key for order in orders],
            )
            self.invoices[invoice.id] = invoice
            for order in orders:
                order.invoice_ids.append(invoice.id)


def _products(reader: RecordReader) -> dict[int, Product]:
    products: dict[int, Product] = {}
    variants: dict[int, list[Product]] = defaultdict(list)
    for row in reader.search_read("product.product", fields=FIELDS["product.product"]):
        shown = _text(row.get("display_name"))
        product = Product(
            id=row["id"],
            code=_text(row.get("default_code")) or _bracketed(shown),
            name=_text(row.get("name")) or _unbracketed(shown),
            barcode=_text(row.get("barcode")),
            template_id=_id(row.get("product_tmpl_id")),
        )
        products[product.id] = product
        if product.template_id:
            variants[product.template_id].append(product)
    for row in reader.search_read("product.supplierinfo", fields=FIELDS["product.supplierinfo"]):
        code = SupplierCode(
            _id(row.get("partner_id")) or _id(row.get("name")),
            _text(row.get("product_code")),
            _text(row.get("product_name")),
        )
        variant = products.get(_id(row.get("product_id")) or 0)
        for product in [variant] if variant else variants.get(_id(row.get("product_tmpl_id")) or 0, ()):
            product.supplier_codes.append(code)
    return products


def _kind(row: Row, order: RecordKey | None) -> Literal["incoming", "outgoing", "internal"]:
    code = row.get("picking_type_code")
    if code == "incoming":
        return "incoming"
    if code:
        return "outgoing" if code == "outgoing" else "internal"
    if order:
        return "incoming" if order[0] == PURCHASE else "outgoing"
    name = _text(row.get("name")).upper()
    return "incoming" if "/IN/" in name else "outgoing" if "/OUT/" in name else "internal"


def _several(text: str) -> list[str]:
    """The numbers in one field. Split where a separator stands between parts that each hold three digits."""
    parts = [part.strip() for part in re.split(r"[,;|+&\n]|\s/\s", text)]
    good = [part for part in parts if sum(c.isdigit() for c in part) >= 3]
    return good if len(good) > 1 else [text] if text else []


def _id(value: Any) -> int | None:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _name(value: Any) -> str:
    return str(value[1]) if isinstance(value, (list, tuple)) and len(value) > 1 else ""


def _text(value: Any) -> str:
    return str(value).strip() if value and not isinstance(value, (list, tuple)) else ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC) if value else None
    except ValueError:
        return None


def _bracketed(text: str) -> str:
    """The code of a display name such as "[E-COM07] Large cabinet"."""
    found = re.match(r"\s*\[([^\]]{1,64})\]", text)
    return found[1].strip() if found else ""


def _unbracketed(text: str) -> str:
    return re.sub(r"^\s*\[[^\]]{1,64}\]\s*", "", text)
