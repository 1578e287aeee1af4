"""What people taught about reading, as it is kept: which lessons hold for a message, and what each says.

A lesson holds for one message, for a sender or for everybody. What is in force goes with each message to the engine as
data (`agent.taught`); `review.teaching` is how it comes to be.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from agent.directory import is_free_mail, registrable
from agent.taught import Lesson, Subject, Taught
from review.refusals import DecisionError
from review.schema import LessonRow
from tools.message import Message

EVERYBODY = "*"
IN_FORCE = and_(LessonRow.kept_at.is_not(None), LessonRow.revoked_at.is_(None))


class Reach(StrEnum):
    """What a lesson holds for, the least particular first: of two about the same, the more particular one counts."""

    all = "all"
    sender = "sender"
    message = "message"


class UnknownLesson(DecisionError):
    status = 404


def for_message(session: Session, message_id: str, message: Message) -> Taught:
    """What is in force for a message and concerns it; of two about the same the more particular one counts."""
    return Taught.for_message(message, in_force(session, message_id, message))


def in_force(
    session: Session, message_id: str, message: Message, *, with_draft: LessonRow | None = None
) -> list[Lesson]:
    """The lessons in force that a message is in reach of, the most particular ones last; `with_draft` as if that were
    kept, too."""
    names = [EVERYBODY, message_id, *([sender] if (sender := sender_of(message)) else [])]
    rows = list(
        session.scalars(select(LessonRow).where(LessonRow.reach_of.in_(names), IN_FORCE).order_by(LessonRow.id))
    )
    rows += [with_draft] if with_draft is not None else []
    order = list(Reach)
    return [lesson_of(row) for row in sorted(rows, key=lambda row: order.index(Reach(row.reach)))]


def lesson_of(row: LessonRow) -> Lesson:
    """A row as the engine takes it."""
    by, at = (row.kept_by, row.kept_at) if row.kept_at else (row.drafted_by, row.drafted_at)
    said = f"Taught by {by} on {at:%Y-%m-%d}: {sentence(row)}"
    return Lesson(Subject(row.subject), row.given, row.means, said)


def sentence(row: LessonRow) -> str:
    """What is taught, for a person."""
    what = {
        Subject.column: f"the column “{row.given}” is: {row.meaning}.",
        Subject.code: f"the code {row.given} is {row.meaning}.",
        Subject.address: f"{row.given} writes for {row.meaning}.",
    }
    return what[Subject(row.subject)]


def state(row: LessonRow) -> str:
    """draft, in force or revoked."""
    return "revoked" if row.revoked_at else "in force" if row.kept_at else "draft"


def sender_of(message: Message) -> str | None:
    """By what a sender is known again: the domain, the address at a free-mail provider, else who carries the message;
    None where anybody may have written it."""
    email = message.sender.email.lower()
    if email:
        domain = registrable(email)
        return email if not domain or is_free_mail(domain) else domain
    return f"{message.channel}:{message.event.provider}" if message.event and message.event.provider else None


def find(session: Session, lesson_id: int) -> LessonRow:
    """Raises UnknownLesson."""
    row = session.get(LessonRow, lesson_id)
    if row is None:
        raise UnknownLesson(f"There is no lesson {lesson_id}.")
    return row


def lessons(session: Session, limit: int, before: int | None = None) -> list[LessonRow]:
    """Drafts, what is in force and what was revoked, the newest first, from before one on."""
    query = select(LessonRow).order_by(LessonRow.id.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(LessonRow.id < before)))
