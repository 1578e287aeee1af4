"""The tables: what the service remembers. State lives in the rows; everything else can be rebuilt from them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship

from agent.approval import matter_of
from agent.proposal import Proposal
from agent.propose import policy_in_force
from review import urgency


class MessageState(StrEnum):
    """received → triaged | held. Held: something failed, and a person has the message with the reason."""

    received = "received"
    triaged = "triaged"
    held = "held"


class ProposalState(StrEnum):
    open = "open"
    approved = "approved"
    rejected = "rejected"
    superseded = "superseded"
    expired = "expired"


class DecisionKind(StrEnum):
    """endorse: an approval that another person's has to follow. manual: for a person to read. merge: the same as another
    proposal. split: two proposals out of one."""

    approve = "approve"
    endorse = "endorse"
    edit = "edit"
    reject = "reject"
    not_exception = "not_exception"
    manual = "manual"
    merge = "merge"
    split_up = "split"  # `split` is a method of str


# Where a proposal stands on the desk, worked out by the database so that an index can be the queue. Closed normal
# events stand in their cases only.
VIEW = """CASE WHEN state = 'open' THEN
    CASE WHEN edited_by IS NOT NULL THEN 'second'
         WHEN lane = 'ready' AND intent IN ('delivery_update', 'auto_reply', 'not_actionable') THEN 'nothing'
         ELSE lane END
WHEN state = 'expired' AND intent = 'delivery_update' THEN 'normal'
ELSE 'done' END"""
OPEN = text("state = 'open'")
SNOOZED = text("snoozed_until IS NOT NULL")
# An index's row holds no more than 2,700 bytes on PostgreSQL, and nothing that a name holds may keep a row from it.
LONGEST_NAME, MOST_NAMED = 80, 1_000
OF_PERSON, OF_TEAM = text("assignee IS NOT NULL"), text("team IS NOT NULL")


class HandoffState(StrEnum):
    """waiting → delivered | dead, or by_hand where nothing receives it; then done | differs | overdue, as Odoo is read.
    cancelled: the approval was undone before anything left. dropped: a person gave it up."""

    waiting = "waiting"
    by_hand = "by_hand"
    delivered = "delivered"
    dead = "dead"
    dropped = "dropped"
    cancelled = "cancelled"
    done = "done"
    differs = "differs"
    overdue = "overdue"


class DeliveryState(StrEnum):
    waiting = "waiting"
    delivered = "delivered"
    dead = "dead"
    dropped = "dropped"
    cancelled = "cancelled"


class Utc(TypeDecorator[datetime]):
    """A timezone-aware moment, kept as naive UTC so that SQLite and PostgreSQL sort and compare it alike."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be stored; give it one.")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: Utc, dict[str, Any]: JSON, list[Any]: JSON, str: Text}  # noqa: RUF012


class MessageRow(Base):
    """One inbound message. `id` is the SHA-256 of its raw bytes; `read` the `tools.message.Message`, once read.

    `mail_id` is the sender's Message-ID, `thread` the key that messages of one conversation share, `sender_key` who
    speaks (mail address, or channel and provider). `happened_at` is when what it tells of happened: the time of a
    carrier's scan, else of receipt. `shipment` is the tracking number of a carrier's event in one spelling, `arrived`
    that it says so. `text_hash` tells whether two messages say the same; `duplicate_of` is the earlier message that
    this one repeats.
    """

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_stored", "stored_at", "channel", "state"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    received_at: Mapped[datetime]
    stored_at: Mapped[datetime]
    happened_at: Mapped[datetime] = mapped_column(nullable=True)  # added to a table that held rows; all have it
    state: Mapped[str] = mapped_column(index=True, default=MessageState.received)
    subject: Mapped[str] = mapped_column(default="")
    sender: Mapped[str] = mapped_column(default="")
    sender_key: Mapped[str] = mapped_column(index=True, default="")
    language: Mapped[str] = mapped_column(index=True, default="und")
    mail_id: Mapped[str | None] = mapped_column(index=True, default=None)
    thread: Mapped[str | None] = mapped_column(index=True, default=None)
    shipment: Mapped[str | None] = mapped_column(index=True, default=None)
    arrived: Mapped[bool] = mapped_column(default=False)
    text_hash: Mapped[str | None] = mapped_column(index=True, default=None)
    duplicate_of: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), default=None)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True, default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(default=None)
    problems: Mapped[list[Any]] = mapped_column(default=list)
    read: Mapped[dict[str, Any] | None] = mapped_column(default=None, deferred=True)

    proposals: Mapped[list[ProposalRow]] = relationship(
        back_populates="message",
        foreign_keys="ProposalRow.message_id",
        order_by="ProposalRow.ordinal",
        lazy="raise",
    )


class SearchText(Base):
    """The words that a message is found by (`review.search`). Each engine keeps its full-text index over this table."""

    __tablename__ = "search_texts"

    number: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), unique=True)
    words: Mapped[str]


class ProposalRow(Base):
    """One thing to decide. `body` is the `agent.proposal.Proposal` at `version`; the other columns are taken from it.

    A message for which nothing could be proposed has one proposal in the manual lane, so that whatever came in is
    decided in one place. `edited_by` names who made this version; another person must approve it. `closed_reason` says
    why the service closed it (superseded or expired); a person's reasons stand in the decisions.

    `channel`, `language` and `received_at` repeat the message's, so that the queue is narrowed by one index. `supplier`,
    `carrier`, `delay_days` (the most by which a stated date is later than the held one) and `products` (JSON, a list of
    names) are what briefings count by.
    `channel`, `language` and `received_at` repeat the message's, so that the queue is narrowed by one index. `company` is
    that of Odoo, by name, whose record it is about.
    `value_at_risk` is in the order's currency. `due_at` is the deadline, `rank_at` the place in the queue
    (`review.urgency`). Claimed and snoozed are marks that hold until their moment. `moved_by` is the message with which
    the conversation went on after this was proposed. At `escalate_at` it also becomes the matter of a role, which is
    `escalated_to` from then on.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        UniqueConstraint("message_id", "ordinal"),
        Index(
            "ix_proposals_queue",
            *("view", "rank_at", "id", "intent", "channel", "language", "snoozed_until", "confidence"),
            *("team", "company", "assignee", "state"),
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        Index(
            "ix_proposals_closed",
            *("view", "closed_at", "id", "intent", "channel", "language", "confidence", "team", "company", "assignee"),
        ),
        Index("ix_proposals_snoozed", "snoozed_until", "id", sqlite_where=SNOOZED, postgresql_where=SNOOZED),
        Index("ix_proposals_assignee", "assignee", "rank_at", sqlite_where=OF_PERSON, postgresql_where=OF_PERSON),
        Index("ix_proposals_team", "team", "rank_at", sqlite_where=OF_TEAM, postgresql_where=OF_TEAM),
        Index("ix_proposals_closed_at", "closed_at", "created_at", "intent", "lane", "state", "id", "superseded_by"),
        Index(
            "ix_proposals_created",
            *("created_at", "intent", "lane", "state", "supplier", "carrier", "delay_days", "value_at_risk"),
            *("channel", "team", "id", "superseded_by", "products"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    ordinal: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(default=ProposalState.open)
    intent: Mapped[str]
    record_model: Mapped[str | None] = mapped_column(default=None)
    record_id: Mapped[int | None] = mapped_column(default=None)
    record_name: Mapped[str | None] = mapped_column(default=None)
    lane: Mapped[str]
    confidence: Mapped[float]
    late: Mapped[int] = mapped_column(default=0)
    body: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    edited_by: Mapped[str | None] = mapped_column(default=None)
    superseded_by: Mapped[str | None] = mapped_column(ForeignKey("proposals.id"), default=None, index=True)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_reason: Mapped[str | None] = mapped_column(default=None)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True, default=None)
    # Added to a table that held rows; all have these.
    channel: Mapped[str] = mapped_column(nullable=True)
    language: Mapped[str] = mapped_column(nullable=True)
    received_at: Mapped[datetime] = mapped_column(nullable=True)
    value_at_risk: Mapped[float] = mapped_column(nullable=True)
    due_at: Mapped[datetime] = mapped_column(nullable=True)
    rank_at: Mapped[datetime] = mapped_column(nullable=True)
    claimed_by: Mapped[str | None] = mapped_column(default=None)
    claimed_until: Mapped[datetime | None] = mapped_column(default=None)
    snoozed_until: Mapped[datetime | None] = mapped_column(default=None)
    moved_by: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), default=None)
    escalate_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    escalated_to: Mapped[str | None] = mapped_column(default=None)
    view: Mapped[str] = mapped_column(Computed(VIEW), nullable=True)
    assignee: Mapped[str | None] = mapped_column(default=None)
    team: Mapped[str | None] = mapped_column(default=None)
    supplier: Mapped[str | None] = mapped_column(default=None)
    carrier: Mapped[str | None] = mapped_column(default=None)
    delay_days: Mapped[int | None] = mapped_column(default=None)
    products: Mapped[str] = mapped_column(default="[]", server_default="[]")
    company: Mapped[str | None] = mapped_column(default=None)

    message: Mapped[MessageRow] = relationship(
        back_populates="proposals", foreign_keys="ProposalRow.message_id", lazy="raise"
    )

    @classmethod
    def of(cls, message: MessageRow, ordinal: int, proposal: Proposal, now: datetime) -> ProposalRow:
        """A new row for `proposal`, the one of the message at `ordinal`."""
        row = cls(id=f"{message.id[:20]}-{ordinal}", message_id=message.id, ordinal=ordinal, created_at=now)
        row.channel, row.language, row.received_at = message.channel, message.language, message.received_at
        row.fill(proposal)
        return row

    def fill(self, proposal: Proposal) -> None:
        """Takes over `proposal` as the body, and the columns that the queue needs from it."""
        record = proposal.record
        self.body = proposal.model_dump(mode="json")
        self.intent, self.lane, self.confidence = proposal.intent, proposal.lane, proposal.confidence
        self.record_model = record.model if record else None
        self.record_id = record.id if record else None
        self.record_name = record.name if record else None
        self.late = len(proposal.impact.late)
        self.value_at_risk = proposal.impact.value_at_risk
        self.supplier = _short(proposal.stakes.vendor)
        self.carrier = _short(proposal.fields.carrier)
        self.delay_days = proposal.delay_days
        self.products = _named(sorted({_short(change.product) or "" for change in proposal.changes} - {""}))
        self.company = proposal.stakes.company
        self.due_at = urgency.due_at(proposal.intent, self.received_at)
        self.rank_at = urgency.rank_at(self.due_at, self.value_at_risk)
        escalation = policy_in_force().route(matter_of(proposal)).escalation
        self.escalate_at = self.created_at + timedelta(hours=escalation.after_hours) if escalation else None


def _short(name: str | None) -> str | None:
    return name[:LONGEST_NAME] if name else None


def _named(names: list[str]) -> str:
    """As many of the names, as a JSON list, as an index can hold."""
    while len(told := json.dumps(names)) > MOST_NAMED:
        names = names[:-1]
    return told


class CaseRow(Base):
    """Messages and proposals about one matter: a conversation, a shipment, an order.

    `id` is random, so that only somebody who was given it can name it. `updated_at` is when its newest message was
    received.
    """

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CaseKey(Base):
    """Something by which a message is known to belong to a case: a Message-ID, a shipment, a record, a subject."""

    __tablename__ = "case_keys"

    key: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)


class DecisionRow(Base):
    """Who decided what on which version. A version is decided once.

    Until `undo_until` the same person can take it back; `undone_at` says that they did, and then it counts no more.
    `made` are the ids of proposals that it added. `role` is that of `who` then; the policy's hash (SHA-256 of its file)
    and rule are those in force then. Decisions of before these columns have none.
    """

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("proposal_id", "version"), Index("ix_decisions_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.id"))
    version: Mapped[int]
    kind: Mapped[str]
    reason: Mapped[str | None] = mapped_column(default=None)
    note: Mapped[str | None] = mapped_column(default=None)
    who: Mapped[str]
    at: Mapped[datetime]
    proposed: Mapped[dict[str, Any]]
    decided: Mapped[dict[str, Any]]
    difference: Mapped[list[Any]]
    undo_until: Mapped[datetime] = mapped_column(nullable=True)  # added to a table that held rows; all have it
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    role: Mapped[str | None] = mapped_column(default=None)
    policy_hash: Mapped[str | None] = mapped_column(default=None)
    policy_rule: Mapped[str | None] = mapped_column(default=None)
    made: Mapped[list[Any]] = mapped_column(default=list)


class HandoffRow(Base):
    """The outgoing event of an approved decision, written in its transaction. `body` is the text that is sent.

    `sequence` is the number of the log's entry that announced it; within a `record_key` events leave in its order, and
    none before `due_at`, when the approval can no longer be undone. `settled_at` is when the state last changed.
    """

    __tablename__ = "handoffs"

    id: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(unique=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), unique=True)
    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.id"), index=True)
    record_key: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    body: Mapped[str] = mapped_column(deferred=True)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    settled_at: Mapped[datetime | None] = mapped_column(default=None)


class DeliveryRow(Base):
    """The way of one handoff to one target. Nothing is sent before `next_at`, nor while a try holds it until
    `leased_until`. `status` and `problem` are those of the last try."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "target", "state", "sequence"),
        Index("ix_deliveries_order", "target", "record_key", "sequence"),
    )

    handoff_id: Mapped[str] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    target: Mapped[str] = mapped_column(ForeignKey("targets.name"), primary_key=True)
    sequence: Mapped[int]
    record_key: Mapped[str]
    state: Mapped[str] = mapped_column(default=DeliveryState.waiting)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    delivered_at: Mapped[datetime | None] = mapped_column(default=None)
    status: Mapped[int | None] = mapped_column(default=None)
    problem: Mapped[str | None] = mapped_column(default=None)


class WaitingState(StrEnum):
    waiting = "waiting"
    told = "told"
    lost = "lost"


class WaitingReceiver(Base):
    """A receiver that waits at `url` to be told what became of a handoff: not before `next_at`, which is None until that
    is known, nor while a try holds it until `leased_until`. `problem` is that of the last try; lost: nobody waits any more.
    """

    __tablename__ = "waiting_receivers"
    __table_args__ = (Index("ix_waiting_receivers_due", "target", "state", "next_at"),)

    handoff_id: Mapped[str] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    target: Mapped[str] = mapped_column(ForeignKey("targets.name"), primary_key=True)
    url: Mapped[str]
    state: Mapped[str] = mapped_column(default=WaitingState.waiting)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    problem: Mapped[str | None] = mapped_column(default=None)


class ReceiptRow(Base):
    """What is known of what became of a handoff. Odoo was read at `looked_at`, and is to be read again at `next_at`, if at
    all; `differences` (`review.receipts.Difference`) are what it did not hold as approved then.

    `reported` is what the receiver said (done, not_done), with a sentence in `detail`.
    """

    __tablename__ = "receipts"

    handoff_id: Mapped[str] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    next_at: Mapped[datetime | None] = mapped_column(index=True, default=None)
    looked_at: Mapped[datetime | None] = mapped_column(default=None)
    differences: Mapped[list[Any]] = mapped_column(default=list)
    reported: Mapped[str | None] = mapped_column(default=None)
    reported_at: Mapped[datetime | None] = mapped_column(default=None)
    reported_by: Mapped[str | None] = mapped_column(default=None)
    detail: Mapped[str | None] = mapped_column(default=None)


class TargetRow(Base):
    """A receiver as the decisions know it, and its health. `actions` narrows what it gets; empty is everything.

    After failures of the endpoint in a row, `failing_since` the first, nothing is sent to it before `retry_at`."""

    __tablename__ = "targets"

    name: Mapped[str] = mapped_column(primary_key=True)
    actions: Mapped[list[Any]]
    active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(default=None)
    retry_at: Mapped[datetime | None] = mapped_column(default=None)
    delivered_at: Mapped[datetime | None] = mapped_column(default=None)
    problem: Mapped[str | None] = mapped_column(default=None)


class CommentRow(Base):
    """What somebody said about a proposal, inside. `mentions` are names of people."""

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.id"), index=True)
    who: Mapped[str]
    at: Mapped[datetime]
    text: Mapped[str]
    mentions: Mapped[list[Any]]


class MentionRow(Base):
    """A person whom a comment mentions, so that it can be looked up by the person."""

    __tablename__ = "mentions"

    name: Mapped[str] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True)
    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.id"))


class AssignmentRule(Base):
    """Who sees to what comes in: `by` says what `value`, in folded case, is compared with (`review.assignment.By`)."""

    __tablename__ = "assignment_rules"

    by: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    assignee: Mapped[str | None] = mapped_column(default=None)
    team: Mapped[str | None] = mapped_column(default=None)


class SavedView(Base):
    """A view of the queue with its filters under a name, for its owner or, when `shared`, for all."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    name: Mapped[str]
    view: Mapped[str]
    filters: Mapped[dict[str, Any]]
    shared: Mapped[bool] = mapped_column(default=False)


class BriefingRow(Base):
    """The briefing of a day as it was made: `content` is a `review.briefing.content.Briefing`, and all that any form of
    it is rendered from. `digest` is the SHA-256 of it as canonical JSON."""

    __tablename__ = "briefings"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    made_at: Mapped[datetime]
    digest: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(deferred=True)


class BriefingMail(Base):
    """The mail of a day's briefing to one reader. Whoever holds it until `leased_until` sends it, and nobody before
    `next_at`; `problem` is that of the last try."""

    __tablename__ = "briefing_mails"

    day: Mapped[date] = mapped_column(Date, ForeignKey("briefings.day"), primary_key=True)
    reader: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    problem: Mapped[str | None] = mapped_column(default=None)


class LessonRow(Base):
    """Something that a person taught about reading (`agent.taught.Lesson`). It is a draft until it is kept, and counts no
    more once it is revoked.

    `key` is what does not depend on how `given` is spelled; `means` a role, or an id in Odoo, which `meaning` says in words.
    `reach` is what it holds for (`review.lessons.Reach`): one message, the sender or everybody, named by `reach_of`.
    `effect` is what it changes (`review.rehearsal.Effect`); None until that is begun.
    """

    __tablename__ = "lessons"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str]
    given: Mapped[str]
    key: Mapped[str]
    means: Mapped[str]
    meaning: Mapped[str]
    reach: Mapped[str]
    reach_of: Mapped[str] = mapped_column(index=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    drafted_by: Mapped[str]
    drafted_at: Mapped[datetime]
    effect: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    kept_by: Mapped[str | None] = mapped_column(default=None)
    kept_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_by: Mapped[str | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class AlertRow(Base):
    """Something that was or is wrong, from `raised_at` until `ended_at`. The webhook has been told of either or not yet."""

    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    said: Mapped[str]
    raised_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    raise_told: Mapped[bool] = mapped_column(default=False)
    end_told: Mapped[bool] = mapped_column(default=False)


class MailboxCursor(Base):
    """How far a folder of a mailbox was taken in: all up to `uid`, as long as the server keeps `uidvalidity`.

    `since` is the day from which the first load took messages. `looked_at` is when the folder was last seen to work,
    `problem` what is wrong with it now, for the operator.
    """

    __tablename__ = "mailbox_cursors"

    account: Mapped[str] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(primary_key=True)
    uidvalidity: Mapped[int] = mapped_column(BigInteger, default=0)
    uid: Mapped[int] = mapped_column(BigInteger, default=0)
    since: Mapped[datetime | None] = mapped_column(default=None)
    looked_at: Mapped[datetime | None] = mapped_column(default=None)
    problem: Mapped[str | None] = mapped_column(default=None)


class MailboxMessage(Base):
    """Where a message was found. `place` is `<UIDVALIDITY>/<UID>`, or a file's name and what tells it from a later one.

    `settled_at` is when nothing more was to be done there: at once, or when it was marked after triage.
    """

    __tablename__ = "mailbox_messages"

    account: Mapped[str] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), index=True)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)


class UserRow(Base):
    """A person. `failures` counts wrong passwords since the last right one; until `locked_until` none is looked at.

    `oidc_subject` is who they are at the identity provider: its issuer and its own name for them."""

    __tablename__ = "users"

    name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    other_roles: Mapped[list[Any]] = mapped_column(default=list)
    teams: Mapped[list[Any]] = mapped_column(default=list)
    owns: Mapped[list[Any]] = mapped_column(default=list)
    companies: Mapped[list[Any]] = mapped_column(default=list)
    password_hash: Mapped[str | None] = mapped_column(default=None)
    oidc_subject: Mapped[str | None] = mapped_column(default=None, unique=True, index=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    active: Mapped[bool] = mapped_column(default=True)


class SessionRow(Base):
    """Somebody is signed in, until `expires_at` or `ended_at`. Only the secret's SHA-256 is kept."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.name"), index=True)
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    signed_in_by: Mapped[str]
    client: Mapped[str] = mapped_column(default="")


class SignInToken(Base):
    """A link that signs one person in once. Only the token's hash is kept."""

    __tablename__ = "sign_in_tokens"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.name"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class ApiKeyRow(Base):
    """A key with which a machine posts messages or, for `person`, works on the desk. Only its SHA-256 is kept; `scopes` are
    what it opens."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    person: Mapped[str | None] = mapped_column(ForeignKey("users.name"), default=None)
    key_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class IdempotencyRow(Base):
    """What a caller's `Idempotency-Key` was used for, so that a repeated request gives the first one's answer."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)


class AnswerRow(Base):
    """The answer that a request with an `Idempotency-Key` got, so that its repetition gets the same; no `status` while it is
    under way. `request_hash` tells another request with the same key."""

    __tablename__ = "answers"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int | None] = mapped_column(default=None)
    body: Mapped[str] = mapped_column(default="")
    begun_at: Mapped[datetime] = mapped_column(index=True)


class LogContent(Base):
    """What one or several entries of the log say: canonical JSON text under its hash. It may be erased, never changed.

    `salt` is random, so that nobody can find out by guessing what an erased text had said."""

    __tablename__ = "log_contents"

    content_hash: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[str]
    content: Mapped[str]


class LogEntry(Base):
    """A link of the append-only log. Hashes are SHA-256 in hex; what it says stands apart."""

    __tablename__ = "log_entries"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    content_hash: Mapped[str]
    previous_hash: Mapped[str]
    entry_hash: Mapped[str]

    said: Mapped[LogContent | None] = relationship(
        primaryjoin=lambda: foreign(LogEntry.content_hash) == LogContent.content_hash, viewonly=True
    )

    @property
    def content(self) -> str:
        """What it says; `null` where that was erased. Ask for it within the session."""
        return self.said.content if self.said else "null"


class MirrorRow(Base):
    """A row of Odoo as it was last read. `write_date` is Odoo's own text (naive UTC); `digest` that of `content`.

    `change` is the mark of the transaction in which it came or last changed: microseconds since 1970, and always more
    than the mark before."""

    __tablename__ = "mirror_rows"
    __table_args__ = (Index("ix_mirror_rows_change", "change"),)

    model: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    write_date: Mapped[str | None] = mapped_column(default=None)
    digest: Mapped[str]
    content: Mapped[dict[str, Any]]
    change: Mapped[int] = mapped_column(BigInteger)


class MirrorRemoval(Base):
    """A row that was mirrored and went, with the mark of that change. It stays where the row comes again."""

    __tablename__ = "mirror_removals"

    model: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    change: Mapped[int] = mapped_column(BigInteger, index=True)


class MirrorModel(Base):
    """How far one model of Odoo has been read.

    `newest` is the latest write date seen, first at `newest_seen_at`; `settled` when no write up to it can still be on
    its way. `loading_after` is the id that a whole reading has come to, None when it is complete. Every change before
    `synced_at` is known; ids were compared at `reconciled_at`. `change` is the mark of the latest change of its rows.
    """

    __tablename__ = "mirror_models"

    model: Mapped[str] = mapped_column(primary_key=True)
    fields: Mapped[list[Any]]
    newest: Mapped[str | None] = mapped_column(default=None)
    newest_seen_at: Mapped[datetime | None] = mapped_column(default=None)
    settled: Mapped[bool] = mapped_column(default=False)
    loading_after: Mapped[int | None] = mapped_column(default=None)
    synced_at: Mapped[datetime | None] = mapped_column(default=None)
    reconciled_at: Mapped[datetime | None] = mapped_column(default=None)
    change: Mapped[int] = mapped_column(BigInteger, default=0)


class ModelCallRow(Base):
    """One call of a language model: `agent.llm.ledger.ModelCall` has the meaning of each column. `at` and `not_before`
    are UTC time stamps in seconds."""

    __tablename__ = "model_calls"
    __table_args__ = (
        Index("ix_model_calls_tenant_at", "tenant", "at"),
        Index("ix_model_calls_model_at", "model", "at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(index=True)
    tenant: Mapped[str]
    model: Mapped[str]
    prompts: Mapped[dict[str, Any]]
    request_hash: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    tokens_in: Mapped[int]
    tokens_out: Mapped[int]
    cost: Mapped[float]
    at: Mapped[float] = mapped_column(index=True)
    seconds: Mapped[float]
    result: Mapped[str]
    endpoint_failed: Mapped[bool]
    not_before: Mapped[float]
    response: Mapped[dict[str, Any] | None] = mapped_column(JSON, deferred=True)


class ModelSwitchRow(Base):
    """The kill switch of language models: one row, with id 1."""

    __tablename__ = "model_switch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    off: Mapped[bool]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    reason: Mapped[str]
