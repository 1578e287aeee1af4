"""Work that one process does at a time. The lock is the system's, so that it ends with its holder, however that ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from review.database import Database


class Busy(Exception):
    """Another process is doing this work."""


@contextmanager
def exclusive(database: Database, name: str) -> Iterator[None]:
    """Holds the work called `name`, over all processes of the database: an advisory lock of PostgreSQL, or beside SQLite a
    locked file. Raises Busy at once when another has it."""
    if database.engine.dialect.name == "postgresql":
        # A connection of its own, which is closed rather than given back: the lock goes with it.
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            try:
                lock = text("SELECT pg_try_advisory_lock(hashtext(:name))")
                if not connection.scalar(lock, {"name": f"triage.{name}"}):
                    raise Busy(name)
                yield
                # Closing alone lets the server hold it until it has noticed.
                connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), {"name": f"triage.{name}"})
            finally:
                connection.invalidate()
    else:
        with database.head.path.with_name(f"{name}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(name) from None
            yield
