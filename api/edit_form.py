"""Reading the form of an edit: dates as picked or as phrases, quantities, intent, actions, and the record by its name."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData

from agent.proposal import RecordRef
from api.forms import field, number_in
from review.edits import Edit, InvalidEdit, LineEdit
from review.record_search import record_named
from tools.records import RecordReader

LINE_FIELDS = ("date", "day", "qty", "price")


def edit_of(form: FormData, records: RecordReader | None) -> Edit:
    """Reads `intent`, `record` (`model,id`, `none` or `named`), `record-name`, `date|day`,
    `line-N-date|day|qty|price`, and `action` (several; with `actions` there, none ticked are none). A day that was picked goes before a date that was typed.

    Raises InvalidEdit, or RecordUnreadable where Odoo had to be asked for a name and could not be."""
    lines: dict[int, dict[str, Any]] = {}
    for name in form:
        kind, _, rest = name.partition("-")
        place, _, what = rest.partition("-")
        index = number_in(place)
        if kind == "line" and index is not None and what in LINE_FIELDS and (given := field(form, name)):
            lines.setdefault(index, {})[what] = given
    for values in lines.values():
        if day := values.pop("day", None):
            values["date"] = day
    record = field(form, "record")
    return Edit(
        intent=field(form, "intent") or None,
        record=_record(record, field(form, "record-name"), records),
        no_record=record == "none",
        date=field(form, "day") or field(form, "date") or None,
        lines=[LineEdit(index=index, **values) for index, values in sorted(lines.items())],
        actions=[str(name) for name in form.getlist("action")] if "actions" in form or "action" in form else None,
    )


def _record(chosen: str, name: str, records: RecordReader | None) -> RecordRef | None:
    if chosen == "named":
        if not name:
            raise InvalidEdit("Write the number or the name of the record, or choose one of the others.")
        return record_named(records, name)
    model, _, given = chosen.partition(",")
    record_id = number_in(given)
    return RecordRef(model=model, id=record_id, name="") if record_id is not None else None
