"""The outbox: the event of an approved decision is a row of the same transaction, and each step of its way one entry.

At least once, always with the same id, in the order of decisions for each record. A delivery is taken under a lease,
tried without a transaction, and settled. What dies on the way comes back when the lease ends: a receiver may see an
event twice, never none. An event that was given up holds back the later ones of its record, until a person replays or
drops it.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased, undefer

from agent.proposal import Proposal
from review import log
from review.database import Database
from review.handoff_event import (
    Approval,
    ApprovedAction,
    Decision,
    Handoff,
    HandoffEvent,
    PolicyApplied,
    SourceMessage,
    record_key,
)
from review.schema import (
    DecisionRow,
    DeliveryRow,
    DeliveryState,
    HandoffRow,
    HandoffState,
    MessageRow,
    ProposalRow,
    ReceiptRow,
    TargetRow,
    WaitingReceiver,
)
from review.targets import Target
from tools.message import Channel

REFUSED = frozenset({400, 409, 413, 415, 422})  # the receiver's answer to this event, not to every one
STEADY_FAILURES = 3  # of an endpoint in a row, before it is left alone for a while
LONGEST_SILENCE = timedelta(minutes=5)  # then it is asked again, so that its return is noticed


class Attempt(NamedTuple):
    """A delivery that was taken: the body to send under `id`, for the `number`th time since it was queued or replayed."""

    id: str
    target: str
    body: str
    number: int


class Outcome(NamedTuple):
    """What came of a try. `status` is HTTP's, None without an answer; `retry_after` is in seconds; `resume_url` is where
    the receiver says that it waits for the outcome."""

    status: int | None
    problem: str | None = None
    retry_after: float | None = None
    resume_url: str | None = None

    @property
    def delivered(self) -> bool:
        return self.problem is None


def queue(
    session: Session, decision: DecisionRow, approvals: list[Approval], edited_by: list[str], policy: PolicyApplied
) -> HandoffRow:
    """Adds the event of an approval and its deliveries within the caller's transaction. Nothing leaves while it can be
    undone."""
    proposal = Proposal(**decision.decided)
    row = session.get_one(ProposalRow, decision.proposal_id)
    message = session.get_one(MessageRow, row.message_id)
    key = record_key(row.id, proposal)
    targets = _receivers(session, {a.name for a in proposal.actions})
    event_id = f"evt_{secrets.token_hex(16)}"
    content = {"event": event_id, "decision": decision.id, "record": key, "targets": targets}
    sequence = log.append(session, "handoff.queued", row.id, content)
    event = HandoffEvent(
        id=event_id,
        subject=row.id,
        time=decision.at,
        partitionkey=key,
        sequence=f"{sequence:012d}",
        data=Handoff(
            proposal_id=row.id,
            decision=Decision(version=decision.version, approvals=approvals, edited_by=edited_by, policy=policy),
            message=SourceMessage(id=message.id, channel=Channel(message.channel), received_at=message.received_at),
            intent=proposal.intent,
            record=proposal.record,
            record_write_date=proposal.record_write_date,
            changes=proposal.changes,
            actions=[ApprovedAction(name=a.name, arguments=a.arguments, draft=a.draft) for a in proposal.actions],
        ),
    )
    queued = HandoffRow(
        id=event_id,
        sequence=sequence,
        decision_id=decision.id,
        proposal_id=row.id,
        record_key=key,
        state=HandoffState.waiting if targets else HandoffState.by_hand,
        body=event.model_dump_json(exclude_none=True),
        created_at=decision.at,
        due_at=decision.undo_until,
    )
    session.add(queued)
    session.flush()
    session.add(ReceiptRow(handoff_id=event_id, next_at=None if targets else queued.due_at))
    session.add_all(
        DeliveryRow(handoff_id=event_id, target=name, sequence=sequence, record_key=key, next_at=decision.undo_until)
        for name in targets
    )
    session.flush()
    return queued


def cancel(session: Session, decision: DecisionRow) -> bool:
    """Takes the event of an approval back, within the caller's transaction. False when it is on its way already."""
    row = session.scalars(select(HandoffRow).where(HandoffRow.decision_id == decision.id)).first()
    if row is None:
        return True
    deliveries = list(session.scalars(select(DeliveryRow).where(DeliveryRow.handoff_id == row.id)))
    if any(delivery.attempts for delivery in deliveries):
        return False
    row.state, row.settled_at = HandoffState.cancelled, datetime.now(UTC)
    for delivery in deliveries:
        delivery.state = DeliveryState.cancelled
    log.append(session, "handoff.cancelled", row.proposal_id, {"event": row.id})
    return True


def register(database: Database, targets: Mapping[str, Target]) -> None:
    """Makes the configured targets those that decisions queue for. What waits for one that is gone becomes a dead letter."""
    with database.write() as session:
        rows = {row.name: row for row in session.scalars(select(TargetRow))}
        before = {name: sorted(row.actions) for name, row in rows.items() if row.active}
        after = {name: sorted(target.actions) for name, target in targets.items()}
        for name, actions in after.items():
            row = rows.get(name) or TargetRow(name=name, actions=actions)
            row.actions, row.active = actions, True
            session.add(row)
        for name in before.keys() - after.keys():
            rows[name].active = False
            for delivery in session.scalars(_waiting(name)):
                _bury(session, delivery, "Its target is no longer configured.")
        if before != after:
            log.append(session, "handoff.targets", "targets", {"before": before, "after": after})


def take(database: Database, name: str, target: Target) -> Attempt | None:
    """The next event for a target, leased for the time that a try may need. None when nothing is due."""
    now = datetime.now(UTC)
    with database.read() as session:  # a look costs no write
        if _due(session, name, now) is None:
            return None
    with database.write() as session:
        delivery = _due(session, name, now)
        if delivery is None:
            return None
        delivery.attempts += 1
        delivery.leased_until = now + timedelta(seconds=2 * target.timeout_seconds)
        row = session.get_one(HandoffRow, delivery.handoff_id, options=[undefer(HandoffRow.body)])
        return Attempt(row.id, name, row.body, delivery.attempts)


def settle(database: Database, attempt: Attempt, target: Target, outcome: Outcome) -> None:
    """Writes down what came of a try: delivered, to be tried again, or given up."""
    now = datetime.now(UTC)
    with database.write() as session:
        delivery = session.get_one(DeliveryRow, (attempt.id, attempt.target))
        health = session.get_one(TargetRow, attempt.target)
        if delivery.state != DeliveryState.waiting or delivery.attempts != attempt.number:
            return  # another try was faster, or a person replayed or dropped it meanwhile
        delivery.leased_until, delivery.status, delivery.problem = None, outcome.status, outcome.problem
        _note_health(session, health, target, outcome, now)
        content = {"event": attempt.id, "target": attempt.target, "attempt": attempt.number, "status": outcome.status}
        subject = session.get_one(HandoffRow, attempt.id).proposal_id
        if outcome.delivered:
            delivery.state, delivery.delivered_at = DeliveryState.delivered, now
            body_hash = log.sha256(attempt.body)
            log.append(session, "handoff.delivered", subject, {**content, "body_sha256": body_hash})
            _follow(session, attempt.id, now)
            if outcome.resume_url is not None:
                _note_who_waits(session, attempt, target, outcome.resume_url, subject)
            return
        log.append(session, "handoff.failed", subject, {**content, "problem": outcome.problem})
        if attempt.number >= target.attempts:
            _bury(session, delivery, outcome.problem or "")
            return
        wait = max(pause(attempt.number, target), timedelta(seconds=min(outcome.retry_after or 0, 86_400)))
        delivery.next_at = now + wait


def pause(attempt: int, target: Target) -> timedelta:
    """How long to wait after the `attempt`th failure: doubled each time, and halved at random at most, so that what
    failed together does not come back together."""
    longest = min(target.longest_pause_seconds, target.first_pause_seconds * 2.0 ** min(attempt - 1, 30))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))


def replay(database: Database, event_id: str, who: str) -> int:
    """Tries dead deliveries of an event again from the beginning, with the same id and body. Gives how many."""
    return _revive(database, event_id, who, "replayed")


def drop(database: Database, event_id: str, who: str) -> int:
    """Gives dead deliveries of an event up for good, so that later events of the record go on. Gives how many."""
    return _revive(database, event_id, who, "dropped")


def health(database: Database) -> list[TargetRow]:
    """The targets with their health, by name."""
    with database.read() as session:
        return list(session.scalars(select(TargetRow).order_by(TargetRow.name)))


def listed(
    session: Session, states: Iterable[DeliveryState] = (), limit: int = 100
) -> list[tuple[HandoffRow, DeliveryRow | None]]:
    """Handoffs with each of their deliveries, newest first; with `states` only deliveries in one of them."""
    query = select(HandoffRow, DeliveryRow).outerjoin(DeliveryRow, DeliveryRow.handoff_id == HandoffRow.id)
    if wanted := list(states):
        query = query.where(DeliveryRow.state.in_(wanted))
    found = session.execute(query.order_by(HandoffRow.sequence.desc(), DeliveryRow.target).limit(limit))
    return [(row, delivery) for row, delivery in found]


def _receivers(session: Session, actions: set[str]) -> list[str]:
    targets = session.scalars(select(TargetRow).where(TargetRow.active).order_by(TargetRow.name))
    return [t.name for t in targets if not t.actions or actions & set(t.actions)]


def _waiting(name: str) -> Select[DeliveryRow]:
    return select(DeliveryRow).where(DeliveryRow.target == name, DeliveryRow.state == DeliveryState.waiting)


def _due(session: Session, name: str, now: datetime) -> DeliveryRow | None:
    """The oldest delivery that may be tried now. One that an earlier event of its record holds back may not."""
    target = session.get(TargetRow, name)
    if target is None or not target.active or (target.retry_at is not None and target.retry_at > now):
        return None
    earlier = aliased(DeliveryRow)
    held_back = (
        select(earlier.handoff_id)
        .where(
            earlier.target == name,
            earlier.record_key == DeliveryRow.record_key,
            earlier.sequence < DeliveryRow.sequence,
            earlier.state.in_((DeliveryState.waiting, DeliveryState.dead)),
        )
        .exists()
    )
    query = (
        _waiting(name)
        .where(
            DeliveryRow.next_at <= now,
            func.coalesce(DeliveryRow.leased_until, now) <= now,
            ~held_back,
        )
        .order_by(DeliveryRow.sequence)
        .limit(1)
    )
    return session.scalars(query).first()


def _note_health(session: Session, health: TargetRow, target: Target, outcome: Outcome, now: datetime) -> None:
    if outcome.status in REFUSED:
        return  # it is there, and read the event
    if outcome.delivered:
        health.failures, health.failing_since, health.retry_at, health.problem = 0, None, None, None
        health.delivered_at = now
        return
    health.failures += 1
    health.failing_since = health.failing_since or now
    health.problem = outcome.problem
    if health.failures >= STEADY_FAILURES:
        health.retry_at = now + min(pause(health.failures - STEADY_FAILURES + 1, target), LONGEST_SILENCE)


def _bury(session: Session, delivery: DeliveryRow, problem: str) -> None:
    delivery.state, delivery.problem, delivery.leased_until = DeliveryState.dead, problem, None
    row = session.get_one(HandoffRow, delivery.handoff_id)
    content = {"event": row.id, "target": delivery.target, "attempts": delivery.attempts, "problem": problem}
    log.append(session, "handoff.dead", row.proposal_id, content)
    _follow(session, row.id, datetime.now(UTC))


def _note_who_waits(session: Session, attempt: Attempt, target: Target, url: str, subject: str) -> None:
    """Keeps where the receiver waits for the outcome (`review.waiting_receivers`). What it says must not lead the desk elsewhere."""
    if not target.same_origin(url):
        content = {"event": attempt.id, "target": attempt.target, "problem": "It waits at another origin than its own."}
        log.append(session, "handoff.answer-refused", subject, content)
    elif session.get(WaitingReceiver, (attempt.id, attempt.target)) is None:
        session.add(WaitingReceiver(handoff_id=attempt.id, target=attempt.target, url=url))


def _revive(database: Database, event_id: str, who: str, how: Literal["replayed", "dropped"]) -> int:
    now = datetime.now(UTC)
    with database.write() as session:
        dead = select(DeliveryRow).where(DeliveryRow.handoff_id == event_id, DeliveryRow.state == DeliveryState.dead)
        found = list(session.scalars(dead))
        for delivery in found:
            if how == "replayed":
                delivery.state, delivery.attempts, delivery.next_at = DeliveryState.waiting, 0, now
            else:
                delivery.state = DeliveryState.dropped
        if found:
            row = session.get_one(HandoffRow, event_id)
            content = {"event": event_id, "who": who, "targets": [d.target for d in found]}
            log.append(session, f"handoff.{how}", row.proposal_id, content)
            _follow(session, event_id, now)
        return len(found)


def _follow(session: Session, event_id: str, now: datetime) -> None:
    """The handoff's state follows from its deliveries: dead when one is, delivered when all are, else waiting."""
    session.flush()
    states = set(session.scalars(select(DeliveryRow.state).where(DeliveryRow.handoff_id == event_id)))
    order = (DeliveryState.dead, DeliveryState.waiting, DeliveryState.delivered, DeliveryState.dropped)
    row = session.get_one(HandoffRow, event_id)
    row.state, row.settled_at = HandoffState(next(s for s in order if s in states)), now
    if row.state == HandoffState.delivered:
        session.get_one(ReceiptRow, event_id).next_at = now
