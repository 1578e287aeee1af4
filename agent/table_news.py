"""Tables that a message brings, aligned with an order's lines: rows that say what the order holds already are no news."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from agent.line_news import SAME_PRICE, News, OrderNews
from agent.orderbook import OrderBook
from agent.orders import Order, OrderLine
from agent.prices import PriceMention
from agent.product_mentions import ProductFinder
from agent.proposal import Evidence
from agent.quantities import QuantityMention
from agent.reference_keys import reference_key
from agent.tables import TableRow, read_table
from agent.taught import NOTHING, Taught
from agent.units import in_units_of
from tools.message import Cell, Message, Part, PassageKind, Table

LEAST_ALIGNED = 0.35
MOST_TABLES = 20

Stretch = tuple[str, int, int]


def add_tables(
    news: OrderNews, message: Message, order: Order | None, book: OrderBook, taught: Taught = NOTHING
) -> list[Stretch]:
    """Add what tables say of the order's lines. Returns the stretches (part, start, end) of the rows that belong to the
    order or to another one, which running text must not be read from again."""
    if order is None:
        return []
    finder = ProductFinder(order.lines, book, order.commercial_partner_id, codes=taught.codes)
    own = {reference_key(name) for name in (order.name, *order.refs)}
    covered: list[Stretch] = []
    for part, table in _tables(message):
        others = False
        read = read_table(table, now=message.received_at, language=message.language, columns=taught.columns)
        for row in read:
            stretch = _stretch(part, table, row)
            known = _orders_named(row, part, table, book)
            if known:
                others = not own & known
            if others:
                covered.append(stretch)
                continue
            line, score = _line_of(row, table, finder, order)
            if line is not None:
                covered.append(stretch)
                _add_row(news, row, part, line, score)
    return covered


def _tables(message: Message) -> Iterator[tuple[Part, Table]]:
    """Tables of attachments and of what the sender wrote or forwarded, not of quoted history or hidden text."""
    count = 0
    for part in message.parts:
        shown = part.spans_of(PassageKind.new, PassageKind.forwarded)
        for table in part.tables:
            first = next((cell for row in table.rows for cell in row), None)
            inside = first is not None and any(a <= first.start < b for a, b in shown)
            if count < MOST_TABLES and (inside or not part.passages or part.name.startswith("attachment:")):
                count += 1
                yield part, table


def _stretch(part: Part, table: Table, row: TableRow) -> Stretch:
    cells = table.rows[row.index]
    return part.name, min(c.start for c in cells), max(c.end for c in cells)


def _orders_named(row: TableRow, part: Part, table: Table, book: OrderBook) -> set[str]:
    """Keys of the numbers in a row that name a record; a row without one belongs to the order named above it."""
    named = [c for c in table.rows[row.index] if c.text.strip() and book.by_reference(c.text)]
    column = row.cell("order")
    return {reference_key(c.text) for c in ([column] if column in named else named) if c}


def _line_of(row: TableRow, table: Table, finder: ProductFinder, order: Order) -> tuple[OrderLine | None, float]:
    """The order line that a row is about: by a code, else by its description, else by whatever else stands in it; of
    several that fit alike, by the quantity."""
    lines = {line.id: line for line in order.lines}
    worded = [c for c in table.rows[row.index] if re.search(r"[^\W\d_]{2}", c.text) and c is not row.cell("order")]
    for cells in (row.codes, row.cells.get("description", []), row.cells.get("remark", []), worded):
        found = [m for cell in cells for m in finder.find(cell.text) if m.line_id in lines]
        if found:
            best = max(found, key=lambda m: m.score)
            rivals = {m.line_id for m in found if m.score >= best.score - 0.02}
            if len(rivals) > 1 and row.qty is not None:
                fitting = [i for i in rivals if i and lines[i].qty == row.qty]
                if len(fitting) == 1:
                    return lines[fitting[0]], best.score
            if best.score >= LEAST_ALIGNED and best.line_id is not None:
                return lines[best.line_id], best.score
    return None, 0.0


def _add_row(news: OrderNews, row: TableRow, part: Part, line: OrderLine, score: float) -> None:
    code = next(iter(row.codes), None) or row.cell("description")
    if score > news.mentioned.get(line.id, 0.0):
        news.mentioned[line.id] = score
        if code is not None:
            news.evidence[line.id] = _evidence("lines.product", part, code)
    item = news.lines.setdefault(line.id, News(line, score))
    item.from_table = True
    held = line.planned.date() if line.planned else None
    cell = row.cell("date")
    if row.date_mention is not None and cell is not None and row.date_mention.date != held:
        item.dates.append((replace(row.date_mention, role="new"), _evidence("lines.date", part, cell)))
        item.weights.append(1.0)
    elif row.date_unknown and cell is not None:
        item.unknown.append(_evidence("lines.date", part, cell))
    _add_quantity(item, row, part, line)
    price = row.cell("price")
    if row.price is not None and price is not None and abs(row.price - line.price) > SAME_PRICE:
        mention = PriceMention(price.start, price.end, price.text, row.price, row.currency, role="new")
        item.prices.append((mention, _evidence("lines.price", part, price)))


def _add_quantity(item: News, row: TableRow, part: Part, line: OrderLine) -> None:
    stated, cell = row.confirmed_qty, row.cell("confirmed_qty")
    if stated is None:
        stated, cell = row.qty, row.cell("qty") or row.cell("ordered_qty")
    if stated is None or cell is None:
        return
    mention = in_units_of(line, QuantityMention(cell.start, cell.end, cell.text, stated, row.unit, role="new"))
    stated = mention.qty
    if row.date_mention is not None and row.date_mention.date is not None:
        item.splits.append((stated, row.date_mention.date, _evidence("lines.splits", part, cell)))
    item.shipped.append((mention, _evidence("lines.qty", part, cell)))
    if stated not in (line.qty, line.open_qty):
        item.quantities.append((mention, _evidence("lines.qty", part, cell)))


def _evidence(field: str, part: Part, cell: Cell) -> Evidence:
    return Evidence(field=field, part=part.name, start=cell.start, end=cell.end, text=part.text[cell.start : cell.end])
