"""What Odoo is to show once an approved action was carried out, action by action.

An action that leaves no trace by which Odoo could tell (a letter that a person sends, a claim, papers) has no
expectation: the receiver or a person says whether it was done.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from agent.orders import PURCHASE, SALE
from agent.proposal import Change, RecordRef
from review.handoff_event import ApprovedAction
from tools.records import Row

# Where an order keeps an approved value: on its lines, but for the date of a sales order, which is promised as a whole.
LINE_PLACES = {
    PURCHASE: {"date": "date_planned", "qty": "product_qty", "price": "price_unit"},
    SALE: {"qty": "product_uom_qty", "price": "price_unit"},
}
ORDER_PLACES = {SALE: {"date": "commitment_date"}}
MOVE_LINKS = {PURCHASE: "purchase_line_id", SALE: "sale_line_id"}
CANCELLED = "cancel"

Value = str | float | None


class Verdict(StrEnum):
    """done: it is held. differs: it is held otherwise, neither as before nor as approved. waiting: it is as before.
    unknown: this Odoo does not keep what would tell."""

    done = "done"
    differs = "differs"
    waiting = "waiting"
    unknown = "unknown"


class Seen(NamedTuple):
    """What Odoo held of a record when it was read: the order with its lines, their stock moves, and the transfers of
    these. `order` is None where it is gone."""

    order: Row | None = None
    lines: tuple[Row, ...] = ()
    moves: tuple[Row, ...] = ()
    transfers: tuple[Row, ...] = ()


class Finding(NamedTuple):
    """`found` is what is held in the place of what was approved; `gone` where the row is no more."""

    verdict: Verdict
    found: Value = None
    gone: bool = False


class Expected(NamedTuple):
    """One thing that a record is to show. `moves` tells whether its stock moves have to be read for that."""

    record: tuple[str, int]
    action: str
    product: str
    field: str
    approved: Value
    judge: Callable[[Seen], Finding]
    moves: bool = False


class _Data(BaseModel):
    """What is needed here of `review.handoff_event.Handoff`, in any form that it ever had."""

    record: RecordRef | None = None
    changes: list[Change] = Field(default_factory=list)
    actions: list[ApprovedAction]


class _Event(BaseModel):
    time: datetime
    data: _Data


class Approved(NamedTuple):
    """What an approval lets expect of Odoo, and the actions of which Odoo cannot tell whether they were carried out."""

    expected: list[Expected]
    untold: list[str]


def approved(event: str) -> Approved:
    """Out of an approval's event, given as JSON."""
    given = _Event.model_validate_json(event)
    expected, untold = list[Expected](), list[str]()
    for action in given.data.actions:
        found = list(_of(action, given)) if given.data.record else []
        expected += found
        if not found and action.name != "no_action":
            untold.append(action.name)
    return Approved(expected, untold)


def _of(action: ApprovedAction, event: _Event) -> Iterator[Expected]:
    record = event.data.record
    assert record is not None
    key, lines = (record.model, record.id), action.arguments.get("lines") or []
    products = {c.line_id: c.product for c in event.data.changes if c.line_id is not None}
    held = {(c.line_id, c.field): c.held for c in event.data.changes}

    def expect(
        field: str, value: Value, judge: Callable[[Seen], Finding], line_id: int | None = None, moves: bool = False
    ) -> Expected:
        return Expected(key, action.name, products.get(line_id or 0, ""), field, value, judge, moves)

    match action.name:
        case "update_delivery_date" | "update_quantity" | "update_price" | "update_sales_order":
            for line_id, line in _named(lines):
                for field, value in line.items():
                    before = held.get((line_id, field))
                    if value is None or (judge := _value(record.model, line_id, field, before, value)) is None:
                        continue
                    yield expect(field, value, judge, line_id)
        case "cancel_purchase_lines" | "cancel_sales_order" if record.model in LINE_PLACES:
            if "lines" not in action.arguments:
                yield expect("state", CANCELLED, _order_cancelled)
            for line_id, _ in _named(lines):
                yield expect("state", CANCELLED, partial(_line_cancelled, line_id), line_id)
        case "replace_product" if record.model in LINE_PLACES:
            for line_id, line in _named(lines):
                if substitute := str(line.get("substitute") or ""):
                    judge = partial(_replaced, line_id, substitute, str(held.get((line_id, "substitute")) or ""))
                    yield expect("substitute", substitute, judge, line_id)
        case "split_delivery" if record.model in LINE_PLACES:
            for line_id, line in _named(lines):
                wanted = [(float(s["qty"]), str(s["date"])) for s in line.get("splits") or [] if s.get("date")]
                if wanted:
                    judge = partial(_split, line_id, wanted)
                    yield expect("splits", _parts(wanted), judge, line_id, moves=True)
        case "record_shipment" if tracking := action.arguments.get("tracking"):
            yield expect("tracking", str(tracking), partial(_shipped, str(tracking)), moves=True)
        case "create_return" if record.model in LINE_PLACES:
            yield expect("return", "prepared", partial(_returned, event.time), moves=True)


def _named(lines: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The lines that are lines of the order; what a message says of others nobody can look up."""
    for line in lines:
        if isinstance(line_id := line.get("line_id"), int):
            yield line_id, line


def _value(model: str, line_id: int, field: str, before: object, value: Value) -> Callable[[Seen], Finding] | None:
    on_line, on_order = LINE_PLACES.get(model, {}).get(field), ORDER_PLACES.get(model, {}).get(field)
    place = on_line or on_order
    if place is None:
        return None

    def judge(seen: Seen) -> Finding:
        row = seen.order if on_order else _line(seen, line_id)
        if row is None:
            return Finding(Verdict.differs, gone=True)
        held = _plain(row.get(place), field)
        if _same(held, value):
            return Finding(Verdict.done, held)
        return Finding(Verdict.waiting if _same(held, before) else Verdict.differs, held)

    return judge


def _order_cancelled(seen: Seen) -> Finding:
    if seen.order is None or seen.order.get("state") == CANCELLED:
        return Finding(Verdict.done, CANCELLED, gone=seen.order is None)
    return Finding(Verdict.waiting, str(seen.order.get("state")))


def _line_cancelled(line_id: int, seen: Seen) -> Finding:
    """Nothing of it is ordered any more: the line is gone or of no quantity, or the order is cancelled."""
    line = _line(seen, line_id)
    qty = next((line[name] for name in ("product_qty", "product_uom_qty") if name in line), None) if line else 0
    if qty == 0 or _order_cancelled(seen).verdict is Verdict.done:
        return Finding(Verdict.done, CANCELLED, gone=line is None)
    return Finding(Verdict.waiting, _plain(qty, "qty"))


def _replaced(line_id: int, substitute: str, before: str, seen: Seen) -> Finding:
    """A line of the order is of the product that the substitute names, by its code or its whole name. Whether the line
    itself was changed, or another added and this one emptied, is up to whoever does it."""
    for line in seen.lines:
        product = _name(line.get("product_id"))
        kept = line["id"] == line_id and before != "" and _bare(before) in _bare(product)
        if not kept and _names(substitute, product):
            return Finding(Verdict.done, product)
    own = _line(seen, line_id)
    return Finding(Verdict.waiting, _name(own.get("product_id"))) if own else Finding(Verdict.differs, gone=True)


def _names(said: str, product: str) -> bool:
    """Whether a text names a product, given as Odoo shows it: `[CODE] Name`. A code without a digit may be any word, so
    that it counts only by itself."""
    code, _, name = product.removeprefix("[").partition("] ") if product.startswith("[") else ("", "", product)
    if _bare(said) in {_bare(code), _bare(name), _bare(product)} - {""}:
        return True
    apart = rf"(?<!\w){re.escape(code)}(?!\w)"
    return any(c.isdigit() for c in code) and re.search(apart, said, re.IGNORECASE) is not None


def _split(line_id: int, wanted: list[tuple[float, str]], seen: Seen) -> Finding:
    """Each part stands as a line of that product, or as a stock move of the line, with its quantity and day."""
    own = _line(seen, line_id)
    if own is None:
        return Finding(Verdict.differs, gone=True)
    product = own.get("product_id")
    by_line = [
        (float(line.get("product_qty") or line.get("product_uom_qty") or 0), str(line.get("date_planned") or "")[:10])
        for line in seen.lines
        if line.get("product_id") == product
    ]
    by_move = [
        (float(move.get("product_uom_qty") or 0), str(move.get("date") or "")[:10])
        for move in seen.moves
        if move.get("state") != CANCELLED and line_id in (_id(move.get(link)) for link in MOVE_LINKS.values())
    ]
    held = max((by_line, by_move), key=lambda parts: _held_of(wanted, parts))
    count = _held_of(wanted, held)
    verdict = Verdict.done if count == len(wanted) else Verdict.differs if count else Verdict.waiting
    return Finding(verdict, _parts(held))


def _held_of(wanted: list[tuple[float, str]], parts: list[tuple[float, str]]) -> int:
    """How many of the wanted parts there are, each counted once."""
    left, found = list(parts), 0
    for qty, day in wanted:
        fitting = next((p for p in left if math.isclose(p[0], qty, abs_tol=1e-6) and p[1] == day), None)
        if fitting is not None:
            left.remove(fitting)
            found += 1
    return found


def _shipped(tracking: str, seen: Seen) -> Finding:
    kept = [row for row in seen.transfers if "carrier_tracking_ref" in row]
    if not kept:
        return Finding(Verdict.unknown)
    references = [str(row["carrier_tracking_ref"]) for row in kept if row["carrier_tracking_ref"]]
    if any(_bare(tracking) in _bare(reference) for reference in references):
        return Finding(Verdict.done, tracking)
    return Finding(Verdict.waiting, ", ".join(references) or None)


def _returned(since: datetime, seen: Seen) -> Finding:
    """A move of a line goes back on an earlier one, and was made after the approval."""
    if not any("origin_returned_move_id" in move for move in seen.moves):
        return Finding(Verdict.unknown)
    moment = since.strftime("%Y-%m-%d %H:%M:%S")
    back = [m for m in seen.moves if m.get("origin_returned_move_id") and str(m.get("create_date") or "") >= moment]
    return Finding(Verdict.done, "prepared") if back else Finding(Verdict.waiting)


def _line(seen: Seen, line_id: int) -> Row | None:
    return next((line for line in seen.lines if line["id"] == line_id), None)


def _id(value: object) -> int | None:
    return int(value[0]) if isinstance(value, list | tuple) and value else None


def _name(value: object) -> str:
    return str(value[1]) if isinstance(value, list | tuple) and len(value) > 1 else ""


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def _parts(parts: Iterable[tuple[float, str]]) -> str:
    return "; ".join(f"{qty:g} on {day or 'no date'}" for qty, day in sorted(parts, key=lambda part: part[::-1]))


def _plain(value: object, field: str) -> Value:
    """A value as a proposal names it: the day of a moment, a number as it is."""
    if field == "date":
        return str(value)[:10] if value else None
    return float(value) if isinstance(value, int | float) else None


def _same(one: object, other: object) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
    return one == other
