"""Passwords: hashed with argon2, and tried only so often.

After `FREE_TRIES` wrong ones in a row a person's password is not looked at for a while, which doubles with each further
one. Their sign-in links and their identity provider work on, so that nobody can lock them out for good.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import select

from review import log
from review.database import Database
from review.people import Person, PersonError, shown
from review.schema import UserRow

if TYPE_CHECKING:
    from pwdlib import PasswordHash

SHORTEST, LONGEST = 12, 200
FREE_TRIES = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=1), timedelta(hours=1)
# A hash takes 64 MB and a good part of a second on purpose: many at once would be an attack by themselves.
_AT_ONCE = threading.BoundedSemaphore(2)


class WrongPassword(Exception):
    """Name and password do not belong together, or the password is locked. The sentence tells no more than that."""


def set_password(database: Database, name: str, password: str) -> None:
    """Gives a person a new password and ends the lock. Raises PersonError for a poor one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PersonError(f"A password has {SHORTEST} to {LONGEST} characters. Several words in a row are good ones.")
    if name.casefold() in password.casefold() or len(set(password)) < 5:
        raise PersonError("This password is easy to guess. Several words in a row are good ones.")
    with _AT_ONCE:
        hashed = _hasher().hash(password)
    with database.write() as session:
        row = session.get_one(UserRow, name)
        row.password_hash, row.failures, row.locked_until = hashed, 0, None
        log.append(session, "person.password-set", name, {})


def sign_in(database: Database, name: str, password: str) -> Person:
    """The person whose name and password these are. Raises WrongPassword, which is the same for an unknown name."""
    now = datetime.now(UTC)
    with database.read() as session:
        row = session.scalars(select(UserRow).where(UserRow.name == name, UserRow.active)).first()
        known = row.password_hash if row is not None else None
        if row is not None and row.locked_until is not None and row.locked_until > now:
            raise WrongPassword(f"After too many tries this has to wait until {row.locked_until:%H:%M} UTC.")
    with _AT_ONCE:
        # An unknown name costs as much time as a wrong password, or names could be found out.
        right, renewed = _hasher().verify_and_update(password[:LONGEST], known or _nobodys_hash())
    if row is None or known is None or not right:
        if row is not None:
            _count_failure(database, name, now)
        raise WrongPassword("Name and password do not belong together.")
    with database.write() as session:
        row = session.get_one(UserRow, name)
        row.failures, row.locked_until, row.password_hash = 0, None, renewed or row.password_hash
        return shown(row)


def _count_failure(database: Database, name: str, now: datetime) -> None:
    with database.write() as session:
        row = session.get_one(UserRow, name)
        row.failures += 1
        beyond = row.failures - FREE_TRIES
        if beyond >= 0:
            row.locked_until = now + min(LONGEST_LOCK, FIRST_LOCK * 2 ** min(beyond, 20))
        until = row.locked_until.isoformat(timespec="seconds") if row.locked_until else None
        log.append(session, "person.sign-in-failed", name, {"failures": row.failures, "locked_until": until})


@cache
def _hasher() -> PasswordHash:
    from pwdlib import PasswordHash

    return PasswordHash.recommended()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("the password of nobody")
