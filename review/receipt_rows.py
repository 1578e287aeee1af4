"""What became of handoffs, as rows: what the receiver or a person says is kept, what Odoo holds is judged, and the state
follows.

Odoo's word counts more than theirs. It is asked again and again, at intervals of a tenth of the time that has passed,
until it holds what was approved; what cannot be looked up there is as the receiver or a person says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from review import log
from review.database import Database
from review.expectations import Approved, Verdict, approved
from review.receipts import Difference, Records, compare
from review.refusals import DecisionError
from review.schema import DeliveryRow, HandoffRow, HandoffState, ReceiptRow, WaitingReceiver, WaitingState

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
    """A handoff to be looked at: what is expected of Odoo, and since when."""

    id: str
    approved: Approved
    since: datetime


class Standing(BaseModel):
    """Where the handoff of a proposal stands. `differences` are those of `looked_at`, when Odoo was last read; `untold` are
    the actions of which Odoo cannot tell whether they were carried out."""

    event: str
    state: HandoffState
    at: datetime
    looked_at: datetime | None
    differences: list[Difference]
    untold: list[str]
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
    return [Due(row.id, approved(row.body), delivered_at or row.due_at) for row, delivered_at in session.execute(query)]


def settle(database: Database, looked: Sequence[Due], records: Records | None, overdue_after: timedelta) -> None:
    """Writes down what came of a look. `records` are Odoo's; None where there is no Odoo to read."""
    with database.write() as session:
        for one in looked:
            _settle(session, one, records, overdue_after)


def standing(session: Session, proposal_id: str) -> Standing | None:
    """Where the newest handoff of a proposal stands; None when nothing of it was handed on."""
    newest = (
        select(HandoffRow, ReceiptRow)
        .join(ReceiptRow, ReceiptRow.handoff_id == HandoffRow.id)
        .where(HandoffRow.proposal_id == proposal_id)
        .order_by(HandoffRow.sequence.desc())
        .limit(1)
        .options(undefer(HandoffRow.body))
    )
    found = session.execute(newest).first()
    return standing_of(*found) if found is not None else None


def standing_of(row: HandoffRow, receipt: ReceiptRow) -> Standing:
    """Where a handoff stands, given its row with its body."""
    told = ("looked_at", "differences", "reported", "reported_at", "reported_by", "detail")
    return Standing(
        event=row.id,
        state=row.state,
        at=row.settled_at or row.created_at,
        untold=approved(row.body).untold,
        **{name: getattr(receipt, name) for name in told},
    )


def _settle(session: Session, one: Due, records: Records | None, overdue_after: timedelta) -> None:
    row = session.get_one(HandoffRow, one.id, with_for_update=True)
    receipt = session.get_one(ReceiptRow, one.id, with_for_update=True)
    receipt.next_at = None
    if row.state not in WATCHED:
        return  # not out yet, or taken back; its delivery sets the next look
    now = datetime.now(UTC)
    said = {Reported.done: HandoffState.done, Reported.not_done: HandoffState.differs}
    state = said.get(Reported(receipt.reported)) if receipt.reported else None
    expected = one.approved.expected
    verdict, differences = compare(expected, records) if records is not None else (Verdict.unknown, [])
    if not expected and not one.approved.untold:
        state = HandoffState.done  # nothing was to be done
    elif verdict is not Verdict.unknown:
        age = now - one.since
        receipt.looked_at, receipt.differences = now, [d.model_dump() for d in differences]
        if verdict is not Verdict.waiting:
            state = HandoffState(verdict)
        elif state is not HandoffState.differs:
            state = HandoffState.overdue if age > overdue_after else None
        if state is not HandoffState.done and age < GIVEN_UP_AFTER:
            receipt.next_at = now + max(FIRST_PAUSE, age / 10)
    if state is not None and state != row.state:
        row.state, row.settled_at = state, now
        _tell_who_waits(session, row.id, now)
        content = {"event": row.id, "differences": receipt.differences, "reported_by": receipt.reported_by}
        log.append(session, f"handoff.{state}", row.proposal_id, content)


def _tell_who_waits(session: Session, event_id: str, now: datetime) -> None:
    waiting = update(WaitingReceiver).where(WaitingReceiver.handoff_id == event_id, WaitingReceiver.next_at.is_(None))
    session.execute(waiting.where(WaitingReceiver.state == WaitingState.waiting).values(next_at=now))
