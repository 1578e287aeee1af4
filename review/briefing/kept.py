"""Briefings as they are kept: made once for a day, with an entry of the log, and read again as they were made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from review import log
from review.briefing.content import Briefing
from review.briefing.making import make
from review.briefing.window import DAY, Window, cut, latest_day, of_day
from review.database import Database
from review.schema import BriefingRow
from review.settings import Settings

Writer = Callable[[Briefing], Briefing]
"""Puts a briefing into words of its own, as far as its facts bear them out."""


class NotYet(Exception):
    """The day's briefing covers what is still to come. The sentence says from when it can be had."""


class Kept(NamedTuple):
    day: date
    status: str


def briefing(database: Database, settings: Settings, day: date | None = None, write: Writer | None = None) -> Briefing:
    """The briefing of a day (the latest whose time has come, if none is given): the kept one, else made now and kept.

    Raises NotYet."""
    now = datetime.now(UTC)
    at, zone = settings.briefing_at, settings.time_zone
    wanted = day or latest_day(now, at, zone)
    if cut(wanted, at, zone) > now:
        raise _not_yet(wanted, settings)
    with database.read(whole=True) as session:
        if (found := _found(session, wanted)) is not None:
            return found
        made = make(session, wanted, of_day(wanted, at, zone), zone)
    if write is not None:
        made = write(made)
    return keep(database, made)


def with_own_eyes(database: Database, settings: Settings, day: date) -> Briefing:
    """The briefing of a day over what the person who is looking sees, which is made now and not kept. Raises NotYet."""
    at, zone = settings.briefing_at, settings.time_zone
    if cut(day, at, zone) > datetime.now(UTC):
        raise _not_yet(day, settings)
    with database.read() as session:
        return make(session, day, of_day(day, at, zone), zone)


def as_things_stand(database: Database, settings: Settings) -> Briefing:
    """A briefing of the 24 hours up to now, which is not kept."""
    now = datetime.now(UTC)
    zone = settings.time_zone
    with database.read() as session:
        return make(session, now.astimezone(zone).date(), Window(now, now).last(DAY), zone)


def _not_yet(day: date, settings: Settings) -> NotYet:
    return NotYet(f"The briefing of {day} is made at {settings.briefing_at:%H:%M} ({settings.time_zone}) of that day.")


def keep(database: Database, made: Briefing) -> Briefing:
    """Keeps a briefing, unless the day has one: then that one is given, so that all readers read the same."""
    with database.write() as session:
        if (found := _found(session, made.day)) is not None:
            return found
        content = made.model_dump(mode="json")
        row = BriefingRow(day=made.day, made_at=datetime.now(UTC), digest=digest(made), content=content)
        session.add(row)
        told = {"status": made.status, "digest": row.digest, "prose_by": made.prose_by, "dropped": made.dropped}
        log.append(session, "briefing.made", made.day.isoformat(), told)
        return made


def kept_days(session: Session, limit: int = 60) -> list[Kept]:
    """The days that have a briefing, newest first, each with its status."""
    rows = select(BriefingRow.day, BriefingRow.content["status"].as_string()).order_by(BriefingRow.day.desc())
    return [Kept(*row) for row in session.execute(rows.limit(limit))]


def digest(made: Briefing) -> str:
    """SHA-256 of the content as canonical JSON."""
    return log.sha256(log.canonical(made.model_dump(mode="json")))


def _found(session: Session, day: date) -> Briefing | None:
    row = session.get(BriefingRow, day, options=[undefer(BriefingRow.content)])
    return None if row is None else Briefing(**row.content)
