"""What is kept of each record: rows of Odoo's `search_read` as rows of the order store's tables.

Each row is made of one record alone; what links records is looked up when it is asked for. So a record that changed
concerns its own rows only. Moments are seconds since 1970 (UTC); an empty field is NULL or an empty text.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent.orders import INVOICE, PICKING, PURCHASE, SALE, ReferenceKind
from agent.reference_keys import counter_of, digit_runs, digits_of, reference_key, shape_of
from tools.records import Row

Tables = dict[str, list[tuple[Any, ...]]]
MODELS = (PURCHASE, SALE, PICKING, INVOICE)
KINDS: tuple[ReferenceKind, ...] = (
    "purchase", "sale", "picking", "partner_ref", "client_order_ref", "invoice", "tracking",
)  # fmt: skip
SHORTEST_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Source:
    """A model that is kept: the fields that are read of it (one that a version of Odoo does not know is left out) and
    how a record becomes rows. `owns` says which rows are a record's (table, condition with one parameter: its id);
    `orders` is a query for the orders (model, id) that a JSON list of ids are lines of, or are."""

    model: str
    fields: tuple[str, ...]
    write: Callable[[Row, Tables], None]
    owns: tuple[tuple[str, str], ...]
    orders: str = ""


def tables_of(source: Source, records: Iterable[Row]) -> Tables:
    """The rows, by table, that stand for these records."""
    tables: Tables = defaultdict(list)
    for record in records:
        source.write(record, tables)
    return tables


def _write_purchase(row: Row, tables: Tables) -> None:
    _write_order(0, row, [text_of(row.get("partner_ref"))], row.get("date_planned"), tables)


def _write_sale(row: Row, tables: Tables) -> None:
    refs = [text_of(row.get("client_order_ref")), text_of(row.get("reference"))]
    _write_order(1, row, refs, row.get("commitment_date") or row.get("expected_date"), tables)


def _write_order(model: int, row: Row, refs: list[str], planned: Any, tables: Tables) -> None:
    refs = [ref for ref in refs if ref]
    name = text_of(row.get("name"))
    tables["orders"].append(
        (
            model,
            row["id"],
            name,
            record_id(row.get("partner_id")),
            record_id(row.get("partner_shipping_id")),
            json.dumps(refs) if refs else "",
            text_of(row.get("origin")),
            text_of(row.get("state")),
            _seconds(row.get("date_order")),
            _seconds(planned),
            shown_name(row.get("currency_id")),
            text_of(row.get("write_date")),
            0,
        )
    )
    tables["order_pickings"] += [(picking, model, row["id"]) for picking in row.get("picking_ids") or ()]
    theirs = [(value, "client_order_ref" if model else "partner_ref") for ref in refs for value in several(ref)]
    _write_references(model, row["id"], [(name, "sale" if model else "purchase"), *theirs], tables)


def _write_purchase_line(row: Row, tables: Tables) -> None:
    _write_line(0, row, row.get("qty_received"), row.get("date_planned"), tables)


def _write_sale_line(row: Row, tables: Tables) -> None:
    _write_line(1, row, row.get("qty_delivered"), row.get("scheduled_date"), tables)


def _write_line(model: int, row: Row, done: Any, planned: Any, tables: Tables) -> None:
    if row.get("display_type"):
        return
    description, product = text_of(row.get("name")), shown_name(row.get("product_id"))
    tables["lines"].append(
        (
            model,
            record_id(row.get("order_id")) or 0,
            int(_number(row.get("sequence"))),
            row["id"],
            record_id(row.get("product_id")),
            None if product == description else product,
            description,
            _number(row.get("product_qty", row.get("product_uom_qty"))),
            _number(done),
            _number(row.get("price_unit")),
            _seconds(planned),
            shown_name(row.get("product_uom_id") or row.get("product_uom")),
        )
    )


def _write_picking(row: Row, tables: Tables) -> None:
    name, state, tracking = (
        text_of(row.get("name")),
        text_of(row.get("state")),
        text_of(row.get("carrier_tracking_ref")),
    )
    tables["pickings"].append(
        (
            row["id"],
            name,
            text_of(row.get("picking_type_code")),
            text_of(row.get("origin")),
            state,
            state in ("done", "cancel"),
            record_id(row.get("partner_id")),
            tracking,
            shown_name(row.get("carrier_id")),
            _seconds(row.get("scheduled_date")),
            record_id(row.get("purchase_id")),
            record_id(row.get("sale_id")),
            text_of(row.get("write_date")),
        )
    )
    numbers = [(name, "picking"), *((value, "tracking") for value in several(tracking))]
    _write_references(2, row["id"], numbers, tables)


def _write_move(row: Row, tables: Tables) -> None:
    tables["moves"].append(
        (
            row["id"],
            record_id(row.get("picking_id")),
            record_id(row.get("product_id")),
            _number(row.get("product_uom_qty") or row.get("quantity")),
            text_of(row.get("state")),
            record_id(row.get("purchase_line_id")),
            record_id(row.get("sale_line_id")),
        )
    )
    following = row.get("move_dest_ids") or ()
    tables["move_steps"] += [(row["id"], position, move) for position, move in enumerate(following)]


def _write_invoice(row: Row, tables: Tables) -> None:
    name, ref, move_type = text_of(row.get("name")), text_of(row.get("ref")), text_of(row.get("move_type"))
    name = "" if name == "/" else name
    tables["invoices"].append(
        (
            row["id"],
            name,
            ref,
            move_type,
            text_of(row.get("state")),
            record_id(row.get("partner_id")),
            text_of(row.get("invoice_origin")),
        )
    )
    # A customer's invoice carries the customer's order number as its reference: that names the order.
    numbers = [name] if move_type.startswith("out_") else [name, ref]
    _write_references(3, row["id"], [(number, "invoice") for number in numbers if number], tables)


def _write_references(model: int, record: int, numbers: list[tuple[str, str]], tables: Tables) -> None:
    rows = tables["numbers"]
    for place, (value, kind) in enumerate(numbers):
        key = reference_key(value)
        counter = counter_of(value)
        shape = around = number = digits = None
        if counter is not None:
            shape, around, number = shape_of(key), counter[0], str(counter[1])
            written = "".join(digit_runs(key))
            digits = digits_of(key) if written != key and len(written) >= SHORTEST_DIGITS else None
        rows.append((model, record, place, key, KINDS.index(kind), value, shape, around, number, digits))


SOURCES = (
    Source(
        PURCHASE,
        ("name", "partner_ref", "origin", "state", "partner_id", "date_order", "date_planned", "currency_id",
         "picking_ids", "write_date"),
        _write_purchase,
        (("orders", "model = 0 AND id = ?"), ("order_pickings", "model = 0 AND order_id = ?"),
         ("numbers", "model = 0 AND record = ?")),
        "SELECT 0, value FROM json_each(?)",
    ),
    Source(
        f"{PURCHASE}.line",
        ("order_id", "sequence", "name", "display_type", "product_id", "product_qty", "product_uom", "product_uom_id",
         "qty_received", "price_unit", "date_planned"),
        _write_purchase_line,
        (("lines", "model = 0 AND id = ?"),),
        "SELECT model, order_id FROM lines WHERE model = 0 AND id IN (SELECT value FROM json_each(?))",
    ),
    Source(
        SALE,
        ("name", "client_order_ref", "reference", "origin", "state", "partner_id", "partner_shipping_id", "date_order",
         "commitment_date", "expected_date", "currency_id", "picking_ids", "write_date"),
        _write_sale,
        (("orders", "model = 1 AND id = ?"), ("order_pickings", "model = 1 AND order_id = ?"),
         ("numbers", "model = 1 AND record = ?")),
        "SELECT 1, value FROM json_each(?)",
    ),
    Source(
        f"{SALE}.line",
        ("order_id", "sequence", "name", "display_type", "product_id", "product_uom_qty", "product_uom",
         "product_uom_id", "qty_delivered", "price_unit", "scheduled_date"),
        _write_sale_line,
        (("lines", "model = 1 AND id = ?"),),
        "SELECT model, order_id FROM lines WHERE model = 1 AND id IN (SELECT value FROM json_each(?))",
    ),
    Source(
        PICKING,
        ("name", "origin", "state", "partner_id", "picking_type_code", "scheduled_date", "carrier_id",
         "carrier_tracking_ref", "purchase_id", "sale_id", "write_date"),
        _write_picking,
        (("pickings", "id = ?"), ("numbers", "model = 2 AND record = ?")),
    ),
    Source(
        "stock.move",
        ("state", "product_id", "product_uom_qty", "quantity", "picking_id", "purchase_line_id", "sale_line_id",
         "move_dest_ids"),
        _write_move,
        (("moves", "id = ?"), ("move_steps", "move = ?")),
    ),
    Source(
        INVOICE,
        ("name", "ref", "move_type", "state", "partner_id", "invoice_origin"),
        _write_invoice,
        (("invoices", "id = ?"), ("numbers", "model = 3 AND record = ?")),
    ),
)  # fmt: skip


def several(text: str) -> list[str]:
    """The numbers in one field. Split where a separator stands between parts that each hold three digits."""
    parts = [part.strip() for part in re.split(r"[,;|+&\n]|\s/\s", text)]
    good = [part for part in parts if sum(c.isdigit() for c in part) >= 3]
    return good if len(good) > 1 else [text] if text else []


def record_id(value: Any) -> int | None:
    """The id of a many2one."""
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return value if type(value) is int else None


def shown_name(value: Any) -> str:
    """The display name of a many2one."""
    return _valid(str(value[1])) if isinstance(value, (list, tuple)) and len(value) > 1 else ""


def text_of(value: Any) -> str:
    return _valid(str(value).strip()) if value and not isinstance(value, (list, tuple)) else ""


def _valid(text: str) -> str:
    """Half of a character (a lone surrogate) cannot be stored."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _seconds(value: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp()) if value else None
    except ValueError:
        return None
