"""What a message states beside what Odoo holds, line by line."""

from __future__ import annotations

from agent.orders import Order, OrderLine
from agent.proposal import Change, Fields, LineFields


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
