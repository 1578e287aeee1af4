"""From the door to the shelf: a message is stored, read and triaged, each as one step that may run twice.

Nothing is lost and nothing is blocked: the raw bytes are on disk before the row exists, and whatever fails after
that puts the message in front of a person, with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from agent.proposal import Action, Lane, Proposal, Triage
from agent.taught import NOTHING, Taught
from review import assignment, bounces, cases, closing, conversations, lessons, log, search, senders
from review.database import Database
from review.divide import divide
from review.raw_store import RawStore
from review.schema import IdempotencyRow, MessageRow, MessageState, ProposalRow, ProposalState
from tools.message import Channel, Message

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
WITHOUT_NUL = {0: None}
KEY_LASTS = timedelta(hours=24)
Matter = tuple[str, str | None, int | None]  # intent, and model and id of the record


class Triager(Protocol):
    """What turns a message into proposals, with what people taught about reading such a message."""

    def triage(self, message: Message, taught: Taught = NOTHING) -> Triage: ...


class Engine(Triager, Protocol):
    """One that can also say what it would propose, at no cost to others; `agent.triage.TriageEngine` is one."""

    def rehearse(self, message: Message, taught: Taught) -> Triage: ...


@dataclass(frozen=True)
class Delivery:
    """A message at the door. `source` says who brought it ("key:…", "signature:…"); with an `idempotency_key` of
    theirs, a repeated delivery is the first one."""

    raw: bytes
    channel: Channel
    received_at: datetime
    source: str = ""
    idempotency_key: str | None = None


class KeyReused(Exception):
    """An idempotency key came with another message than the first time."""


def receive(database: Database, store: RawStore, raw: bytes, channel: Channel, received_at: datetime) -> str:
    """Keeps a message and gives its id. The same bytes again change nothing."""
    [outcome] = receive_all(database, store, [Delivery(raw, channel, received_at)])
    assert isinstance(outcome, str)
    return outcome


def receive_all(database: Database, store: RawStore, deliveries: Sequence[Delivery]) -> list[str | KeyReused]:
    """Keeps messages in one transaction and gives each one's id, or why it was refused. All are on disk then."""
    digests = store.put_all([delivery.raw for delivery in deliveries])
    with database.write() as session:
        return keep_within(session, deliveries, digests)


def keep_within(session: Session, deliveries: Sequence[Delivery], digests: Sequence[str]) -> list[str | KeyReused]:
    """Adds the rows of messages whose bytes are on disk, in the caller's transaction. What is known changes nothing."""
    known = set(session.scalars(select(MessageRow.id).where(MessageRow.id.in_(digests))))
    used = _used_keys(session, deliveries)
    now = datetime.now(UTC)
    outcomes: list[str | KeyReused] = []
    rows: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    entries: list[tuple[str, dict[str, Any]]] = []
    for delivery, digest in zip(deliveries, digests, strict=True):
        key = (delivery.source, delivery.idempotency_key)
        if used.get(key, digest) != digest:
            why = "This Idempotency-Key was used for another message: send each message with a key of its own."
            outcomes.append(KeyReused(why))
            continue
        outcomes.append(digest)
        if digest not in known:
            known.add(digest)
            at = delivery.received_at
            rows.append(
                {"id": digest, "channel": delivery.channel, "received_at": at, "happened_at": at, "stored_at": now}
            )
            content = {
                "channel": delivery.channel,
                "received_at": at.isoformat(),
                "size": len(delivery.raw),
                **({"source": delivery.source} if delivery.source else {}),
            }
            entries.append((digest, content))
        if delivery.idempotency_key is not None and key not in used:
            used[key] = digest
            keys.append({"caller": key[0], "key": key[1], "message_id": digest, "created_at": now})
    for table, added in ((MessageRow, rows), (IdempotencyRow, keys)):
        if added:
            session.execute(insert(table), added)
    log.append_all(session, "message.received", entries)
    return outcomes


def _used_keys(session: Session, deliveries: Sequence[Delivery]) -> dict[tuple[str, str | None], str]:
    """Of the deliveries' idempotency keys those that were used in the last `KEY_LASTS`, each with its message."""
    given = [delivery.idempotency_key for delivery in deliveries if delivery.idempotency_key is not None]
    if not given:
        return {}
    session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < datetime.now(UTC) - KEY_LASTS))
    found = session.scalars(select(IdempotencyRow).where(IdempotencyRow.key.in_(given)))
    return {(row.caller, row.key): row.message_id for row in found}


def triage_message(
    database: Database, store: RawStore, message_id: str, engine: Triager, authserv_id: str | None = None
) -> MessageState:
    """Reads and triages one message, and gives the state that it is in now. Running it again changes nothing.

    A held message may be given once more; its open manual proposal is superseded by what comes out. `authserv_id` is
    the receiving mail server's name, whose Authentication-Results are believed.
    """
    claimed = _claim(database, message_id)
    if claimed is None:
        return _state(database, message_id)
    channel, received_at, attempt = claimed
    if attempt > MAX_ATTEMPTS:
        return hold(database, message_id, f"The service stopped {MAX_ATTEMPTS} times while it worked on this message.")
    message = None
    try:
        from tools.reading import ReadingLimits, read_message

        limits = ReadingLimits(authserv_id=authserv_id)
        message = read_message(store.get(message_id), channel=channel, received_at=received_at, settings=limits)
        with database.write() as session:
            if _repeats(session, message_id, message):
                return MessageState.triaged
            taught = lessons.for_message(session, message_id, message)
        triage = engine.triage(message, taught)
        with database.write() as session:
            _record(session, message_id, message, triage, taught)
        return MessageState.triaged
    except Exception as error:
        # Whatever went wrong, a person gets the message: a poison message must not block the queue or vanish.
        logger.warning("Message %s is held.", message_id, exc_info=True)
        return hold(database, message_id, f"{type(error).__name__}: {error}"[:500], message)


def hold(database: Database, message_id: str, reason: str, message: Message | None = None) -> MessageState:
    """Hands a message to a person as it is. `message` is what could be read of it before something failed."""
    with database.write() as session:
        return hold_within(session, message_id, reason, message)


def hold_within(session: Session, message_id: str, reason: str, message: Message | None = None) -> MessageState:
    """The same in the caller's transaction."""
    row = session.get_one(MessageRow, message_id)
    if row.state != MessageState.received:
        return MessageState(row.state)  # another worker was faster; its outcome stands
    if message is not None:
        _fill(session, row, message)
    row.state, row.error = MessageState.held, reason
    proposal = _manual_proposal(f"The service could not triage this message. {reason}")
    [added] = _add(session, row, [proposal])
    assignment.by_rules(session, row, [added])
    if message is not None:
        cases.assign(session, row, message, [added])
        _make_found(session, row, message, [added])
        conversations.went_on(session, row)
    content = {"reason": reason, "attempts": row.attempts, "proposal": added.id}
    log.append(session, "message.held", message_id, content)
    return MessageState.held


def waiting(session: Session, limit: int = 50) -> list[str]:
    """Ids of messages that were received and not yet triaged, oldest first."""
    found = select(MessageRow.id).where(MessageRow.state == MessageState.received)
    return list(session.scalars(found.order_by(MessageRow.received_at).limit(limit)))


def retry(database: Database, message_id: str) -> None:
    """Lets a held message be triaged again."""
    with database.write() as session:
        row = session.get_one(MessageRow, message_id)
        if row.state == MessageState.held:
            row.state, row.attempts, row.error = MessageState.received, 0, None
            log.append(session, "message.retried", message_id, {})


def read_again(database: Database, message_id: str, reason: str) -> None:
    """Lets a triaged message be triaged again: what comes out takes the place of its open proposals."""
    with database.write() as session:
        read_again_within(session, message_id, reason)


def read_again_within(session: Session, message_id: str, reason: str) -> None:
    """The same in the caller's transaction."""
    row = session.get_one(MessageRow, message_id)
    if row.state == MessageState.triaged:
        row.state, row.attempts = MessageState.received, 0
        log.append(session, "message.reread", message_id, {"reason": reason})


def _claim(database: Database, message_id: str) -> tuple[Channel, datetime, int] | None:
    """Counts an attempt before the work starts, so that a message that kills the process is held in the end."""
    with database.write() as session:
        claimed = session.execute(
            update(MessageRow)
            .where(MessageRow.id == message_id, MessageRow.state == MessageState.received)
            .values(attempts=MessageRow.attempts + 1)
            .returning(MessageRow.channel, MessageRow.received_at, MessageRow.attempts)
        ).first()
        return (Channel(claimed.channel), claimed.received_at, claimed.attempts) if claimed else None


def _state(database: Database, message_id: str) -> MessageState:
    with database.read() as session:
        return MessageState(session.get_one(MessageRow, message_id).state)


def _repeats(session: Session, message_id: str, message: Message) -> bool:
    """Whether the message merely repeats an earlier one. Then it is kept with its case and nobody is asked again."""
    row = session.get_one(MessageRow, message_id)
    if row.state != MessageState.received:
        return False
    _fill(session, row, message)
    first = cases.repeated(session, row, message)
    if first is None:
        return False
    row.state, row.duplicate_of = MessageState.triaged, first
    row.case_id = session.get_one(MessageRow, first).case_id
    log.append(session, "message.repeated", message_id, {"first": first, "case": row.case_id})
    return True


def _record(session: Session, message_id: str, message: Message, triage: Triage, taught: Taught) -> None:
    row = session.get_one(MessageRow, message_id)
    if row.state != MessageState.received:
        return  # another worker was faster; its outcome stands
    _fill(session, row, message)
    row.state = MessageState.triaged
    proposals = list(triage.proposals)
    if triage.manual:
        why = [triage.manual_reason] if triage.manual_reason else []
        proposals = [
            p.model_copy(update={"lane": Lane.manual, "reasons": [*why, *(r for r in p.reasons if r not in why)]})
            for p in proposals
        ]
    if not proposals:
        reason = triage.manual_reason or "The service found nothing in this message that it could propose."
        proposals = [_manual_proposal(reason).model_copy(update={"candidates": triage.candidates})]
    proposals = bounces.came_back(message, proposals)
    if triage.sender_known_by == "domain" and (caution := senders.first_time(session, row, message)):
        proposals = [senders.cautioned(proposal, caution) for proposal in proposals]
    added = _add(session, row, _undecided(session, row, proposals))
    cases.assign(session, row, message, added)
    assignment.by_rules(session, row, added)
    _make_found(session, row, message, added)
    content = {
        "triage": triage.model_dump(mode="json"),
        "proposals": [p.id for p in added],
        "supersedes": closing.settle(session, row, message, added),
        "case": row.case_id,
        **({"taught": taught.said} if taught else {}),
    }
    conversations.went_on(session, row)
    log.append(session, "message.triaged", message_id, content)


def _fill(session: Session, row: MessageRow, message: Message) -> None:
    sender = message.sender
    row.read = message.model_dump(mode="json")
    row.subject = message.subject.translate(WITHOUT_NUL)
    both = f"{sender.name} <{sender.email}>" if sender.name and sender.email else sender.name or sender.email
    row.sender = both.translate(WITHOUT_NUL)
    provider = message.event.provider if message.event else ""
    row.sender_key = sender.email.lower() or f"{message.channel}:{provider}"
    row.language = message.language
    row.problems = list(message.problems)
    row.mail_id = message.message_id
    row.thread = _thread(session, message)
    row.text_hash = cases.text_hash(message)
    if message.event is not None:
        # A clock that runs ahead must not make an event the newest for ever.
        row.happened_at = min(message.event.occurred_at or row.received_at, row.received_at)
        row.shipment, row.arrived = cases.shipment(message.event.tracking), message.event.delivered


def _make_found(session: Session, row: MessageRow, message: Message, proposals: Sequence[ProposalRow]) -> None:
    """By the words of its parts, by who sent it, and by the records that it is taken to be about."""
    records = [proposal.record_name for proposal in proposals if proposal.record_name]
    parts = [part.text for part in message.parts if part.name != "subject"]
    search.index(session, row.id, [row.subject, row.sender, *records, *parts])


def _thread(session: Session, message: Message) -> str | None:
    """The key of the conversation: that of the message answered, else the oldest reference, else the own id."""
    if message.in_reply_to:
        answered = select(MessageRow.thread).where(MessageRow.mail_id.in_(message.in_reply_to[-50:]))
        known = session.scalars(answered.limit(1)).first()
        return known or message.in_reply_to[0]
    return message.message_id


def _manual_proposal(reason: str) -> Proposal:
    action = Action(name="manual_triage", rule="nothing proposed")
    return Proposal(intent="unclear", lane=Lane.manual, actions=[action], reasons=[reason])


def _undecided(session: Session, row: MessageRow, proposals: list[Proposal]) -> list[Proposal]:
    """Without what a person has decided on already, line by line: a message that is read again must not ask twice."""
    states = (ProposalState.approved, ProposalState.rejected)
    decided = select(ProposalRow.body).where(ProposalRow.message_id == row.id, ProposalRow.state.in_(states))
    known: dict[Matter, set[tuple[int | None, str | None]]] = {}
    for body in session.scalars(decided):
        proposal = Proposal(**body)
        known.setdefault(_matter(proposal), set()).update((n.line_id, n.product) for n in proposal.fields.lines)
    left = []
    for proposal in proposals:
        lines = proposal.fields.lines
        done = known.get(_matter(proposal))
        open_lines = [i for i, n in enumerate(lines) if (n.line_id, n.product) not in (done or ())]
        if done is None:
            left.append(proposal)
        elif done and open_lines:
            left.append(proposal if len(open_lines) == len(lines) else divide(proposal, open_lines)[0])
    return left or [_manual_proposal("Read again, this message says nothing that was not decided already.")]


def _matter(proposal: Proposal) -> Matter:
    record = proposal.record
    return proposal.intent, record.model if record else None, record.id if record else None


def _add(session: Session, row: MessageRow, proposals: list[Proposal]) -> list[ProposalRow]:
    now = datetime.now(UTC)
    earlier = session.scalars(select(ProposalRow).where(ProposalRow.message_id == row.id)).all()
    added = []
    for ordinal, proposal in enumerate(proposals, start=len(earlier)):
        added.append(ProposalRow.of(row, ordinal, proposal, now))
    session.add_all(added)
    session.flush()
    for old in earlier:
        if old.state == ProposalState.open:
            closing.supersede(old, added[0])
    session.flush()
    return added
