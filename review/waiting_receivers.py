"""Telling a receiver that waits what became of an approval: an n8n workflow at its *Wait* node, or the like.

A receiver may answer a delivery with the address at which it waits, `{"resume_url": …}`. Once it is known whether the
approval was carried out, that address gets the outcome once, signed as every event. Only addresses at the target's own
origin count: what an answer says must not lead the desk anywhere else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Select, func, select

from review import log
from review.database import Database
from review.outbox import Attempt, Outcome, pause
from review.receipt_rows import Standing, standing_of
from review.schema import HandoffRow, ReceiptRow, WaitingReceiver, WaitingState
from review.targets import Target

NOBODY_WAITS = frozenset({404, 410})
ATTEMPTS = 8


class Resume(NamedTuple):
    """An outcome to send to `url`."""

    attempt: Attempt
    url: str


class OutcomeEvent(BaseModel):
    """What a waiting receiver gets, a CloudEvents 1.0 envelope. `subject` is the id of the event that it had answered."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: Literal["urn:exception-desk"] = "urn:exception-desk"
    type: Literal["exception-desk.proposal.outcome"] = "exception-desk.proposal.outcome"
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Literal["urn:exception-desk:outcome:1"] = "urn:exception-desk:outcome:1"
    data: Standing


def take(database: Database, name: str, target: Target) -> Resume | None:
    """The next outcome to tell at a target, leased for the time that a try may need. None when nothing is due."""
    now = datetime.now(UTC)
    with database.read() as session:
        if session.scalars(_due(name, now)).first() is None:
            return None
    with database.write() as session:
        answer = session.scalars(_due(name, now)).first()
        if answer is None:
            return None
        answer.attempts += 1
        answer.leased_until = now + timedelta(seconds=2 * target.timeout_seconds)
        rows = select(HandoffRow, ReceiptRow).join(ReceiptRow, ReceiptRow.handoff_id == HandoffRow.id)
        row, receipt = session.execute(rows.where(HandoffRow.id == answer.handoff_id)).one()
        standing = standing_of(row, receipt)
        event_id = f"{row.id}_{row.state}"
        event = OutcomeEvent(id=event_id, subject=row.id, time=standing.at, data=standing)
        return Resume(Attempt(event_id, name, event.model_dump_json(), answer.attempts), answer.url)


def settle(database: Database, resume: Resume, target: Target, outcome: Outcome) -> None:
    """Writes down what came of a try: told, to be tried again, or nobody waits any more."""
    now = datetime.now(UTC)
    event_id = resume.attempt.id.rpartition("_")[0]
    with database.write() as session:
        answer = session.get_one(WaitingReceiver, (event_id, resume.attempt.target))
        if answer.state != WaitingState.waiting or answer.attempts != resume.attempt.number:
            return
        answer.leased_until, answer.problem = None, outcome.problem
        if outcome.delivered:
            answer.state, kind = WaitingState.told, "handoff.answered"
        elif outcome.status in NOBODY_WAITS or answer.attempts >= ATTEMPTS:
            answer.state, kind = WaitingState.lost, "handoff.answer-lost"
        else:
            answer.next_at = now + pause(answer.attempts, target)
            return
        subject = session.get_one(HandoffRow, event_id).proposal_id
        content = {"event": event_id, "target": answer.target, "outcome": resume.attempt.id, "problem": outcome.problem}
        log.append(session, kind, subject, content)


def _due(name: str, now: datetime) -> Select[WaitingReceiver]:
    return (
        select(WaitingReceiver)
        .where(
            WaitingReceiver.target == name,
            WaitingReceiver.state == WaitingState.waiting,
            WaitingReceiver.next_at <= now,
            func.coalesce(WaitingReceiver.leased_until, now) <= now,
        )
        .order_by(WaitingReceiver.next_at)
        .limit(1)
    )
