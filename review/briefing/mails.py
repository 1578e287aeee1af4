"""Which reader's mail of a day's briefing is to be sent now, by whom, and what became of it. The rows are the truth.

A worker takes a mail for `LEASE` before it sends it, in one transaction: however many run, one sends. One that dies with
it leaves it to another. A mail that fails is tried again, later each time, until the next day's is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select, update

from review import log
from review.database import Database
from review.readiness import Finding, Status
from review.schema import BriefingMail

LEASE = timedelta(minutes=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


def nothing_due(database: Database, day: date, readers: Sequence[str], now: datetime) -> bool:
    """Whether every reader's mail is sent or has to wait: a look that takes no turn from anybody."""
    with database.read(whole=True) as session:
        rows = session.scalars(select(BriefingMail).where(BriefingMail.day == day))
        return {row.reader for row in rows if row.sent_at is not None or row.next_at > now} >= {*readers}


def take(database: Database, day: date, readers: Sequence[str], now: datetime) -> str | None:
    """A reader whose mail the caller is to send now, and nobody else until the lease is over; None when none is due.

    The day's briefing must be kept already."""
    with database.write() as session:
        known = set(session.scalars(select(BriefingMail.reader).where(BriefingMail.day == day)))
        session.add_all(BriefingMail(day=day, reader=r, attempts=0, next_at=now) for r in readers if r not in known)
        session.flush()
        free = or_(BriefingMail.leased_until.is_(None), BriefingMail.leased_until <= now)
        due = select(BriefingMail.reader).where(
            BriefingMail.day == day,
            BriefingMail.reader.in_(readers),
            BriefingMail.sent_at.is_(None),
            BriefingMail.next_at <= now,
            free,
        )
        reader = session.scalars(due.order_by(BriefingMail.reader).limit(1)).first()
        if reader is not None:
            mine = (BriefingMail.day == day) & (BriefingMail.reader == reader)
            taken = {"leased_until": now + LEASE, "attempts": BriefingMail.attempts + 1}
            session.execute(update(BriefingMail).where(mine).values(**taken))
        return reader


def sent(database: Database, day: date, reader: str, now: datetime) -> None:
    """The mail server has taken it."""
    with database.write() as session:
        row = session.get_one(BriefingMail, (day, reader))
        row.sent_at, row.leased_until, row.problem = now, None, None
        log.append(session, "briefing.sent", day.isoformat(), {"reader": reader, "attempts": row.attempts})


def mail_check(database: Database) -> Finding:
    """Whether the newest day's mails got through."""
    newest = select(func.max(BriefingMail.day)).scalar_subquery()
    stuck = select(BriefingMail).where(
        BriefingMail.day == newest, BriefingMail.sent_at.is_(None), BriefingMail.problem.is_not(None)
    )
    with database.read(whole=True) as session:
        row = session.scalars(stuck.order_by(BriefingMail.reader).limit(1)).first()
    if row is None:
        return Finding(Status.ok)
    return Finding(Status.degraded, f"The briefing of {row.day} was not sent to every reader: {row.problem}")


def failed(database: Database, day: date, reader: str, problem: str, now: datetime) -> None:
    """It was not taken; it is tried again after a pause that doubles."""
    with database.write() as session:
        row = session.get_one(BriefingMail, (day, reader))
        pause = min(FIRST_PAUSE * 2 ** min(row.attempts - 1, 10), LONGEST_PAUSE)
        row.next_at, row.leased_until, row.problem = now + pause, None, problem
