"""What a lesson changes, before it is kept: the last messages in its reach are read with it and without it.

A little at a time, between the messages that come in, within a bound of time. Nothing is written but the effect itself,
and neither a model nor a live Odoo is asked.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, undefer

from agent.proposal import Proposal, Triage
from agent.taught import Subject, Taught
from review.database import Database
from review.intake import Engine, read_again_within
from review.lessons import Reach, in_force, lesson_of
from review.people import Person
from review.schema import LessonRow, MessageRow, MessageState, ProposalRow, ProposalState, SearchText
from tools.message import Message

logger = logging.getLogger(__name__)
MOST = 200
LOOKED_THROUGH = 20_000
SLICE_SECONDS = 0.5
MOST_SECONDS = 120.0


class Changed(BaseModel):
    """A message that is read otherwise. `without` and `within` are what is proposed, in words. `fits` says which of the two
    agrees with what people approved on it: with, without, both or neither; None where nothing was approved."""

    message_id: str
    subject: str
    sender: str
    without: list[str]
    within: list[str]
    fits: str | None = None


class Effect(BaseModel):
    """`looked` of the `messages`, `of` in number, have been looked at; `concerned` are those that hold what is taught. `failed` could not be
    read again. Past `MOST_SECONDS` of work it is `finished`, however many are left."""

    messages: list[str] = []
    of: int = 0
    looked: int = 0
    concerned: int = 0
    failed: int = 0
    seconds: float = 0.0
    changed: list[Changed] = []
    finished: bool = False

    @classmethod
    def over(cls, messages: list[str]) -> Effect:
        return cls(messages=messages, of=len(messages))

    def summary(self) -> dict[str, int]:
        """Its figures, for the log."""
        return {"looked": self.looked, "of": self.of, "changed": len(self.changed)}


def rehearse_some(database: Database, engine: Engine) -> bool:
    """Goes on with the oldest draft whose effect is not yet known, for about `SLICE_SECONDS`. False when there is none."""
    with database.read() as session:
        drafts = select(LessonRow).where(LessonRow.kept_at.is_(None)).order_by(LessonRow.id)
        row = next((r for r in session.scalars(drafts) if r.effect is None or not r.effect["finished"]), None)
        if row is None:
            return False
        effect = Effect(**row.effect) if row.effect else Effect.over(_within_reach(session, row))
        started = time.monotonic()
        while effect.looked < effect.of and time.monotonic() - started < SLICE_SECONDS:
            _look(session, engine, row, effect)
        effect.seconds += time.monotonic() - started
        effect.finished = effect.looked == effect.of or effect.seconds > MOST_SECONDS
    with database.write() as session:
        # It may have been thrown away meanwhile.
        session.execute(update(LessonRow).where(LessonRow.id == row.id).values(effect=effect.model_dump(mode="json")))
    return True


def read_again(session: Session, effect: Effect, reason: str, who: Person) -> None:
    """Lets the open items that are read otherwise be read again, but for those that somebody works on or has edited."""
    now = datetime.now(UTC)
    touched = or_(
        ProposalRow.version > 1,
        and_(ProposalRow.claimed_by.is_not(None), ProposalRow.claimed_by != who.name, ProposalRow.claimed_until > now),
    )
    for changed in effect.changed:
        open_here = (ProposalRow.message_id == changed.message_id, ProposalRow.state == ProposalState.open)
        some = session.scalars(select(ProposalRow.id).where(*open_here).limit(1)).first()
        if some and session.scalars(select(ProposalRow.id).where(*open_here, touched).limit(1)).first() is None:
            read_again_within(session, changed.message_id, reason)


def _within_reach(session: Session, row: LessonRow) -> list[str]:
    """The message that it was taught on, and before it the newest in its reach."""
    if row.reach == Reach.message:
        return [row.message_id]
    newest = select(SearchText.message_id).order_by(SearchText.number.desc()).limit(LOOKED_THROUGH).subquery()
    found = (
        select(MessageRow.id)
        .join(newest, newest.c.message_id == MessageRow.id)
        .where(MessageRow.state == MessageState.triaged, MessageRow.duplicate_of.is_(None))
        .order_by(MessageRow.received_at.desc(), MessageRow.id)
        .limit(MOST)
    )
    sender = row.key if row.subject == Subject.address else row.reach_of if row.reach == Reach.sender else None
    if sender is not None:
        names = [MessageRow.sender_key == sender]
        if "@" not in sender:
            names += [MessageRow.sender_key.endswith(mark + sender, autoescape=True) for mark in "@."]
        found = found.where(or_(*names))
    return list(dict.fromkeys([row.message_id, *session.scalars(found)]))[:MOST]


def _look(session: Session, engine: Engine, row: LessonRow, effect: Effect) -> None:
    """Reads the next message with the lesson and without it."""
    mail = session.get_one(MessageRow, effect.messages[effect.looked], options=[undefer(MessageRow.read)])
    effect.looked += 1
    message = Message(**mail.read) if mail.read else None
    if message is None or not lesson_of(row).concerns(message):
        return
    effect.concerned += 1
    try:
        held = in_force(session, mail.id, message)
        drafted = in_force(session, mail.id, message, with_draft=row)
        without = engine.rehearse(message, Taught.for_message(message, held))
        within = engine.rehearse(message, Taught.for_message(message, drafted))
    except Exception:
        # Whatever a message does to the engine, the others are still looked at.
        logger.warning("Message %s could not be read again for lesson %s.", mail.id, row.id, exc_info=True)
        effect.failed += 1
        return
    before, after = in_words(without), in_words(within)
    if before != after:
        fits = _fits(session, mail.id, without, within)
        about = {"message_id": mail.id, "subject": mail.subject, "sender": mail.sender}
        effect.changed.append(Changed(**about, without=before, within=after, fits=fits))


def in_words(triage: Triage) -> list[str]:
    """What is proposed, one line a proposal and one for each order line of it."""
    said = []
    for proposal in triage.proposals:
        about = proposal.record.name if proposal.record else "no record"
        said.append(f"{proposal.intent.replace('_', ' ')}, {about} ({proposal.lane})")
        for line in proposal.fields.lines:
            given = line.model_dump(mode="json", exclude={"line_id", "product", "splits"}, exclude_defaults=True)
            values = [f"{name.replace('_', ' ')} {value}" for name, value in given.items()]
            values += [f"{split.qty:g} on {split.date}" for split in line.splits]
            said.append(f"{line.product or 'a line'}: {', '.join(values) or 'named'}")
    return said or ["nothing: a person reads it"]


def _fits(session: Session, message_id: str, without: Triage, within: Triage) -> str | None:
    approved = select(ProposalRow.body).where(
        ProposalRow.message_id == message_id, ProposalRow.state == ProposalState.approved
    )
    decided = [_core(Proposal(**body)) for body in session.scalars(approved)]
    if not decided:
        return None
    fitting = [
        name
        for name, triage in (("without", without), ("with", within))
        if all(core in [_core(p) for p in triage.proposals] for core in decided)
    ]
    return fitting[0] if len(fitting) == 1 else "both" if fitting else "neither"


def _core(proposal: Proposal) -> Any:
    """What of a proposal a person decides on: intent, record and the values of its lines."""
    record = proposal.record
    lines = sorted((line.model_dump(mode="json", exclude={"product"}) for line in proposal.fields.lines), key=repr)
    return proposal.intent, record and (record.model, record.id), lines
