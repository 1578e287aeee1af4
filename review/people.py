"""Who may sign in and what they may do: local people with their roles, and the links that sign them in once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from review import log
from review.database import Database
from review.roles import REVIEWER, Scope, roles, scopes_of
from review.schema import SessionRow, SignInToken, UserRow

LONGEST_NAME = 100


class PersonError(ValueError):
    """What was asked of a person cannot be done; the sentence says why and what to do."""


class Person(BaseModel):
    """A person who may sign in. `role` is the first of their roles, by which decisions name them. `teams` are those that they
    are in, `owns` those that they see to, `companies` those of Odoo, by name, whose items they see (`review.visibility`). Who comes with a
    `key` may no more than that is `limited_to`."""

    name: str
    role: str
    other_roles: list[str] = []
    teams: list[str] = []
    owns: list[str] = []
    companies: list[str] = []
    key: str | None = None
    limited_to: list[str] | None = None

    @property
    def roles(self) -> list[str]:
        return [self.role, *self.other_roles]

    @property
    def scopes(self) -> frozenset[Scope]:
        held = scopes_of(self.roles)
        return held if self.limited_to is None else frozenset(scope for scope in held if scope in self.limited_to)

    def may_approve(self, role: str) -> bool:
        """Whether they may give the approval that the policy asks of `role`: their own, or any with the scope approve."""
        theirs = role in self.roles and (self.limited_to is None or Scope.approve in self.limited_to)
        return Scope.decide in self.scopes and (role == REVIEWER or theirs or Scope.approve in self.scopes)


class PersonShown(Person):
    """A person as administrators see them. `signs_in_by` is in words; `locked_until` is of their password."""

    active: bool
    signs_in_by: list[str]
    locked_until: datetime | None


def shown(row: UserRow) -> Person:
    return Person(**{name: getattr(row, name) for name in Person.model_fields if hasattr(row, name)})


def add_person(database: Database, name: str, role: str, *more: str) -> Person:
    """Adds a person, or gives an existing one other roles and lets them sign in again. Raises PersonError."""
    held = list(dict.fromkeys((role, *more)))
    if unknown := [given for given in held if given not in roles()]:
        raise PersonError(f"There is no role {unknown[0]!r}. Choose from: {', '.join(roles())}.")
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise PersonError(f"A name has 1 to {LONGEST_NAME} visible characters.")
    with database.write() as session:
        row = session.get(UserRow, name)
        if row is None:
            row = UserRow(name=name, role=role)
            session.add(row)
        row.role, row.other_roles, row.active = held[0], held[1:], True
        log.append(session, "person.added", name, {"roles": held})
    return Person(name=name, role=held[0], other_roles=held[1:])


def find_person(database: Database, name: str) -> Person | None:
    """The person of that name, or None when there is none or they may no longer sign in."""
    with database.read() as session:
        row = session.scalars(select(UserRow).where(UserRow.name == name, UserRow.active)).first()
        return shown(row) if row else None


def provided_person(database: Database, subject: str, name: str, held: list[str] | None) -> Person:
    """The person whom an identity provider vouches for. `subject` is its lasting name for them, `name` ours.

    With `held`, the roles that it gives, people are made and their roles follow it; without, a person must have been
    added under this name, and is bound to the subject at the first time. Raises PersonError."""
    with database.write() as session:
        row = session.scalars(select(UserRow).where(UserRow.oidc_subject == subject)).first()
        if row is None:
            row = _bound(session, subject, name, held)
        if not row.active:
            raise PersonError(f"{row.name} may no longer sign in.")
        if held is not None and not held:
            raise PersonError("Your provider gives you no role of this desk. Ask whoever runs it.")
        if held and held != [row.role, *row.other_roles]:
            row.role, row.other_roles = held[0], held[1:]
            log.append(session, "person.roles-provided", row.name, {"roles": held})
        return shown(row)


def _bound(session: Session, subject: str, name: str, held: list[str] | None) -> UserRow:
    row = session.get(UserRow, name)
    if row is None and held and 0 < len(name) <= LONGEST_NAME and name.isprintable():
        row = UserRow(name=name, role=held[0], other_roles=held[1:], active=True)
        session.add(row)
        log.append(session, "person.added", name, {"roles": held, "by": "identity provider"})
    if row is None:
        raise PersonError(f"Nobody here is called {name or '(nothing)'!r}. Whoever runs the desk can add you.")
    if row.oidc_subject is not None:
        raise PersonError(f"{name} is another identity here. Whoever runs the desk can reset it.")
    row.oidc_subject = subject
    log.append(session, "person.bound", name, {"subject": subject})
    return row


def names(session: Session) -> list[str]:
    """Those who may sign in."""
    return list(session.scalars(select(UserRow.name).where(UserRow.active).order_by(UserRow.name)))


def list_people(database: Database) -> list[PersonShown]:
    """Everybody, also who may no longer sign in, by name."""
    with database.read() as session:
        return [_shown_to_administrators(row) for row in session.scalars(select(UserRow).order_by(UserRow.name))]


def disable_person(database: Database, name: str, by: str) -> None:
    """Ends a person's sessions and links; they cannot sign in again until they are added anew. Raises PersonError."""
    with database.write() as session:
        row = _existing(session, name)
        if row.active and Scope.administer in shown(row).scopes and not _others(session, name):
            raise PersonError(f"{name} is the last who may administer people: give somebody else that role first.")
        row.active = False
        _shut_out(session, name)
        log.append(session, "person.disabled", name, {"by": by})


def reset_person(database: Database, name: str, by: str) -> None:
    """Ends a person's sessions, links, password, lock and identity at the provider. Raises PersonError."""
    with database.write() as session:
        row = _existing(session, name)
        row.password_hash, row.oidc_subject, row.failures, row.locked_until = None, None, 0, None
        _shut_out(session, name)
        log.append(session, "person.reset", name, {"by": by})


def place_person(
    database: Database, name: str, by: str, *, teams: Sequence[str], owns: Sequence[str], companies: Sequence[str]
) -> Person:
    """Says which teams a person is in and sees to, and whose companies' items they see; none of either: all of them.

    Raises PersonError."""
    placed = {"teams": _names(teams), "owns": _names(owns), "companies": _names(companies)}
    with database.write() as session:
        row = _existing(session, name)
        row.teams, row.owns, row.companies = placed["teams"], placed["owns"], placed["companies"]
        log.append(session, "person.placed", name, {"by": by, **placed})
        return shown(row)


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
        log.append(session, "person.link-made", name, {"expires_at": expires.isoformat(timespec="seconds")})
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
    return find_person(database, name) if name else None


def _names(given: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in given if name.strip()))
    if wrong := [name for name in names if len(name) > LONGEST_NAME or not name.isprintable()]:
        raise PersonError(f"A name has 1 to {LONGEST_NAME} visible characters, unlike {wrong[0][:20]!r}.")
    return names


def _existing(session: Session, name: str) -> UserRow:
    row = session.get(UserRow, name)
    if row is None:
        raise PersonError(f"There is nobody called {name!r}. `triage user list` shows everybody.")
    return row


def _others(session: Session, name: str) -> Sequence[str]:
    """Who else may administer people."""
    others = session.scalars(select(UserRow).where(UserRow.active, UserRow.name != name))
    return [row.name for row in others if Scope.administer in shown(row).scopes]


def _shut_out(session: Session, name: str) -> None:
    now = datetime.now(UTC)
    open_sessions = update(SessionRow).where(SessionRow.user == name, SessionRow.ended_at.is_(None))
    session.execute(open_sessions.values(ended_at=now))
    open_links = update(SignInToken).where(SignInToken.user == name, SignInToken.used_at.is_(None))
    session.execute(open_links.values(used_at=now))


def _shown_to_administrators(row: UserRow) -> PersonShown:
    ways = ["password"] * (row.password_hash is not None) + ["identity provider"] * (row.oidc_subject is not None)
    locked = row.locked_until if row.locked_until and row.locked_until > datetime.now(UTC) else None
    return PersonShown(**shown(row).model_dump(), active=row.active, signs_in_by=[*ways, "link"], locked_until=locked)
