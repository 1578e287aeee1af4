"""What differs between two readings of one matter, and what each line of a proposal is about: as the pages show them."""

from __future__ import annotations

from typing import NamedTuple

from agent.proposal import Change, Fields, LineFields, Proposal
from api.wording import field_name, value, words


class ShownLine(NamedTuple):
    """What is said of one line. `place` is its index among the proposal's lines, None for what is of none of them; `key`
    tells it from the others. `stated` are fields and values that nothing in Odoo is held against."""

    place: int | None
    key: str
    product: str
    changes: list[Change]
    stated: list[tuple[str, str]]


class Difference(NamedTuple):
    """`key` names the value (`97.date`, `record`), `label` says what it is."""

    key: str
    label: str
    was: str
    now: str


def lines_of(proposal: Proposal) -> list[ShownLine]:
    """Each line with its changes and what else is stated of it, then what is of no line."""
    left = list(proposal.changes)
    found = []
    for place, line in enumerate(proposal.fields.lines):
        own = [change for change in left if change.line_id == line.line_id and _alike(change, line)]
        left = [change for change in left if change not in own]
        product = own[0].product if own else line.product or ""
        key = str(line.line_id or product)
        found.append(ShownLine(place, key, product, own, _stated(line, {change.field for change in own})))
    for product in dict.fromkeys(change.product for change in left):
        found.append(ShownLine(None, product, product, [change for change in left if change.product == product], []))
    facts = [
        (name, value(given))
        for name in Fields.model_fields
        if name != "lines" and (given := getattr(proposal.fields, name))
    ]
    if facts:
        found.append(ShownLine(None, "", "", [], facts))
    return found


def differences(before: Proposal, after: Proposal) -> list[Difference]:
    """The values of `after` that are not as they were in `before`."""
    was, now = _values(before), _values(after)
    return [
        Difference(key, (now.get(key) or was[key])[0], was.get(key, ("", "—"))[1], now.get(key, ("", "—"))[1])
        for key in dict.fromkeys([*now, *was])
        if was.get(key, ("", "—"))[1] != now.get(key, ("", "—"))[1]
    ]


def _alike(change: Change, line: LineFields) -> bool:
    """Lines that Odoo does not know have no id to tell them apart."""
    return line.line_id is not None or not line.product or change.product == line.product


def _stated(line: LineFields, shown: set[str]) -> list[tuple[str, str]]:
    found = []
    for name, given in line.model_dump(exclude_defaults=True).items():
        if name == "date_unknown":
            found.append(("date", "not known yet"))
        elif name not in ("line_id", "product") and name not in shown:
            found.append((name, value(given)))
    return found


def _values(proposal: Proposal) -> dict[str, tuple[str, str]]:
    """Key → label and value of all that a person decides on."""
    found = {
        "intent": ("about", words(proposal.intent)),
        "record": ("record", proposal.record.name if proposal.record else "none"),
    }
    for line in lines_of(proposal):
        for change in line.changes:
            label = f"{line.product} {field_name(change.field)}".strip()
            found[f"{line.key}.{change.field}"] = (label, value(change.stated))
            found[f"{line.key}.{change.field} held"] = (f"{label} in Odoo", value(change.held))
        for name, said in line.stated:
            found[f"{line.key}.{name}"] = (f"{line.product} {field_name(name)}".strip(), said)
    found["actions"] = ("actions", ", ".join(words(action.name) for action in proposal.actions) or "none")
    return found
