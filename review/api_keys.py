"""Keys of machines: shown once, kept as hashes, each for some scopes and until some day.

A key opens doors at which messages are posted, or the desk's API. There it acts as the person who made it, within its own
scopes and within theirs as they are at that moment: whoever may not approve their own edit cannot do so with a key."""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy import select

from review import log
from review.database import Database
from review.people import Person, find_person
from review.schema import ApiKeyRow

PREFIX = "triage"


class Scope(StrEnum):
    """On the desk: `read`, and what `review.roles.Scope` says. The doors: `POST /intake/portal`, `/intake/carrier/{provider}`,
    `/intake/email`, `/intake/edi` and, for receipts, `/handoff/{event}/receipt`, and for figures `GET /metrics`."""

    portal = "portal"
    carrier = "carrier"
    email = "email"
    edi = "edi"
    receipt = "receipt"
    metrics = "metrics"
    read = "read"
    decide = "decide"
    approve = "approve"
    manage = "manage"
    engineer = "engineer"
    administer = "administer"


DESK = (Scope.read, Scope.decide, Scope.approve, Scope.manage, Scope.engineer, Scope.administer)
DOORS = tuple(scope for scope in Scope if scope not in DESK)


class ApiKey(BaseModel):
    """A key as it may be shown: without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    person: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    @property
    def state(self) -> str:
        """active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= datetime.now(UTC) else "active"


class InvalidKey(Exception):
    """A key that opens nothing; the sentence says why and what to do."""


class KeyRefused(ValueError):
    """Such a key cannot be made; the sentence says why."""


def add_key(
    database: Database, name: str, scopes: list[Scope], days: float, person: Person | None = None
) -> tuple[ApiKey, str]:
    """A new key that lasts so many days, and its text, which cannot be had again. One for the desk acts as `person`.

    Raises KeyRefused for scopes of the desk without a person, or which that person lacks."""
    now = datetime.now(UTC)
    of_desk = [scope for scope in scopes if scope in DESK]
    if of_desk and person is None:
        raise KeyRefused(f"A key for {', '.join(of_desk)} acts as a person: name one.")
    if person is not None and (more := [s for s in of_desk if s is not Scope.read and str(s) not in person.scopes]):
        raise KeyRefused(f"{person.name} may not {', '.join(more)}, so no key of theirs can.")
    if person is not None and len(of_desk) < len(scopes):
        raise KeyRefused("Doors for messages have keys of their own, which act as nobody.")
    key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    row = ApiKeyRow(
        id=key_id,
        name=name,
        scopes=[str(scope) for scope in scopes],
        person=person.name if person else None,
        # The secret holds 256 random bits: a fast hash is as good as a slow one, and every request computes it.
        key_hash=log.sha256(secret),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    with database.write() as session:
        session.add(row)
        content = {"name": name, "scopes": row.scopes, "person": row.person}
        content["expires_at"] = row.expires_at.isoformat()
        log.append(session, "key.added", key_id, content)
    return _shown(row), f"{PREFIX}_{key_id}_{secret}"


def list_keys(database: Database, of: Person | None = None) -> list[ApiKey]:
    """All keys ever given out, or those of a person, oldest first."""
    query = select(ApiKeyRow).order_by(ApiKeyRow.created_at)
    with database.read() as session:
        return [
            _shown(row) for row in session.scalars(query if of is None else query.where(ApiKeyRow.person == of.name))
        ]


def revoke_key(database: Database, key_id: str, of: Person | None = None) -> bool:
    """Ends a key at once. False when there is none of this id (or not `of` this person); a second time changes nothing."""
    with database.write() as session:
        row = session.get(ApiKeyRow, key_id)
        if row is None or (of is not None and row.person != of.name):
            return False
        if row.revoked_at is None:
            row.revoked_at = datetime.now(UTC)
            log.append(session, "key.revoked", key_id, {"name": row.name})
        return True


def find_key(database: Database, text: str) -> ApiKey:
    """The key that a caller shows. Raises InvalidKey; only who has the secret learns that a key expired."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    with database.read() as session:
        row = session.get(ApiKeyRow, key_id) if prefix == PREFIX else None
    if row is None or not hmac.compare_digest(row.key_hash, log.sha256(secret)):
        raise InvalidKey("The key is not known here.")
    key = _shown(row)
    if key.state != "active":
        raise InvalidKey(f"The key {key.id} ({key.name}) is {key.state}: ask for a new one.")
    return key


def person_of(database: Database, key: ApiKey) -> Person:
    """As whom a key acts on the desk, limited to its scopes. Raises InvalidKey."""
    person = find_person(database, key.person) if key.person else None
    if person is None:
        why = "is for posting messages, not for the desk" if key.person is None else "belongs to nobody who may sign in"
        raise InvalidKey(f"The key {key.id} ({key.name}) {why}.")
    return person.model_copy(update={"key": key.id, "limited_to": [str(scope) for scope in key.scopes]})


def _shown(row: ApiKeyRow) -> ApiKey:
    return ApiKey(**{name: getattr(row, name) for name in ApiKey.model_fields})
