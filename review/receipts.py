"""Whether the record in Odoo now holds what was approved: the values of the actions beside the lines as they are read.

Dates, quantities and prices of order lines can be told, and the date of a sales order. What else was approved only the
receiver knows, who may say so.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, Field

from agent.orders import PURCHASE, SALE
from agent.proposal import Change, RecordRef
from review.handoff_event import ApprovedAction
from tools.records import RecordReader, Row

# Where Odoo keeps an approved value: by the order's model and the argument, the model and field. A sales order is
# promised as a whole.
PLACES = {
    (PURCHASE, "date"): (f"{PURCHASE}.line", "date_planned"),
    (PURCHASE, "qty"): (f"{PURCHASE}.line", "product_qty"),
    (PURCHASE, "price"): (f"{PURCHASE}.line", "price_unit"),
    (SALE, "date"): (SALE, "commitment_date"),
    (SALE, "qty"): (f"{SALE}.line", "product_uom_qty"),
    (SALE, "price"): (f"{SALE}.line", "price_unit"),
}
UPDATES = frozenset({"update_delivery_date", "update_quantity", "update_price", "update_sales_order"})

Value = str | float | None
Rows = Mapping[tuple[str, int], Row]


class Approved(NamedTuple):
    """One value that was approved: the row of Odoo and the field that are to hold it, and what was held before."""

    model: str
    id: int
    place: str
    field: str
    product: str
    before: Value
    value: Value


class Difference(BaseModel):
    """A value that is not held as approved. `found` is None where the field is empty; `gone` where the row is no more."""

    product: str
    field: str
    approved: str | float | None
    found: str | float | None = None
    gone: bool = False


class Verdict(StrEnum):
    """done: every value is held. differs: some are held otherwise, neither as before nor as approved. waiting: some are
    still as before."""

    done = "done"
    differs = "differs"
    waiting = "waiting"


class _Data(BaseModel):
    """What is needed here of `review.handoff_event.Handoff`, in any form that it ever had."""

    record: RecordRef | None = None
    changes: list[Change] = Field(default_factory=list)
    actions: list[ApprovedAction]


class _Event(BaseModel):
    data: _Data


def approved_values(event: str) -> list[Approved]:
    """What can be looked up in Odoo of an approval, given its event as JSON; nothing where only the receiver can tell."""
    data = _Event.model_validate_json(event).data
    record = data.record
    if record is None:
        return []
    changes = {(change.line_id, change.field): change for change in data.changes}
    found = []
    for action in data.actions:
        for line in action.arguments.get("lines", ()) if action.name in UPDATES else ():
            for field, value in line.items():
                place, line_id = PLACES.get((record.model, field)), line.get("line_id")
                if place is None or value is None or line_id is None:
                    continue
                model, name = place
                change = changes.get((line_id, field))
                found.append(
                    Approved(
                        model=model,
                        id=record.id if model == record.model else line_id,
                        place=name,
                        field=field,
                        product=change.product if change else "",
                        before=change.held if change else None,
                        value=value,
                    )
                )
    return found


def read_rows(reader: RecordReader, values: Iterable[Approved]) -> Rows:
    """The rows that are to hold the values: one question a model, whatever their number. Raises RecordsError."""
    wanted: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for value in values:
        wanted[value.model][value.id].add(value.place)
    found: dict[tuple[str, int], Row] = {}
    for model, fields in wanted.items():
        names = sorted(set().union(*fields.values()))
        found |= {(model, row["id"]): row for row in reader.read(model, sorted(fields), names)}
    return found


def compare(values: Iterable[Approved], rows: Rows) -> tuple[Verdict, list[Difference]]:
    """What is held beside what was approved."""
    differences, other = [], False
    for wanted in values:
        row = rows.get((wanted.model, wanted.id))
        held = _plain(row.get(wanted.place), wanted.field) if row is not None else None
        if row is not None and _same(held, wanted.value):
            continue
        other = other or row is None or not _same(held, wanted.before)
        named = {"product": wanted.product, "field": wanted.field, "approved": wanted.value}
        differences.append(Difference(**named, found=held, gone=row is None))
    if not differences:
        return Verdict.done, []
    return Verdict.differs if other else Verdict.waiting, differences


def _plain(value: object, field: str) -> Value:
    """A value as a proposal names it: the day of a moment, a number as it is."""
    if field == "date":
        return str(value)[:10] if value else None
    return float(value) if isinstance(value, int | float) else None


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
    return one == other
