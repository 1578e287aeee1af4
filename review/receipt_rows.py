"""What became of handoffs, as rows: what the receiver says is kept, what Odoo holds is judged, and the state follows.

Odoo's word counts more than the receiver's. It is asked again and again, at intervals of a tenth of the time that has
passed, until it holds what was approved; what cannot be looked up there is as the receiver says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from review import log
from review.database import Database
from review.receipts import Approved, Difference, Rows, Verdict, approved_values, compare
from review.refusals import DecisionError
from review.schema import DeliveryRow, HandoffRow, HandoffState, ReceiptRow

WATCHED = frozenset({HandoffState.delivered, HandoffState.by_hand, HandoffState.differs, HandoffState.overdue})
FIRST_PAUSE = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(days=30)
AT_ONCE = 200


class Reported(StrEnum):
    done = "done"
    not_done = "not_done"


class UnknownHandoff(DecisionError):
    status = 404


class Due(NamedTuple):
    """A handoff to be looked at: its values that Odoo can tell, and since when it is to hold them."""

    id: str
    values: list[Approved]
    since: datetime


class Standing(BaseModel):
    """Where the handoff of a proposal stands. `differences` are those of `looked_at`, when Odoo was last read."""

    event: str
    state: HandoffState
    at: datetime
    looked_at: datetime | None
    differences: list[Difference]
    reported: Reported | None
    reported_at: datetime | None
    reported_by: str | None
    detail: str | None


def report(database: Database, event_id: str, outcome: Reported, detail: str, by: str) -> None:
    """Keeps what the receiver says of an event; the same again changes nothing. Raises UnknownHandoff."""
    with database.write() as session:
        receipt = session.get(ReceiptRow, event_id, with_for_update=True)
        if receipt is None:
            raise UnknownHandoff(f"No event {event_id!r} has left this desk.")
        if (receipt.reported, receipt.detail) == (outcome, detail or None):
            return
        now = datetime.now(UTC)
        receipt.reported, receipt.detail, receipt.reported_at, receipt.reported_by = outcome, detail or None, now, by
        receipt.next_at = now
        subject = session.get_one(HandoffRow, event_id).proposal_id
        log.append(
            session, "handoff.reported", subject, {"event": event_id, "outcome": outcome, "by": by, "detail": detail}
        )


def due(session: Session, now: datetime) -> list[Due]:
    """The handoffs to look at now, those that wait longest first."""
    delivered = select(func.max(DeliveryRow.delivered_at)).where(DeliveryRow.handoff_id == HandoffRow.id)
    query = (
        select(HandoffRow, delivered.scalar_subquery())
        .join(ReceiptRow, ReceiptRow.handoff_id == HandoffRow.id)
        .where(ReceiptRow.next_at <= now)
        .order_by(ReceiptRow.next_at)
        .limit(AT_ONCE)
        .options(undefer(HandoffRow.body))
    )
    return [
        Due(row.id, approved_values(row.body), delivered_at or row.due_at)
        for row, delivered_at in session.execute(query)
    ]


def settle(database: Database, looked: Sequence[Due], rows: Rows | None, overdue_after: timedelta) -> None:
    """Writes down what came of a look. `rows` are Odoo's; None where there is no Odoo to read."""
    with database.write() as session:
        for one in looked:
            _settle(session, one, rows, overdue_after)


def standing(session: Session, proposal_id: str) -> Standing | None:
    """Where the newest handoff of a proposal stands; None when nothing of it was handed on."""
    newest = (
        select(HandoffRow, ReceiptRow)
        .join(ReceiptRow, ReceiptRow.handoff_id == HandoffRow.id)
        .where(HandoffRow.proposal_id == proposal_id)
        .order_by(HandoffRow.sequence.desc())
        .limit(1)
    )
    found = session.execute(newest).first()
    if found is None:
        return None
    row, receipt = found
    kept = {name: getattr(receipt, name) for name in Standing.model_fields if name not in ("event", "state", "at")}
    return Standing(event=row.id, state=row.state, at=row.settled_at or row.created_at, **kept)


def _settle(session: Session, one: Due, rows: Rows | None, overdue_after: timedelta) -> None:
    row = session.get_one(HandoffRow, one.id, with_for_update=True)
    receipt = session.get_one(ReceiptRow, one.id, with_for_update=True)
    receipt.next_at = None
    if row.state not in WATCHED:
        return  # not out yet, or taken back; its delivery sets the next look
    now = datetime.now(UTC)
    said = {Reported.done: HandoffState.done, Reported.not_done: HandoffState.differs}
    state = said.get(Reported(receipt.reported)) if receipt.reported else None
    if rows is not None and one.values:
        age = now - one.since
        verdict, differences = compare(one.values, rows)
        receipt.looked_at, receipt.differences = now, [d.model_dump() for d in differences]
        if verdict is not Verdict.waiting:
            state = HandoffState(verdict)
        elif state is not HandoffState.differs:
            state = HandoffState.overdue if age > overdue_after else None
        if state is not HandoffState.done and age < GIVEN_UP_AFTER:
            receipt.next_at = now + max(FIRST_PAUSE, age / 10)
    if state is not None and state != row.state:
        row.state, row.settled_at = state, now
        content = {"event": row.id, "differences": receipt.differences, "reported_by": receipt.reported_by}
        log.append(session, f"handoff.{state}", row.proposal_id, content)
