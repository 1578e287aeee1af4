"""Sessions over the rows: reads that never wait, writes one at a time, and a log head that moves with each commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from review.log import HeadFile
from review.settings import Settings, SettingsError
from review.visibility import restrict

MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """Opens the database and brings its tables up to date.

    SQLite runs with WAL, `synchronous=FULL` (a decision that was answered is on disk) and foreign keys on.
    """

    def __init__(self, url: str, head: Path) -> None:
        self.engine = _engine(url)
        self.head = HeadFile(head)
        self._writer = self.engine.execution_options(triage_write=True)
        self._turn = threading.Lock()
        self._upgrade()

    @contextmanager
    def read(self, *, whole: bool = False) -> Iterator[Session]:
        """A session over one consistent state of the rows, as the person who is looking sees them (`review.visibility`);
        `whole`: all of them, for what is made once for everybody."""
        with Session(self.engine) as session:
            if not whole:
                restrict(session)
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._turn, Session(self._writer, expire_on_commit=False) as session:
            with session.begin():
                yield session
            if "log_head" in session.info:
                self.head.advance(*session.info["log_head"])

    def close(self) -> None:
        self.engine.dispose()

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self._turn, self._writer.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def open_database(settings: Settings) -> Database:
    """The database that the settings name. Creates the data directory; raises PermissionError where it may not."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Database(settings.url, settings.data_dir / "log.head")


def _engine(url: str) -> Engine:
    engine = create_engine(_address(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _on_postgresql_begin)
    return engine


def _address(given: str) -> URL:
    """The address of a SQLite or PostgreSQL database, with the driver that is used for it. Raises SettingsError."""
    try:
        url = make_url(given)
    except ArgumentError:
        url = None
    kind = url.get_backend_name() if url is not None else ""
    if url is None or kind not in ("sqlite", "postgresql", "postgres"):
        raise SettingsError(
            "TRIAGE_DATABASE_URL is not the address of a SQLite or PostgreSQL database, such as "
            "postgresql://USER:PASSWORD@HOST/DATABASE. Without it, SQLite in the data directory is used."
        )
    if kind == "sqlite":
        return url
    if find_spec("psycopg") is None:
        raise SettingsError(
            "TRIAGE_DATABASE_URL names a PostgreSQL database, whose driver is not installed. Install the extra `postgresql`: "
            "`uv sync --extra postgresql`, or `pip install 'exception-desk[postgresql]'`."
        )
    return url.set(drivername="postgresql+psycopg")


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself, or BEGIN IMMEDIATE below would come too late.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: Connection) -> None:
    # A writer takes its lock at the start: a read that later turns into a write could fail half way.
    writes = connection.get_execution_options().get("triage_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _on_postgresql_begin(connection: Connection) -> None:
    # SQLite has one writer; here a lock gives the same among all processes, until the end of the transaction: the log
    # is one chain, and what a writer looked up still holds when it writes.
    if connection.get_execution_options().get("triage_write", False):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('triage.writer'))")
