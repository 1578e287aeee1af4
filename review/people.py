"""Who may decide: local people with one role each, and the links that sign them in."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import select, update

from agent.propose import load_policy
from review import log
from review.database import Database
from review.schema import SignInToken, UserRow

REVIEWER = "reviewer"
SUPERVISOR = "supervisor"
ENGINEER = "engineer"


class Person(BaseModel):
    """A signed-in person. A supervisor may approve everything, others what a reviewer may and what their role may; an
    engineer reads what runs measured and approves nothing."""

    name: str
    role: str

    def may_approve(self, role: str) -> bool:
        return self.role == SUPERVISOR or (self.role != ENGINEER and role in (REVIEWER, self.role))

    @property
    def may_read_runs(self) -> bool:
        return self.role in (ENGINEER, SUPERVISOR)


def roles() -> list[str]:
    """The roles that exist: reviewer, supervisor, engineer, and those that the policy asks approvals of."""
    fixed = [REVIEWER, SUPERVISOR, ENGINEER]
    return [*fixed, *sorted(set(load_policy().approval.values()) - set(fixed))]


def add_person(database: Database, name: str, role: str) -> Person:
    """Adds a person, or gives an existing one another role. Raises ValueError for a role that does not exist."""
    if role not in roles():
        raise ValueError(f"There is no role {role!r}. Choose one of: {', '.join(roles())}.")
    with database.write() as session:
        row = session.get(UserRow, name)
        if row is None:
            session.add(UserRow(name=name, role=role))
        else:
            row.role, row.active = role, True
        log.append(session, "person.added", name, {"role": role})
    return Person(name=name, role=role)


def find_person(database: Database, name: str) -> Person | None:
    """The person of that name, or None when there is none or they may no longer sign in."""
    with database.read() as session:
        row = session.scalars(select(UserRow).where(UserRow.name == name, UserRow.active)).first()
        return Person(name=row.name, role=row.role) if row else None


def anybody(database: Database) -> bool:
    """Whether there is a person who may sign in."""
    with database.read() as session:
        return session.scalars(select(UserRow.name).where(UserRow.active).limit(1)).first() is not None


def new_sign_in_token(database: Database, name: str, hours: float) -> str:
    """A secret that signs `name` in once within so many hours."""
    token = secrets.token_urlsafe(24)
    with database.write() as session:
        expires = datetime.now(UTC) + timedelta(hours=hours)
        session.add(SignInToken(token_hash=log.sha256(token), user=name, expires_at=expires))
    return token


def redeem_sign_in_token(database: Database, token: str) -> Person | None:
    """The person whom an unused, unexpired token signs in; None for any other. The token is used up."""
    now = datetime.now(UTC)
    with database.write() as session:
        name = session.scalars(
            update(SignInToken)
            .where(
                SignInToken.token_hash == log.sha256(token),
                SignInToken.used_at.is_(None),
                SignInToken.expires_at > now,
            )
            .values(used_at=now)
            .returning(SignInToken.user)
        ).first()
        if name is not None:
            log.append(session, "person.signed-in", name, {})
    return find_person(database, name) if name else None
