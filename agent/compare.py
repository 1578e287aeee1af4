"""What a message states beside what Odoo holds, line by line, and who waits downstream for what changes."""

from __future__ import annotations

from datetime import date

from agent.orderbook import PURCHASE, SALE, Order, OrderBook, OrderLine
from agent.proposal import Change, Fields, Impact, ImpactItem, LineFields, RecordRef
from tools.records import RecordReader, Row

MAX_MOVE_STEPS = 6


def changes(order: Order | None, fields: Fields) -> list[Change]:
    """One `Change` for each stated field of each line; a line that is not known is compared with nothing."""
    lines = {line.id: line for line in order.lines} if order else {}
    found: list[Change] = []
    for stated in fields.lines:
        line = lines.get(stated.line_id or 0)
        name = label(line) if line else stated.product or "unknown line"
        for field, held, value in _pairs(line, stated):
            found.append(Change(line_id=stated.line_id, product=name, field=field, held=held, stated=value))
    return found


def label(line: OrderLine) -> str:
    return f"[{line.code}] {line.name}" if line.code else line.name


def held_date(line: OrderLine) -> str | None:
    return line.planned.date().isoformat() if line.planned else None


def _pairs(line: OrderLine | None, stated: LineFields) -> list[tuple[str, str | float | None, str | float | None]]:
    pairs: list[tuple[str, str | float | None, str | float | None]] = []
    if stated.date or stated.date_unknown:
        pairs.append(("date", held_date(line) if line else None, stated.date))
    if stated.qty is not None:
        pairs.append(("qty", line.qty if line else None, stated.qty))
    if stated.price is not None:
        pairs.append(("price", line.price if line else None, stated.price))
    if stated.splits:
        held = f"{line.open_qty:g} on {held_date(line)}" if line else None
        pairs.append(("splits", held, " + ".join(f"{s.qty:g} on {s.date or '?'}" for s in stated.splits)))
    if stated.substitute:
        pairs.append(("substitute", line.code or line.name if line else None, stated.substitute))
    return pairs


def impact(
    reader: RecordReader, book: OrderBook, order: Order | None, fields: Fields, *, never_comes: bool = False
) -> Impact:
    """The sales orders that wait for the lines which change, found through moves, else through the order's origin.

    A sales order is late when its promised date lies before the stated date of a line that it waits for, or when the
    line never comes. Reads at most `MAX_MOVE_STEPS` + 1 batches of moves, whatever the number of lines.
    """
    if order is None or order.model != PURCHASE:
        return Impact()
    stated = {line.line_id: line for line in fields.lines if line.line_id}
    touched = [line for line in order.lines if line.id in stated] or (order.open_lines if never_comes else [])
    if not touched:
        return Impact()
    waiting = _waiting_sales_lines(reader, [line.id for line in touched])
    items: list[ImpactItem] = []
    for line in touched:
        arrival = _arrival(stated.get(line.id))
        for sale_line_id, via in waiting.get(line.id, {}).items():
            sale_line = book.lines.get((f"{SALE}.line", sale_line_id))
            sale = book.order((SALE, sale_line.order_id)) if sale_line else None
            if sale and sale_line:
                items.append(_item(book, sale, sale_line, arrival, via, never_comes))
    if not items:
        items = _by_origin(book, order, touched, stated, never_comes)
    return Impact(items=items)


def _waiting_sales_lines(reader: RecordReader, line_ids: list[int]) -> dict[int, dict[int, list[str]]]:
    """Purchase line → sales line → names of the moves that lead from one to the other."""
    moves = reader.search_read("stock.move", [("purchase_line_id", "in", line_ids), ("state", "!=", "cancel")])
    frontier: list[tuple[int, Row, list[str]]] = [
        (row["purchase_line_id"][0], row, [_move_name(row)]) for row in moves if row.get("purchase_line_id")
    ]
    found: dict[int, dict[int, list[str]]] = {}
    for _ in range(MAX_MOVE_STEPS):
        following: list[tuple[int, int, list[str]]] = []
        for source, row, path in frontier:
            sale_line = row.get("sale_line_id")
            if sale_line and row.get("state") not in ("done", "cancel"):
                found.setdefault(source, {})[sale_line[0]] = path
                continue
            following += [(source, next_id, path) for next_id in row.get("move_dest_ids") or ()]
        if not following:
            break
        rows = {row["id"]: row for row in reader.read("stock.move", sorted({f[1] for f in following}))}
        frontier = [(s, rows[i], [*path, _move_name(rows[i])]) for s, i, path in following if i in rows]
    return found


def _move_name(row: Row) -> str:
    picking = row.get("picking_id")
    return str(picking[1]) if picking else str(row.get("reference") or f"move {row['id']}")


def _arrival(stated: LineFields | None) -> date | None:
    if stated is None:
        return None
    dates = [stated.date, *(s.date for s in stated.splits)]
    return max((date.fromisoformat(d) for d in dates if d), default=None)


def _item(
    book: OrderBook, sale: Order, line: OrderLine, arrival: date | None, via: list[str], never_comes: bool
) -> ImpactItem:
    promised = sale.planned
    late = never_comes or bool(arrival and promised and arrival > promised.date())
    return ImpactItem(
        record=RecordRef(model=SALE, id=sale.id, name=sale.name),
        customer=book.directory.name(sale.commercial_partner_id),
        promised=promised.date().isoformat() if promised else None,
        expected=arrival.isoformat() if arrival else None,
        value=round(line.open_qty * line.price, 2),
        late=late,
        via=via,
    )


def _by_origin(
    book: OrderBook,
    order: Order,
    touched: list[OrderLine],
    stated: dict[int, LineFields],
    never_comes: bool,
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
                    arrival = _arrival(stated.get(line.id))
                    items.append(_item(book, sale, sale_line, arrival, ["origin of the order"], never_comes))
    return items
