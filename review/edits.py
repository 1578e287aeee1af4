"""What a person may change about a proposal, and the exact difference that it makes.

Everything is typed and closed: records come from the candidates or from Odoo, intents and actions from the taxonomy.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, Field, field_validator

from agent.proposal import Action, Impact, Lane, LineFields, Proposal, RecordRef
from agent.propose import policy_in_force
from agent.taxonomy import taxonomy
from review.spoken_dates import date_of

LINE_VALUES = {
    "update_delivery_date": ("date",),
    "update_quantity": ("qty",),
    "update_price": ("price",),
    "update_sales_order": ("qty", "date"),
    "split_delivery": ("splits",),
    "replace_product": ("substitute",),
    "cancel_purchase_lines": ("line_id",),
    "cancel_sales_order": ("line_id",),
}


class InvalidEdit(ValueError):
    """The edit names something that this proposal or the catalogue does not have."""

    status = 422


class LineEdit(BaseModel):
    """New values for the line at `index` of the proposal's lines; a proposal without lines gets one at 0, for the whole
    order. None leaves a value as it is. The date may be a phrase ("Friday", "week 50"), which is read from today."""

    index: int
    date: str | None = None
    qty: float | None = None
    price: float | None = None

    @field_validator("date")
    @classmethod
    def _iso(cls, value: str | None) -> str | None:
        return None if value is None else date_of(value)

    @field_validator("qty", "price")
    @classmethod
    def _finite(cls, value: float | None) -> float | None:
        if value is not None and (not math.isfinite(value) or value < 0):
            raise ValueError("must be a number that is not negative")
        return value


class Edit(BaseModel):
    """The parts to change; None leaves a part as it is. `no_record` takes the record away; `date` is the one that the
    message states of no line, as a carrier does of a shipment, and may be a phrase too."""

    intent: str | None = None
    record: RecordRef | None = None
    no_record: bool = False
    date: str | None = None
    lines: list[LineEdit] = Field(default_factory=list)
    actions: list[str] | None = None

    @field_validator("date")
    @classmethod
    def _iso(cls, value: str | None) -> str | None:
        return None if value is None else date_of(value)


def edited(proposal: Proposal, change: Edit, found: RecordRef | None = None) -> Proposal:
    """A copy of `proposal` with the changes. Raises InvalidEdit when they cannot be made or change nothing.

    The record is one of the candidates, or `found`, which was looked up in Odoo.
    Another record takes the held values and the line numbers of the former one away: they are not its own.
    """
    after = proposal.model_copy(deep=True)
    _set_intent(after, change)
    _set_record(after, change, found)
    after.fields.date = change.date or after.fields.date
    for line in change.lines:
        _set_line(after, line)
    _set_actions(after, change.actions)
    if after.fields != proposal.fields:
        for action in after.actions:
            follow_lines(after, action)
    if after == proposal:
        raise InvalidEdit("Nothing was changed.")
    after.lane = Lane.check
    return after


def difference(before: Any, after: Any, path: str = "") -> list[dict[str, Any]]:
    """The leaves that differ between two JSON values: `{"path", "was", "is"}`, paths as `fields.lines[0].date`."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(k for k in after if k not in before)]
        return [d for k in keys for d in difference(before.get(k), after.get(k), f"{path}.{k}" if path else k)]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [d for i, (a, b) in pairs for d in difference(a, b, f"{path}[{i}]")]
    return [] if before == after else [{"path": path, "was": before, "is": after}]


def _set_intent(after: Proposal, change: Edit) -> None:
    if change.intent is None:
        return
    if change.intent not in taxonomy().intents:
        raise InvalidEdit(f"There is no intent {change.intent!r} in the taxonomy.")
    after.intent = change.intent


def _set_record(after: Proposal, change: Edit, found: RecordRef | None) -> None:
    wanted = None if change.no_record else change.record
    if wanted is None and not change.no_record:
        return
    key = (wanted.model, wanted.id) if wanted else None
    if key == ((after.record.model, after.record.id) if after.record else None):
        return
    offered = {(c.model, c.id): RecordRef(model=c.model, id=c.id, name=c.name) for c in after.candidates}
    if found is not None:
        offered.setdefault((found.model, found.id), found)
    if key is not None and key not in offered:
        raise InvalidEdit("The record has to be one of the candidates, or one that is in Odoo.")
    after.record = offered[key] if key else None
    after.record_write_date, after.line_write_dates = None, {}
    after.held_at = after.held_from = None
    after.changes = []
    after.impact = Impact()
    for line in after.fields.lines:
        line.line_id = None


def _set_line(after: Proposal, change: LineEdit) -> None:
    if change.index == 0 and not after.fields.lines:
        after.fields.lines.append(LineFields())
    if not 0 <= change.index < len(after.fields.lines):
        raise InvalidEdit(f"There is no line {change.index + 1} in this proposal.")
    line = after.fields.lines[change.index]
    for name in ("date", "qty", "price"):
        value = getattr(change, name)
        if value is None or value == getattr(line, name):
            continue
        setattr(line, name, value)
        if name == "date":
            line.date_unknown = False
        for held in after.changes:
            if held.field == name and held.line_id == line.line_id and line.line_id is not None:
                held.stated, held.note = value, None


def _set_actions(after: Proposal, names: list[str] | None) -> None:
    known, policy = taxonomy().actions, policy_in_force()
    wanted = [a.name for a in after.actions] if names is None else list(dict.fromkeys(names))
    if unknown := [n for n in wanted if n not in known]:
        raise InvalidEdit(f"The catalogue has no action {unknown[0]!r}.")
    if not wanted:
        raise InvalidEdit("Choose at least one action; `no_action` closes without doing anything.")
    present = {a.name: a for a in after.actions}
    for name in wanted:
        if name not in present:
            role = policy.approval.get(name, "reviewer")
            present[name] = Action(name=name, approval=role, rule="chosen by a person")
            follow_lines(after, present[name])
    after.actions = [present[name] for name in wanted]


def follow_lines(after: Proposal, action: Action) -> None:
    """What an action would do to the lines follows the lines as they now stand."""
    if action.name not in LINE_VALUES or not after.fields.lines:
        return
    lines = []
    for line in after.fields.lines:
        values = line.model_dump(include=set(LINE_VALUES[action.name]), exclude_defaults=True)
        if values:
            lines.append({"line_id": line.line_id, **values})
    action.arguments = {**action.arguments, "lines": lines}
