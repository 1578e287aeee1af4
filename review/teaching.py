"""Teaching: a lesson is drafted on a message, rehearsed on earlier ones (`review.rehearsal`), kept, and revoked.

Nobody can keep one before its effect was shown.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from agent.directory import is_free_mail, registrable
from agent.product_mentions import is_code
from agent.taught import COLUMN_ROLES, Subject, key_of
from review import log
from review.database import Database
from review.lessons import EVERYBODY, IN_FORCE, Reach, find, sender_of, sentence
from review.people import Person
from review.record_search import find_partner, find_product
from review.refusals import DecisionError, NotAllowed
from review.rehearsal import Effect, read_again
from review.roles import Scope
from review.schema import LessonRow, MessageRow
from tools.message import Message
from tools.records import RecordReader

LONGEST = 200


class InvalidLesson(DecisionError):
    """It cannot be taught like this; the sentence says why."""

    status = 422


class NotRehearsed(DecisionError):
    """Its effect is not yet known, or it is no longer a draft."""

    status = 409


def draft(
    database: Database,
    message_id: str,
    *,
    who: Person,
    subject: Subject,
    given: str,
    means: str,
    reach: Reach,
    records: RecordReader | None,
) -> LessonRow:
    """Writes down what `who` wants to teach on a message, to be rehearsed. `means` is a role of a column, or a product or
    partner by code or name.

    An address holds for its mails, and a domain for everybody there, so `sender` is as wide as they get. Raises
    InvalidLesson, RecordUnreadable, or NotAllowed for one who does not decide."""
    if Scope.decide not in who.scopes:
        raise NotAllowed("Only people who decide can teach.")
    given = given.strip()[:LONGEST]
    key = key_of(subject, given)
    if subject is Subject.column and means not in COLUMN_ROLES:
        raise InvalidLesson(f"A column says one of: {', '.join(COLUMN_ROLES)}.")
    _check(subject, given, key)
    if subject is Subject.column:
        means, meaning = means, COLUMN_ROLES[means]
    else:
        found = (find_product if subject is Subject.code else find_partner)(records, means.strip()[:LONGEST])
        means, meaning = str(found.id), found.name
    with database.read() as session:
        mail = session.get(MessageRow, message_id, options=[undefer(MessageRow.read)])
        if mail is None or mail.read is None:
            raise InvalidLesson("There is no such message, or it could not be read.")
        reach_of = _reach_of(reach, mail)
    with database.write() as session:
        row = LessonRow(
            subject=subject,
            given=given,
            key=key,
            means=means,
            meaning=meaning,
            reach=reach,
            reach_of=reach_of,
            message_id=message_id,
            drafted_by=who.name,
            drafted_at=datetime.now(UTC),
        )
        session.add(row)
        session.flush()
        return row


def keep(database: Database, lesson_id: int, *, who: Person) -> LessonRow:
    """Puts a rehearsed draft in force, in place of an earlier one about the same. Open items that it changes, and that
    nobody has touched, are read again. Twice is once.

    Raises NotAllowed for what reaches further than `who` may, NotRehearsed, UnknownLesson."""
    with database.write() as session:
        row = find(session, lesson_id)
        if row.kept_at is not None and row.revoked_at is None:
            return row
        _check_reach(row, who)
        effect = Effect(**row.effect) if row.effect else Effect()
        if row.revoked_at is not None or not effect.finished:
            raise NotRehearsed("See first what it changes: its effect on earlier messages is still being looked at.")
        now = datetime.now(UTC)
        same = (LessonRow.subject == row.subject, LessonRow.key == row.key, LessonRow.reach_of == row.reach_of)
        for earlier in session.scalars(select(LessonRow).where(*same, IN_FORCE)):
            _end(session, earlier, who, now)
        row.kept_by, row.kept_at = who.name, now
        log.append(session, "lesson.kept", str(row.id), {"who": who.name, **_told(row), **effect.summary()})
        read_again(session, effect, f"Taught by {who.name}: {sentence(row)}", who)
        return row


def revoke(database: Database, lesson_id: int, *, who: Person) -> None:
    """Ends a lesson: from now on it counts no more. A draft is thrown away. Raises NotAllowed or UnknownLesson."""
    with database.write() as session:
        row = find(session, lesson_id)
        if row.kept_at is None:
            if row.drafted_by != who.name and not _reaches_far(who):
                raise NotAllowed(f"This is {row.drafted_by}'s draft.")
            session.delete(row)
        elif row.revoked_at is None:
            if row.kept_by != who.name:
                _check_reach(row, who, mine=False)
            _end(session, row, who, datetime.now(UTC))


def _check(subject: Subject, given: str, key: str) -> None:
    if not key:
        raise InvalidLesson("There are no letters or digits in it.")
    if subject is Subject.code and not is_code(key, given):
        raise InvalidLesson(
            f"{given} cannot be told from a quantity or a word: a code has letters and digits, or 4 digits."
        )
    if subject is Subject.address:
        domain = registrable(key if "@" in key else f"@{key}")
        if not domain or any(c.isspace() for c in key):
            raise InvalidLesson(f"{given} is no mail address and no domain.")
        if "@" not in key and is_free_mail(domain):
            raise InvalidLesson(f"Anybody can have an address at {domain}: teach single addresses.")


def _reach_of(reach: Reach, mail: MessageRow) -> str:
    if reach is Reach.all:
        return EVERYBODY
    if reach is Reach.message:
        return mail.id
    sender = sender_of(Message(**(mail.read or {})))
    if sender is None:
        raise InvalidLesson("This message does not say who sent it: teach it for this message, or for all.")
    return sender


def _reaches_far(who: Person) -> bool:
    return bool({Scope.approve, Scope.manage} & who.scopes)


def _check_reach(row: LessonRow, who: Person, *, mine: bool = True) -> None:
    """What holds for everybody, whose an address is, and what others taught is for who approves or manages."""
    if _reaches_far(who):
        return
    if not mine or row.reach == Reach.all or row.subject == Subject.address or Scope.decide not in who.scopes:
        why = "Whose an address is, what holds for all and what others taught"
        raise NotAllowed(f"{why} is for people who approve for others or manage. Ask one of them: the draft stays.")


def _end(session: Session, row: LessonRow, who: Person, now: datetime) -> None:
    row.revoked_by, row.revoked_at = who.name, now
    log.append(session, "lesson.revoked", str(row.id), {"who": who.name, **_told(row)})


def _told(row: LessonRow) -> dict[str, str]:
    return {name: getattr(row, name) for name in ("subject", "given", "means", "meaning", "reach", "reach_of")}
