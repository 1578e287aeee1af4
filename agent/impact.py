"""Who waits for what changes, and what stock there is: moves followed from purchase lines to deliveries and customers.

Whatever the number of lines, at most four requests are made (a live Odoo gives 1,000 rows to each): the moves of the
lines together with all open moves of their products, moves between them that are done already, the sales lines reached,
and the products' stock.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from agent.compare import label
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, SALE, Order, OrderLine
from agent.proposal import Fields, Impact, ImpactItem, LineFields, RecordRef, Shippable, StockCover
from tools.records import RecordReader, Row

MAX_MOVE_STEPS = 8
OPEN = ("waiting", "confirmed", "partially_available", "assigned")
OURS = ("internal", "transit")
WAITING_SHOWN = 3
MOVE_FIELDS = (
    "state", "reference", "product_id", "product_qty", "product_uom_qty", "quantity", "picking_id", "date",
    "date_deadline", "purchase_line_id", "sale_line_id", "move_dest_ids", "location_usage", "location_dest_usage",
)  # fmt: skip


def impact(
    reader: RecordReader, book: OrderBook, order: Order | None, fields: Fields, *, never_comes: bool = False
) -> Impact:
    """For a purchase order: the sales orders that wait for the lines which change, found through moves, else through the
    order's origin, and the stock without these lines. For a sales order: how far its lines can be served.

    A sales order is late when its promised date lies before the stated date of a line that it waits for, or when the
    line never comes. Raises RecordsError when the reader cannot read."""
    if order is None:
        return Impact()
    if order.model == SALE:
        lines = [line for line in order.open_lines if line.product_id] if order.is_open else []
        return Impact(shippable=_Moves.around(reader, lines).shippable(book)) if lines else Impact()
    stated = {line.line_id: line for line in fields.lines if line.line_id}
    touched = [line for line in order.lines if line.id in stated] or (order.open_lines if never_comes else [])
    if not touched:
        return Impact()
    moves = _Moves.around(reader, touched)
    arrivals = {line.id: _arrival(stated.get(line.id)) for line in touched}
    items = _by_moves(book, moves, arrivals, never_comes) or _by_origin(book, order, touched, arrivals, never_comes)
    return Impact(items=items, cover=moves.cover())


@dataclass
class _Moves:
    """Stock moves around some order lines, by id: those of the lines, and all open ones of their products."""

    reader: RecordReader
    lines: list[OrderLine]
    rows: dict[int, Row] = field(default_factory=dict)

    @classmethod
    def around(cls, reader: RecordReader, lines: list[OrderLine]) -> _Moves:
        link = "purchase_line_id" if lines[0].order_model == PURCHASE else "sale_line_id"
        products = sorted({line.product_id for line in lines if line.product_id})
        own = ["&", (link, "in", [line.id for line in lines]), ("state", "!=", "cancel")]
        open_ones = ["&", ("product_id", "in", products), ("state", "in", OPEN)]
        rows = reader.search_read("stock.move", ["|", *own, *open_ones], MOVE_FIELDS)
        moves = cls(reader, lines, {row["id"]: row for row in rows})
        if link == "purchase_line_id":
            # What lies between and is not open: goods that have been put away already, or another product made of them.
            beyond = {i for row in rows for i in row.get("move_dest_ids") or () if i not in moves.rows}
            read = reader.read("stock.move", sorted(beyond), MOVE_FIELDS) if beyond else []
            moves.rows |= {row["id"]: row for row in read}
        return moves

    def waiting(self) -> dict[int, dict[int, tuple[Row, list[str]]]]:
        """Purchase line → sales line → the move that delivers it, and the names of the transfers that lead there."""
        wanted = {line.id for line in self.lines}
        found: dict[int, dict[int, tuple[Row, list[str]]]] = defaultdict(dict)
        starts = ((_id(row, "purchase_line_id"), row) for row in self.rows.values())
        frontier = [(line, row, [_move_name(row)]) for line, row in starts if line in wanted]
        seen = set[tuple[int, int]]()
        while frontier:
            line, row, path = frontier.pop(0)
            if (line, row["id"]) in seen or len(path) > MAX_MOVE_STEPS:
                continue
            seen.add((line, row["id"]))
            sale_line = _id(row, "sale_line_id")
            if sale_line and row.get("state") not in ("done", "cancel"):
                found[line][sale_line] = (row, path)
            after = [self.rows[i] for i in row.get("move_dest_ids") or () if i in self.rows]
            frontier += [(line, step, [*path, _move_name(step)]) for step in after]
        return found

    def cover(self) -> list[StockCover]:
        """The stock of each line's product as it would go without the lines, move by move in the order of dates."""
        own = {line.id for line in self.lines}
        on_hand = self._on_hand()
        if on_hand is None:
            return []
        found = []
        for product_id, name in self._products().items():
            incoming = self._open(product_id, into=True)
            others = [row for row in incoming if _id(row, "purchase_line_id") not in own]
            leaving = self._open(product_id, into=False)
            stock = on_hand.get(product_id, 0.0)
            shown = StockCover(
                product=name, on_hand=stock, incoming=sum(map(_qty, others)), outgoing=sum(map(_qty, leaving))
            )
            changes = [(_day(row), _qty(row), row) for row in others] + [
                (_day(row), -_qty(row), row) for row in leaving
            ]
            for day, quantity, row in sorted(changes, key=lambda change: (change[0], -change[1])):
                stock += quantity
                if quantity < 0 and stock < -1e-6:
                    shown.short_from = shown.short_from or day or None
                    shown.short = round(max(shown.short, -stock), 4)
                    if len(shown.waiting) < WAITING_SHOWN and _move_name(row) not in shown.waiting:
                        shown.waiting.append(_move_name(row))
            found.append(shown)
        return found

    def shippable(self, book: OrderBook) -> list[Shippable]:
        """For each sales line what is reserved, what could leave today, and the next receipt of its product."""
        on_hand = self._on_hand() or {}
        found = []
        for line in self.lines:
            product_id = line.product_id or 0
            leaving = self._open(product_id, into=False)
            reserved = sum(_reserved(row) for row in leaving if _id(row, "sale_line_id") == line.id)
            free = max(on_hand.get(product_id, 0.0) - sum(map(_reserved, leaving)), 0.0)
            coming = min(self._open(product_id, into=True), key=_day, default=None)
            found.append(
                Shippable(
                    line_id=line.id,
                    product=label(line),
                    open=line.open_qty,
                    reserved=reserved,
                    today=min(line.open_qty, reserved + free),
                    incoming=_qty(coming) if coming else 0.0,
                    incoming_on=(_day(coming) or None) if coming else None,
                )
            )
        return found

    def _products(self) -> dict[int, str]:
        return {line.product_id: label(line) for line in self.lines if line.product_id}

    def _on_hand(self) -> dict[int, float] | None:
        """Stock in our own places, None where nothing is known of it. A product's own figure, where it is read live; the
        mirror keeps quants instead."""
        products = sorted(self._products())
        rows = self.reader.read("product.product", products, ("qty_available",))
        if any("qty_available" in row for row in rows):
            return {row["id"]: float(row.get("qty_available") or 0.0) for row in rows}
        ours = [("product_id", "in", products), ("location_id.usage", "in", OURS)]
        quants = self.reader.search_read("stock.quant", ours, ("product_id", "quantity"))
        if not quants and not self.reader.search_read("stock.quant", fields=(), limit=1):
            return None
        found: dict[int, float] = defaultdict(float)
        for row in quants:
            found[_id(row, "product_id")] += float(row.get("quantity") or 0.0)
        return found

    def _open(self, product_id: int, *, into: bool) -> list[Row]:
        """Open moves of a product that bring it into our places, or take it out of them."""
        return [row for row in self._open_by_product.get(product_id, ()) if _crosses(row, into=into)]

    @cached_property
    def _open_by_product(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.rows.values():
            if row.get("state") in OPEN:
                found[_id(row, "product_id")].append(row)
        return found


def _crosses(row: Row, *, into: bool) -> bool:
    source, target = row.get("location_usage"), row.get("location_dest_usage")
    if source and target:
        return (source not in OURS and target in OURS) if into else (source in OURS and target not in OURS)
    return bool(row.get("purchase_line_id")) if into else bool(row.get("sale_line_id"))


def _by_moves(book: OrderBook, moves: _Moves, arrivals: dict[int, date | None], never_comes: bool) -> list[ImpactItem]:
    waiting = moves.waiting()
    wanted = sorted({sale_line for reached in waiting.values() for sale_line in reached})
    names = ("order_id", "order_partner_id", "price_unit", "product_uom_qty", "qty_delivered")
    rows = moves.reader.read(f"{SALE}.line", wanted, names) if wanted else []
    sale_lines = {row["id"]: row for row in rows}
    items = []
    for line in moves.lines:
        for sale_line, (move, via) in waiting.get(line.id, {}).items():
            row = sale_lines.get(sale_line)
            if row is None or not row.get("order_id"):
                continue
            sale = book.order((SALE, row["order_id"][0]))
            still = max((row.get("product_uom_qty") or 0.0) - (row.get("qty_delivered") or 0.0), 0.0)
            # The move's own deadline only stands in: Odoo shifts it when the purchase line before it is moved.
            planned = sale.planned.date().isoformat() if sale and sale.planned else _day(move, "date_deadline") or None
            items.append(
                _item(
                    RecordRef(model=SALE, id=row["order_id"][0], name=sale.name if sale else str(row["order_id"][1])),
                    book.directory.name(sale.commercial_partner_id) if sale else _name(row, "order_partner_id"),
                    planned,
                    arrivals[line.id],
                    still * (row.get("price_unit") or 0.0),
                    via,
                    never_comes,
                )
            )
    return items


def _by_origin(
    book: OrderBook, order: Order, touched: list[OrderLine], arrivals: dict[int, date | None], never_comes: bool
) -> list[ImpactItem]:
    """Sales orders named in the purchase order's origin that hold the same product: weaker, said so in `via`."""
    items = []
    for reference in book.by_reference(order.origin) if order.origin else ():
        sale = book.order(reference.record)
        if sale is None or sale.model != SALE:
            continue
        for line in touched:
            for sale_line in sale.open_lines:
                if sale_line.product_id and sale_line.product_id == line.product_id:
                    items.append(
                        _item(
                            RecordRef(model=SALE, id=sale.id, name=sale.name),
                            book.directory.name(sale.commercial_partner_id),
                            sale.planned.date().isoformat() if sale.planned else None,
                            arrivals[line.id],
                            sale_line.open_qty * sale_line.price,
                            ["origin of the order"],
                            never_comes,
                        )
                    )
    return items


def _item(
    record: RecordRef,
    customer: str,
    promised: str | None,
    arrival: date | None,
    value: float,
    via: list[str],
    never_comes: bool,
) -> ImpactItem:
    expected = arrival.isoformat() if arrival else None
    late = never_comes or bool(expected and promised and expected > promised)
    return ImpactItem(
        record=record,
        customer=customer,
        promised=promised,
        expected=expected,
        value=round(value, 2),
        late=late,
        via=via,
    )


def _arrival(stated: LineFields | None) -> date | None:
    if stated is None:
        return None
    dates = [stated.date, *(s.date for s in stated.splits)]
    return max((date.fromisoformat(d) for d in dates if d), default=None)


def _move_name(row: Row) -> str:
    return _name(row, "picking_id") or str(row.get("reference") or f"move {row['id']}")


def _id(row: Row, name: str) -> int:
    value = row.get(name)
    return int(value[0]) if value else 0


def _name(row: Row, name: str) -> str:
    value = row.get(name)
    return str(value[1]) if value else ""


def _qty(row: Row) -> float:
    return float(row.get("product_qty") or row.get("product_uom_qty") or 0.0)


def _reserved(row: Row) -> float:
    """What an open move holds back. Since Odoo 17 `quantity` is what is reserved for it or picked."""
    return float(row.get("quantity") or 0.0)


def _day(row: Row, name: str = "date") -> str:
    return str(row.get(name) or "")[:10]
