"""Keys with which machines post messages: shown once, kept as hashes, each for some doors and until some day."""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy import select

from review import log
from review.database import Database
from review.schema import ApiKeyRow

PREFIX = "triage"


class Scope(StrEnum):
    """The doors: `POST /intake/portal`, `/intake/carrier/{provider}`, `/intake/email`, `/intake/edi` and, for receipts,
    `/handoff/{event}/receipt`, and for figures `GET /metrics`."""

    portal = "portal"
    carrier = "carrier"
    email = "email"
    edi = "edi"
    receipt = "receipt"
    metrics = "metrics"


class ApiKey(BaseModel):
    """A key as it may be shown: without its secret."""

    id: str
    name: str
    scopes: list[Scope]
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


def add_key(database: Database, name: str, scopes: list[Scope], days: float) -> tuple[ApiKey, str]:
    """A new key that lasts so many days, and its text, which cannot be had again."""
    now = datetime.now(UTC)
    key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    row = ApiKeyRow(
        id=key_id,
        name=name,
        scopes=[str(scope) for scope in scopes],
        # The secret holds 256 random bits: a fast hash is as good as a slow one, and every request computes it.
        key_hash=log.sha256(secret),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    with database.write() as session:
        session.add(row)
        content = {"name": name, "scopes": row.scopes, "expires_at": row.expires_at.isoformat()}
        log.append(session, "key.added", key_id, content)
    return _shown(row), f"{PREFIX}_{key_id}_{secret}"


def list_keys(database: Database) -> list[ApiKey]:
    """All keys ever given out, oldest first."""
    with database.read() as session:
        return [_shown(row) for row in session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.created_at))]


def revoke_key(database: Database, key_id: str) -> bool:
    """Ends a key at once. False when there is none of this id; a second time changes nothing."""
    with database.write() as session:
        row = session.get(ApiKeyRow, key_id)
        if row is not None and row.revoked_at is None:
            row.revoked_at = datetime.now(UTC)
            log.append(session, "key.revoked", key_id, {"name": row.name})
        return row is not None


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


def _shown(row: ApiKeyRow) -> ApiKey:
    return ApiKey(**{name: getattr(row, name) for name in ApiKey.model_fields})
