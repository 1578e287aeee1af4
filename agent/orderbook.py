"""The order book: orders, their lines, shipments, invoices and products as one linked picture.

Products and partners are held in memory. Orders and what belongs to them stay in the order store and are read when
they are asked for, many at a time, so that neither memory nor the time for a message grows with the years on record.
"""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from agent.directory import PARTNER_MODELS, Directory
from agent.key_table import KeyTable
from agent.order_rows import MODELS, several
from agent.order_store import OrderStore
from agent.orders import (
    INVOICE,
    PICKING,
    PURCHASE,
    SALE,
    Invoice,
    Order,
    OrderLine,
    Picking,
    PickingLine,
    RecordKey,
    Reference,
)
from agent.products import PRODUCT_MODELS, bracketed, by_code, count_words, read_products, unbracketed
from agent.reference_keys import reference_key
from agent.shelf import Shelf
from tools.records import RecordReader

MOST_STEPS = 20


class OrderBook:
    """The linked records, with look-ups by number (`keys`), partner and product.

    `orders`, `pickings` and `invoices` are read as a mapping from their id (orders: model and id; lines: the lines'
    model and id). With a `path` the order store is kept there, and used again while the records are the same."""

    def __init__(self, reader: RecordReader, path: Path | None = None) -> None:
        self.reader = reader
        self.store = OrderStore(path)
        self.keys = KeyTable(self.store)
        self.orders = Shelf(self._read_orders)
        self.lines = Shelf(self._read_lines)
        self.pickings = Shelf(self._read_pickings)
        self.invoices = Shelf(self._read_invoices)
        self._shipments = Shelf(self._read_shipments)
        self._counts = Shelf(self._read_counts)
        self.store.follow(reader)
        self._read_products()
        self.directory = Directory(reader)

    @property
    def version(self) -> str:
        """The version of the records that the book holds."""
        return self.store.version or ""

    def follow(self, reader: RecordReader) -> None:
        """Make the book hold the reader's present records; what did not change is not read again."""
        self.reader = reader
        changed = self.store.follow(reader)
        if changed is None or PRODUCT_MODELS & set(changed):
            self._read_products()
        if changed is None or PARTNER_MODELS & set(changed):
            self.directory = Directory(self.reader)
        for shelf in (self.orders, self.lines, self.pickings, self.invoices, self._shipments, self._counts):
            shelf.clear()

    def order(self, key: RecordKey) -> Order | None:
        return self.orders.get(key)

    def orders_behind(self, key: RecordKey) -> Sequence[RecordKey]:
        """The orders that a record leads to: an invoice's, a transfer's, or the order itself; none where it is unknown."""
        if key[0] == INVOICE:
            invoice = self.invoices.get(key[1])
            return invoice.orders if invoice else []
        if key[0] == PICKING:
            picking = self.pickings.get(key[1])
            return [picking.order] if picking and picking.order else []
        return [key]

    def name_of(self, key: RecordKey) -> str:
        model, record_id = key
        if model == PICKING:
            picking = self.pickings.get(record_id)
            return picking.name if picking else ""
        if model == INVOICE:
            invoice = self.invoices.get(record_id)
            return (invoice.name or invoice.ref) if invoice else ""
        order = self.orders.get(key)
        return order.name if order else ""

    def by_reference(self, text: str) -> list[Reference]:
        """Every record that this number names, however it is spelled."""
        key = reference_key(text)
        return self.keys.find([key]).get(key, [])

    def count_orders(self, partner: int) -> Counter[tuple[str, bool]]:
        """How many orders a company has, by model and whether they are open."""
        return self._counts[partner]

    def orders_of_partner(self, partner: int, *, is_open: bool, most: int) -> list[Order]:
        """A company's newest orders that are open, or that are not."""
        sql = "SELECT ordered, id, model FROM orders WHERE partner = ? AND is_open = ? ORDER BY ordered DESC, id DESC LIMIT ?"
        rows = [
            row for member in self.directory.members(partner) for row in self.store.rows(sql, member, is_open, most)
        ]
        return self._newest(rows, most)

    def open_orders_of_product(self, product: int, most: int, partner: int | None = None) -> list[Order]:
        """The newest open orders that hold a product, of all companies or of one."""
        if partner is None:
            sql = (
                "SELECT ordered, id, model FROM open_products WHERE product = ? ORDER BY ordered DESC, id DESC LIMIT ?"
            )
            return self._newest(self.store.rows(sql, product, most), most)
        members = self.directory.members(partner)
        return self._newest(self.store.rows(_OPEN_ORDERS_OF_PRODUCT, product, members, most), most)

    def _newest(self, rows: list[tuple[Any, ...]], most: int) -> list[Order]:
        rows = heapq.nsmallest(most, rows, key=lambda row: (-(row[0] or 0), -row[1], row[2]))
        return list(self.orders.many((MODELS[model], order_id) for _, order_id, model in rows).values())

    def pickings_of_partner(self, partner: int, most: int) -> list[Picking]:
        """A company's shipments, open ones first, then the newest."""
        sql = "SELECT is_closed, -id FROM pickings WHERE partner = ? ORDER BY is_closed, id DESC LIMIT ?"
        rows = [row for member in self.directory.members(partner) for row in self.store.rows(sql, member, most)]
        return list(self.pickings.many(-negated for _, negated in heapq.nsmallest(most, rows)).values())

    def pickings_of(self, order: Order) -> list[Picking]:
        """The order's receipts or deliveries, open ones first, then the newest."""
        return self._shipments.get(order.key) or []

    def pickings_of_each(self, orders: Iterable[Order]) -> dict[RecordKey, list[Picking]]:
        """`pickings_of` for many orders."""
        return self._shipments.many(order.key for order in orders)

    def _read_counts(self, partners: list[int]) -> dict[int, Counter[tuple[str, bool]]]:
        counts: dict[int, Counter[tuple[str, bool]]] = {partner: Counter() for partner in partners}
        for partner in partners:
            for model, is_open, count in self.store.rows(_COUNTS, self.directory.members(partner)):
                counts[partner][MODELS[model], bool(is_open)] = count
        return counts

    def _read_products(self) -> None:
        self.products = read_products(self.reader)
        self.products_by_code = by_code(self.products.values())
        self.word_counts = count_words(self.products.values())

    def _read_orders(self, keys: list[RecordKey]) -> dict[RecordKey, Order]:
        orders: dict[RecordKey, Order] = {}
        for model in (PURCHASE, SALE):
            number, ids = MODELS.index(model), [record_id for of_model, record_id in keys if of_model == model]
            if not ids:
                continue
            for row in self.store.rows(_ORDERS, number, ids):
                order = self._order(model, *row)
                orders[order.key] = order
            for order_id, *line in self.store.rows(_LINES, number, ids):
                if (model, order_id) in orders:
                    orders[model, order_id].lines.append(self._line(orders[model, order_id], *line))
        return orders

    def _order(
        self, model: str, record_id: int, name: str, partner: int | None, shipping: int | None, refs: str, origin: str,
        state: str, ordered: int | None, planned: int | None, currency: str, written: str,
    ) -> Order:  # fmt: skip
        return Order(
            model=model,
            id=record_id,
            name=name,
            partner_id=partner,
            commercial_partner_id=self.directory.commercial(partner),
            shipping_partner_id=shipping,
            refs=json.loads(refs) if refs else [],
            origin=origin,
            state=state,
            date_order=_moment(ordered),
            planned=_moment(planned),
            currency=currency,
            write_date=written or None,
        )

    def _line(
        self, order: Order, sequence: int, record_id: int, product_id: int | None, product_name: str | None,
        description: str, qty: float, done: float, price: float, planned: int | None, uom: str,
    ) -> OrderLine:  # fmt: skip
        product = self.products.get(product_id or 0)
        shown = product_name or description
        return OrderLine(
            id=record_id,
            order_id=order.id,
            order_model=order.model,
            product_id=product_id,
            code=product.code if product else bracketed(shown),
            name=product.name if product else unbracketed(shown),
            description=description,
            qty=qty,
            done_qty=done,
            price=price,
            planned=_moment(planned) or order.planned,
            uom=uom,
            sequence=sequence,
        )

    def _read_lines(self, keys: list[RecordKey]) -> dict[RecordKey, OrderLine]:
        wanted: list[RecordKey] = []
        for model in (PURCHASE, SALE):
            ids = [line_id for of_model, line_id in keys if of_model == f"{model}.line"]
            sql = "SELECT DISTINCT order_id FROM lines WHERE model = ? AND id IN (SELECT value FROM json_each(?))"
            wanted += [(model, order_id) for (order_id,) in self.store.rows(sql, MODELS.index(model), ids)]
        orders = self.orders.many(wanted).values()
        return {(f"{line.order_model}.line", line.id): line for order in orders for line in order.lines}

    def _read_pickings(self, ids: list[int]) -> dict[int, Picking]:
        rows = self.store.rows(_PICKINGS, ids)
        lines = self._picking_lines(ids)
        claims = (
            "SELECT picking, model, order_id FROM order_pickings WHERE picking IN (SELECT value FROM json_each(?)) "
        )
        claimed: dict[int, RecordKey] = {
            picking: (MODELS[model], order)
            for picking, model, order in self.store.rows(claims + "ORDER BY model, order_id", ids)
        }
        stated = {row[0]: [(PURCHASE, row[9]), (SALE, row[10])] for row in rows}
        known = self.orders.many([key for keys in stated.values() for key in keys if key[1]] + list(claimed.values()))
        named = self._orders_named(row[3] for row in rows)
        found = {}
        for row in rows:
            picking_id, name, code, origin, state, partner, tracking, carrier, scheduled, _, _, written = row
            order = next((key for key in stated[picking_id] if key in known), None) or claimed.get(picking_id)
            behind = next(((x.line.order_model, x.line.order_id) for x in lines[picking_id] if x.line), None)
            order = order or behind or named.get(origin)
            found[picking_id] = Picking(
                id=picking_id,
                name=name,
                kind=_kind(code, name, order),
                origin=origin,
                state=state,
                partner_id=partner,
                commercial_partner_id=self.directory.commercial(partner),
                tracking=several(tracking),
                carrier=carrier,
                scheduled=_moment(scheduled),
                order=order,
                write_date=written or None,
                lines=lines[picking_id],
            )
        return found

    def _picking_lines(self, picking_ids: list[int]) -> dict[int, list[PickingLine]]:
        """The moves of each shipment with the order line behind each: its own or, in warehouses that pick and pack in
        steps, that of the nearest move it leads to."""
        own = self.store.rows(
            f"SELECT {_MOVE} FROM moves WHERE picking IN (SELECT value FROM json_each(?))", picking_ids
        )
        moves = {row[0]: row for row in own}
        steps = self._steps_from(moves)
        lines = self.lines.many(key for move in moves.values() for key in _line_keys(move))
        found: dict[int, list[PickingLine]] = defaultdict(list)
        for row in own:
            move_id, picking, product, qty, state, _, _ = row
            line = _line_behind(row, moves, steps, lines)
            found[picking].append(PickingLine(move_id, product, qty, state, line))
        return found

    def _steps_from(self, moves: dict[int, tuple[Any, ...]]) -> dict[int, list[int]]:
        """The moves that each move leads to, followed up to `MOST_STEPS` steps; `moves` gains those."""
        steps: dict[int, list[int]] = defaultdict(list)
        frontier = list(moves)
        for _ in range(MOST_STEPS):
            sql = (
                "SELECT move, next FROM move_steps WHERE move IN (SELECT value FROM json_each(?)) ORDER BY move, place"
            )
            for move, following in self.store.rows(sql, frontier):
                steps[move].append(following)
            frontier = list({i for move in frontier for i in steps.get(move, ()) if i not in moves})
            if not frontier:
                break
            sql = f"SELECT {_MOVE} FROM moves WHERE id IN (SELECT value FROM json_each(?))"
            moves.update((row[0], row) for row in self.store.rows(sql, frontier))
        return steps

    def _read_shipments(self, keys: list[RecordKey]) -> dict[RecordKey, list[Picking]]:
        """The shipments that Odoo lists with an order and those that say they belong to it."""
        found: dict[RecordKey, set[int]] = {key: set() for key in self.orders.many(keys)}
        said: dict[RecordKey, set[int]] = defaultdict(set)
        for model, side in ((PURCHASE, "purchase"), (SALE, "sale")):
            number, ids = MODELS.index(model), [order_id for of_model, order_id in found if of_model == model]
            for order_id, picking in self.store.rows(_LISTED, number, ids):
                found[model, order_id].add(picking)
            for order_id, picking in self.store.rows(_SAID_TO_BELONG.format(side=side), number, ids, MOST_STEPS):
                if picking:
                    said[model, order_id].add(picking)
        belonging = self.pickings.many(i for pickings in said.values() for i in pickings)
        for key, pickings in said.items():
            found[key] |= {i for i in pickings if i in belonging and belonging[i].order == key}
        known = self.pickings.many(i for pickings in found.values() for i in pickings)
        return {
            key: sorted((known[i] for i in pickings if i in known), key=lambda p: (not p.is_open, -p.id))
            for key, pickings in found.items()
        }

    def _orders_named(self, names: Iterable[str]) -> dict[str, RecordKey]:
        """The order of each name, if there is one; of several the latest sales order."""
        wanted = [name for name in dict.fromkeys(names) if name]
        sql = "SELECT name, model, id FROM orders WHERE name IN (SELECT value FROM json_each(?)) ORDER BY model, id"
        return {name: (MODELS[model], record_id) for name, model, record_id in self.store.rows(sql, wanted)}

    def _read_invoices(self, ids: list[int]) -> dict[int, Invoice]:
        rows = self.store.rows(_INVOICES, ids)
        origins = {row[0]: re.split(r"[,;\s]+", row[6]) for row in rows}
        named = self._orders_named(origin for several in origins.values() for origin in several)
        return {
            record_id: Invoice(
                id=record_id,
                name=name,
                ref=ref,
                move_type=move_type,
                state=state,
                partner_id=partner,
                commercial_partner_id=self.directory.commercial(partner),
                orders=[named[origin] for origin in origins[record_id] if origin in named],
            )
            for record_id, name, ref, move_type, state, partner, _ in rows
        }


_COUNTS = """
SELECT model, is_open, COUNT(*) FROM orders WHERE partner IN (SELECT value FROM json_each(?)) GROUP BY model, is_open
"""
_ORDERS = """
SELECT id, name, partner, shipping, refs, origin, state, ordered, planned, currency, written
FROM orders WHERE model = ? AND id IN (SELECT value FROM json_each(?))
"""
_LINES = """
SELECT order_id, sequence, id, product, product_name, description, qty, done, price, planned, uom
FROM lines WHERE model = ? AND order_id IN (SELECT value FROM json_each(?)) ORDER BY order_id, sequence, id
"""
_PICKINGS = """
SELECT id, name, code, origin, state, partner, tracking, carrier, scheduled, purchase, sale, written
FROM pickings WHERE id IN (SELECT value FROM json_each(?))
"""
_MOVE = "id, picking, product, qty, state, purchase_line, sale_line"
_INVOICES = """
SELECT id, name, ref, move_type, state, partner, origin FROM invoices WHERE id IN (SELECT value FROM json_each(?))
"""
_OPEN_ORDERS_OF_PRODUCT = """
SELECT orders.ordered, id, model FROM open_products JOIN orders USING (model, id)
WHERE product = ? AND partner IN (SELECT value FROM json_each(?)) ORDER BY orders.ordered DESC, id DESC LIMIT ?
"""
_LISTED = (
    "SELECT order_id, picking FROM order_pickings WHERE model = ? AND order_id IN (SELECT value FROM json_each(?))"
)
# Shipments that name an order (by id, or as their origin) or that move one of its lines, also in an earlier step.
# CROSS JOIN keeps SQLite from beginning at the larger table.
_SAID_TO_BELONG = """
WITH RECURSIVE leading (order_id, move, depth) AS (
    SELECT order_id, moves.id, 0 FROM lines CROSS JOIN moves ON {side}_line = lines.id
    WHERE lines.model = ?1 AND order_id IN (SELECT value FROM json_each(?2))
    UNION
    SELECT order_id, move_steps.move, depth + 1 FROM leading CROSS JOIN move_steps ON next = leading.move
    WHERE depth < ?3
)
SELECT {side}, id FROM pickings WHERE {side} IN (SELECT value FROM json_each(?2))
UNION
SELECT orders.id, pickings.id FROM orders CROSS JOIN pickings ON pickings.origin = orders.name
WHERE model = ?1 AND orders.id IN (SELECT value FROM json_each(?2)) AND orders.name <> ''
UNION
SELECT order_id, (SELECT picking FROM moves WHERE moves.id = leading.move) FROM leading
"""


def _line_keys(move: tuple[Any, ...]) -> list[RecordKey]:
    """Where the line behind a move would be, if it is known."""
    *_, purchase_line, sale_line = move
    keys = ((f"{PURCHASE}.line", purchase_line), (f"{SALE}.line", sale_line))
    return [(model, line) for model, line in keys if line]


def _line_behind(
    move: tuple[Any, ...],
    moves: dict[int, tuple[Any, ...]],
    steps: dict[int, list[int]],
    lines: dict[RecordKey, OrderLine],
) -> OrderLine | None:
    pending, seen = [move], set[int]()
    while pending and len(seen) < MOST_STEPS:
        current = pending.pop(0)
        seen.add(current[0])
        for key in _line_keys(current):
            if key in lines:
                return lines[key]
        pending += [moves[i] for i in steps.get(current[0], ()) if i in moves and i not in seen]
    return None


def _kind(code: str, name: str, order: RecordKey | None) -> Literal["incoming", "outgoing", "internal"]:
    if code == "incoming":
        return "incoming"
    if code:
        return "outgoing" if code == "outgoing" else "internal"
    if order:
        return "incoming" if order[0] == PURCHASE else "outgoing"
    name = name.upper()
    return "incoming" if "/IN/" in name else "outgoing" if "/OUT/" in name else "internal"


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
