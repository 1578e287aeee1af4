"""What Odoo holds of one record at this moment, taken over into the order that was matched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agent.orderbook import OrderBook
from agent.orders import PICKING, PURCHASE, SALE, Order, OrderLine, RecordKey
from tools.records import RecordReader, RecordsError, Row

ORDER_FIELDS = ("state", "date_planned", "commitment_date", "expected_date", "write_date")
# Sales lines come without their `scheduled_date`: Odoo computes the stock of each line for it, which takes seconds for a
# long order, and the order's promise says the same.
LINE_FIELDS = {PURCHASE: ("product_qty", "qty_received"), SALE: ("product_uom_qty", "qty_delivered")}
LINE_COMMON = ("name", "sequence", "display_type", "product_id", "price_unit", "date_planned", "write_date")


class RecordGone(RecordsError):
    """The record is not in Odoo any more, or the account may not see it."""


@dataclass(frozen=True)
class Held:
    """The order behind a record, with Odoo's dates of the last writes: of the record, and of the lines where the order
    itself is the record."""

    order: Order | None = None
    write_date: str | None = None
    line_write_dates: dict[int, str] = field(default_factory=dict)


def order_behind(book: OrderBook, record: RecordKey | None) -> Order | None:
    """The order that a record is, or that a transfer belongs to."""
    if record is None:
        return None
    if record[0] == PICKING:
        picking = book.pickings.get(record[1])
        return book.order(picking.order) if picking and picking.order else None
    return book.order(record)


def known_held(book: OrderBook, record: RecordKey | None) -> Held:
    """What the order book knows of the record."""
    order = order_behind(book, record)
    if record is not None and record[0] == PICKING and record[1] in book.pickings:
        return Held(order, book.pickings[record[1]].write_date)
    return Held(order, order.write_date if order else None)


def mirrored_held(mirror: RecordReader, book: OrderBook, record: RecordKey | None) -> Held:
    """What the mirror has of the record, with the dates that an approval compares; else what the order book knows."""
    try:
        return read_held(mirror, book, record)
    except RecordGone:
        return known_held(book, record)


def read_held(reader: RecordReader, book: OrderBook, record: RecordKey | None) -> Held:
    """Reads the record, and the lines of the order behind it, in two requests.

    Raises RecordGone, and RecordsError when the reader cannot read."""
    if record is None:
        return Held()
    rows = reader.read(record[0], [record[1]], ORDER_FIELDS if record[0] in LINE_FIELDS else ("write_date",))
    if not rows:
        raise RecordGone(f"{book.name_of(record)} is not in Odoo any more, or the account may no longer see it.")
    written = _written(rows[0])
    order = order_behind(book, record)
    if order is None:
        return Held(None, written)
    own = record == order.key
    if own:
        row = rows[0]
        planned = row.get("date_planned") or row.get("commitment_date") or row.get("expected_date")
        order = replace(order, state=str(row.get("state") or ""), planned=_moment(planned), write_date=written)
    names = (*LINE_COMMON, *LINE_FIELDS[order.model])
    read = reader.search_read(f"{order.model}.line", [("order_id", "=", order.id)], names)
    lines = [line for line in read if not line.get("display_type")]
    lines.sort(key=lambda line: (line.get("sequence") or 0, line["id"]))
    order = replace(order, lines=[_line(book, order, line) for line in lines])
    return Held(order, written, {r["id"]: date for r in lines if (date := _written(r))} if own else {})


def _line(book: OrderBook, order: Order, row: Row) -> OrderLine:
    qty, done = LINE_FIELDS[order.model]
    shown = row.get("product_id") or (0, "")
    product = book.products.get(shown[0])
    known = book.lines.get((f"{order.model}.line", row["id"])) or OrderLine(
        id=row["id"],
        order_id=order.id,
        order_model=order.model,
        product_id=shown[0] or None,
        code=product.code if product else "",
        name=product.name if product else str(shown[1] or row.get("name") or ""),
        description=str(row.get("name") or ""),
        qty=0.0,
        done_qty=0.0,
        price=0.0,
        planned=None,
        uom="",
    )
    return replace(
        known,
        qty=float(row.get(qty) or 0.0),
        done_qty=float(row.get(done) or 0.0),
        price=float(row.get("price_unit") or 0.0),
        planned=_moment(row.get("date_planned")) or order.planned or known.planned,
    )


def _written(row: Row) -> str | None:
    return str(row["write_date"]) if row.get("write_date") else None


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC) if value else None
