"""How things are called on the pages: names for people, ages, numbers, confidence bands."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from agent.proposal import Action, Proposal
from agent.taxonomy import taxonomy
from review.bands import BANDS as BANDS
from review.bands import band as band
from review.decisions import RejectReason
from review.queue import COUNTED_TO, Filters, View
from review.receipt_rows import Standing
from review.schema import DecisionKind, DecisionRow, HandoffState
from review.urgency import clock

MODELS = {
    "purchase.order": "Purchase order",
    "sale.order": "Sales order",
    "stock.picking": "Transfer",
    "account.move": "Invoice",
    "res.partner": "Contact",
}
VIEWS = {
    View.ready: ("Ready", "One key to approve"),
    View.check: ("Check", "Look first"),
    View.manual: ("Manual", "A person reads the message"),
    View.second: ("Second look", "Edited by one person, to be approved by another"),
    View.nothing: ("Nothing to do", "Automatic replies, normal events, advertising"),
    View.snoozed: ("Snoozed", "Put off until a moment, or until the conversation goes on"),
    View.done: ("Done", "Decided, or replaced by a newer message"),
}
DECIDED = {
    DecisionKind.approve: "approved",
    DecisionKind.endorse: "approved, as one of several,",
    DecisionKind.edit: "edited",
    DecisionKind.reject: "rejected",
    DecisionKind.not_exception: "closed as not an exception",
    DecisionKind.manual: "moved to Manual",
    DecisionKind.merge: "closed as the same as another item",
    DecisionKind.split_up: "split",
}
# What is said once it is done.
OUTCOMES = {
    DecisionKind.approve: "approved",
    DecisionKind.endorse: "approved by you; somebody else has to approve it too",
    DecisionKind.edit: "edited, waits for a second person",
    DecisionKind.reject: "rejected",
    DecisionKind.not_exception: "closed, not an exception",
    DecisionKind.manual: "moved to Manual",
    DecisionKind.merge: "closed, the same as another item",
    DecisionKind.split_up: "split; the other lines wait as an item of their own",
}
# Every key that does something, and what. Tests hold the pages to it.
KEYS = (
    ("The list", (("j k", "next, previous item"), (".", "show what is new"), ("/", "search"), ("f", "filter"))),
    (
        "The item",
        (
            ("a", "approve, or what is ticked of it"),
            ("e", "edit"),
            ("r then 1 – 8", "reject, then the reason"),
            ("d then 1 – 9", "decide otherwise: not an exception, to Manual, split, merge"),
            ("s then 1 – 4", "snooze, then until when; wake"),
            ("c", "claim, or give back"),
            ("t", "give to a person or a team"),
            ("m", "comment"),
            ("o", "the message as it was laid out"),
            ("u", "undo the last decision"),
        ),
    ),
    (
        "Many together",
        (
            ("b", "all of the same kind as this one, and back"),
            ("x", "choose the item, or leave it out"),
            ("*", "choose all that match"),
            ("a", "approve the chosen ones"),
        ),
    ),
    (
        "Going",
        (
            ("1 – 7", "the views, from left to right"),
            ("g then r c m e n s d", "ready, check, manual, second look, nothing to do, snoozed, done"),
            ("g then y t", "given to you, mentions you"),
            ("v then 1 – 9", "a kept view; g then 1 – 9 too"),
            ("g then l", "the log"),
            ("Esc", "close, leave the field"),
            ("?", "this list"),
        ),
    ),
)
SNOOZES = (("hours", "3 hours"), ("tomorrow", "Tomorrow morning"), ("days", "In 3 days"), ("week", "In a week"))
PARTS = {"intent": "what it is about", "record": "the record", "fields": "what is stated", "actions": "the actions"}
GO_KEYS = {
    View.ready: "r",
    View.check: "c",
    View.manual: "m",
    View.second: "e",
    View.nothing: "n",
    View.snoozed: "s",
    View.done: "d",
}
FIELDS = {"date": "date", "qty": "quantity", "price": "unit price", "splits": "deliveries", "substitute": "substitute"}

HANDOFF_STATES = {
    HandoffState.waiting: "Approved; it has not been handed on yet.",
    HandoffState.by_hand: "Nothing receives it: somebody carries it out by hand.",
    HandoffState.delivered: "Handed on; whether it was carried out is not known yet.",
    HandoffState.dead: "It could not be handed on.",
    HandoffState.dropped: "It was given up before it could be handed on.",
    HandoffState.cancelled: "The approval was taken back before anything left.",
    HandoffState.done: "Odoo holds what was approved.",
    HandoffState.differs: "What was approved was not carried out as it was approved.",
    HandoffState.overdue: "Odoo does not hold it yet, and it should by now.",
}


def percent(value: float) -> str:
    """Rounded down, so that nothing short of certain reads as 100 %."""
    return f"{int(value * 100)} %"


def words(key: str) -> str:
    """`delivery_date_change` → `Delivery date change`."""
    return key.replace("_", " ").replace("-", " ").capitalize()


def narrowing(filters: Filters) -> list[tuple[str, Any, str]]:
    """The filters that are set: the name of each, its value when it is not, and what it says."""
    said: dict[str, Callable[[Any], str]] = {
        "intent": words,
        "band": lambda key: f"confidence {next(b.word for _, b in BANDS if b.key == key)}",
        "overdue": lambda _: "overdue",
        "assignee": lambda name: f"given to {name}",
        "team": lambda name: f"team {name}",
        "mentioned": lambda name: f"mentions {name}",
        "claimed_by": lambda name: f"in {name}’s hands",
        "text": lambda asked: f"“{asked}”",
    }
    empty = Filters()
    held = filters.model_dump(exclude_defaults=True)
    return [(name, getattr(empty, name), said.get(name, str)(given)) for name, given in held.items()]


def count(number: int) -> str:
    """How many items a view holds, as far as they are counted."""
    return f"{COUNTED_TO}+" if number >= COUNTED_TO else str(number)


def reach(lesson: Any) -> str:
    """What a lesson holds for, to be read."""
    if lesson.subject == "address" and lesson.reach != "message":
        return "every message from there"
    named = {
        "message": "one message",
        "sender": f"every message of {lesson.reach_of}",
        "all": "every message of anybody",
    }
    return named[lesson.reach]


def intent_meaning(key: str) -> str:
    known = taxonomy().intents.get(key)
    return known.means if known else ""


def action_meaning(key: str) -> str:
    return taxonomy().actions.get(key, "")


def model_name(model: str | None) -> str:
    return MODELS.get(model or "", model or "")


def reject_reason(name: str | None) -> str:
    known = RejectReason.__members__.get(name or "")
    return known.value if known else name or ""


def outcome(decision: DecisionRow) -> str:
    """What has been done, for the line that says so."""
    if decision.kind == DecisionKind.approve and decision.made:
        return "some lines approved; the others wait as an item of their own"
    return OUTCOMES[DecisionKind(decision.kind)]


def field_name(path: str) -> str:
    """`lines[0].date` → `date`; `tracking` → `tracking`."""
    leaf = path.rpartition(".")[2].partition("[")[0]
    return FIELDS.get(leaf, leaf.replace("_", " "))


def value(shown: Any) -> str:
    """A held or stated value for reading: whole numbers without decimals, a dash for none, splits spelt out."""
    if shown is None or shown == "" or shown is False:
        return "—"
    if isinstance(shown, float):
        return f"{shown:,.4f}".rstrip("0").rstrip(".")
    if isinstance(shown, list):
        return "; ".join(value(item) for item in shown)
    if isinstance(shown, dict):
        if set(shown) == {"qty", "date"}:
            return f"{value(shown['qty'])} on {value(shown['date'])}"
        return ", ".join(f"{field_name(k)} {value(v)}" for k, v in shown.items())
    return str(shown)


def shift(held: Any, stated: Any, field: str) -> str | None:
    """How far a stated value is from the held one: days for dates, a percentage for prices, else the difference."""
    if isinstance(held, str) and isinstance(stated, str):
        days = _days_between(held, stated)
        if not days:
            return None
        return f"{_counted(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"
    if not isinstance(held, int | float) or not isinstance(stated, int | float) or held == stated:
        return None
    if field == "price":
        return f"{stated / held - 1:+.1%}" if held > 0 else None
    return f"{stated - held:+,.4f}".rstrip("0").rstrip(".")


def days_late(promised: str | None, expected: str | None) -> str:
    """`3 days late`, or `late` where one of the dates is not known."""
    days = _days_between(promised or "", expected or "")
    return f"{_counted(days, 'day')} late" if days and days > 0 else "late"


def _days_between(first: str, second: str) -> int | None:
    try:
        return (date.fromisoformat(second) - date.fromisoformat(first)).days
    except ValueError:
        return None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def money(amount: float | None) -> str:
    return "—" if amount is None else f"{amount:,.2f}"


def arguments(action: Action, proposal: Proposal) -> list[str]:
    """What an action would do, one sentence part an argument or line."""
    products = {line.line_id: line.product for line in proposal.fields.lines if line.line_id is not None}
    products |= {change.line_id: change.product for change in proposal.changes if change.line_id is not None}
    found = []
    for name, given in action.arguments.items():
        if name == "lines" and isinstance(given, list):
            for line in given:
                line_id = line.get("line_id")
                what = products.get(line_id) or (f"line {line_id}" if line_id else "the order")
                stated = ", ".join(f"{field_name(k)} {value(v)}" for k, v in line.items() if k != "line_id")
                found.append(f"{what}: {stated}" if stated else what)
        else:
            found.append(f"{words(name).lower()}: {value(given)}")
    return found


def handoff_state(handoff: Standing) -> str:
    """What the state of a handoff means."""
    if handoff.state == HandoffState.done and not handoff.looked_at:
        return "The receiver says that it was carried out."
    return HANDOFF_STATES[handoff.state]


def age(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, in the largest whole unit: `4 min`, `3 h`, `2 d`."""
    return _span((now or datetime.now(UTC)) - moment) or "now"


def _span(length: timedelta) -> str | None:
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if length.total_seconds() >= seconds:
            return f"{int(length.total_seconds() // seconds)} {unit}"
    return None


def due(item: Any, now: datetime | None = None) -> tuple[str, str]:
    """How an item stands to its deadline (`running`, `soon`, `overdue`), and the time left or over: `3 h left`."""
    at = now or datetime.now(UTC)
    left = item.due_at - at
    span = _span(abs(left)) or "1 min"
    return clock(item.received_at, item.due_at, at).value, f"{span} left" if left > timedelta() else f"{span} over"


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def iso_moment(text: str) -> str:
    return moment(datetime.fromisoformat(text))


def visible(text: str) -> str:
    """Shows characters that would turn or hide text as their names: what a reader sees is what stands there."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(c) for c in text)


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return character
    if character == "\r" or character in "\u00ad\u200c\u200d":
        return "" if character == "\r" else character  # joiners shape real scripts and emoji
    return f"⟦U+{ord(character):04X}⟧"


def pretty(content: str) -> str:
    """A log entry's JSON, indented for reading."""
    return json.dumps(json.loads(content), indent=2, ensure_ascii=False)
