"""Sessions of signed-in people, kept here so that they can be ended: the browser holds a secret, the row its hash."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy import ColumnElement, select, update

from review import log
from review.database import Database
from review.people import Person, shown
from review.schema import SessionRow, UserRow

ID_LENGTH = 12


class SignedInBy(StrEnum):
    link = "link"
    password = "password"
    provider = "identity provider"
    demo = "demo"


class OpenSession(BaseModel):
    """A session as its person sees it: `id` ends it, and opens nothing."""

    id: str
    started_at: datetime
    expires_at: datetime
    signed_in_by: str
    client: str


def start_session(database: Database, person: Person, hours: float, by: SignedInBy, client: str = "") -> str:
    """The secret of a new session. `client` is what the browser says it is."""
    secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
    row = SessionRow(
        token_hash=log.sha256(secret),
        user=person.name,
        started_at=now,
        expires_at=now + timedelta(hours=hours),
        signed_in_by=by,
        client=client[:200],
    )
    with database.write() as session:
        session.add(row)
        log.append(session, "person.signed-in", person.name, {"by": by, "session": row.token_hash[:ID_LENGTH]})
    return secret


def find_session(database: Database, secret: str) -> Person | None:
    """Whose session it is; None where it has ended, or its person may no longer sign in."""
    query = (
        select(UserRow)
        .join(SessionRow, SessionRow.user == UserRow.name)
        .where(
            SessionRow.token_hash == log.sha256(secret),
            SessionRow.ended_at.is_(None),
            SessionRow.expires_at > datetime.now(UTC),
            UserRow.active,
        )
    )
    with database.read() as session:
        row = session.scalars(query).first()
        return shown(row) if row else None


def end_session(database: Database, secret: str) -> None:
    """Signs out."""
    _end(database, SessionRow.token_hash == log.sha256(secret))


def end_session_by_id(database: Database, person: Person, session_id: str) -> bool:
    """Ends another session of the same person. False when there is none of this id."""
    mine = (SessionRow.user == person.name) & SessionRow.token_hash.startswith(session_id, autoescape=True)
    return len(session_id) == ID_LENGTH and _end(database, mine)


def sessions_of(database: Database, person: Person) -> list[OpenSession]:
    """A person's sessions that are not ended, the newest first."""
    query = select(SessionRow).where(
        SessionRow.user == person.name, SessionRow.ended_at.is_(None), SessionRow.expires_at > datetime.now(UTC)
    )
    with database.read() as session:
        return [
            OpenSession(
                id=row.token_hash[:ID_LENGTH],
                started_at=row.started_at,
                expires_at=row.expires_at,
                signed_in_by=row.signed_in_by,
                client=row.client,
            )
            for row in session.scalars(query.order_by(SessionRow.started_at.desc()))
        ]


def _end(database: Database, which: ColumnElement[bool]) -> bool:
    ending = update(SessionRow).where(which, SessionRow.ended_at.is_(None)).values(ended_at=datetime.now(UTC))
    with database.write() as session:
        ended = session.execute(ending.returning(SessionRow.user, SessionRow.token_hash)).first()
        if ended is not None:
            log.append(session, "person.signed-out", ended.user, {"session": ended.token_hash[:ID_LENGTH]})
        return ended is not None
