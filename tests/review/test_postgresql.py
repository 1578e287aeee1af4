"""The same rows on a real PostgreSQL, where several processes write at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review import log
from review.database import Database
from review.exclusive import Busy, exclusive
from review.intake import Delivery, KeyReused, receive_all
from review.raw_store import RawStore
from review.schema import MessageRow
from tests.postgres_server import Postgres, binary
from tests.review.test_log import TAMPERINGS
from tools.message import Channel

WRITERS = 4
ROUNDS = 15
pytestmark = pytest.mark.skipif(binary("initdb") is None, reason="PostgreSQL is not installed (postgresql)")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    running = Postgres()
    yield running
    running.close()


@pytest.fixture
def desks(server: Postgres, tmp_path: Path) -> Iterator[list[Database]]:
    """One database, opened by as many writers that know nothing of each other, as processes are."""
    url = server.database()
    opened = [Database(url, tmp_path / "log.head") for _ in range(WRITERS)]
    yield opened
    for database in opened:
        database.close()


def at_once(desks: list[Database], work: Callable[[Database, int], object]) -> list[object]:
    """What each writer gets when all begin at the same moment."""
    start = Barrier(len(desks))

    def one(number: int) -> object:
        start.wait()
        return work(desks[number], number)

    with ThreadPoolExecutor(len(desks)) as pool:
        return list(pool.map(one, range(len(desks))))


def deliver(database: Database, store: RawStore, raw: bytes, key: str) -> object:
    [outcome] = receive_all(database, store, [Delivery(raw, Channel.portal, datetime.now(UTC), "key:1", key)])
    return outcome


def test_work_that_one_does_at_a_time(desks):
    with exclusive(desks[0], "work"), pytest.raises(Busy), exclusive(desks[1], "work"):
        pass
    with exclusive(desks[1], "work"):
        pass


def test_the_usual_spelling_of_an_address_is_understood(server, tmp_path):
    url = server.database().replace("postgresql+psycopg://", "postgres://")
    database = Database(url, tmp_path / "log.head")
    assert database.engine.dialect.driver == "psycopg"
    database.close()


def test_a_key_that_comes_to_several_processes_at_once_is_one_message(desks, tmp_path):
    """With the same body all get its id; with bodies of their own one does, and the others are refused."""
    store = RawStore(tmp_path / "raw")
    for number in range(ROUNDS):
        same = at_once(desks, lambda database, _, n=number: deliver(database, store, b"same %d" % n, f"same-{n}"))
        assert len(set(same)) == 1
        assert isinstance(same[0], str)
        others = at_once(desks, lambda database, i, n=number: deliver(database, store, b"%d %d" % (n, i), f"own-{n}"))
        assert [isinstance(outcome, KeyReused) for outcome in others].count(False) == 1
    with desks[0].read() as session:
        assert session.scalar(select(func.count()).select_from(MessageRow)) == 2 * ROUNDS
        assert log.verify(session, desks[0].head).ok


def test_the_log_cannot_be_changed_there_either(desks):
    with desks[0].write() as session:
        log.append(session, "test", "1", {"n": 1})
    refused = ("UPDATE log_entries SET kind = 'x'", "DELETE FROM log_entries", "TRUNCATE log_entries")
    for change in (*refused, "UPDATE log_contents SET content = '{}'", "TRUNCATE log_contents"):
        with pytest.raises(Exception, match=r"append-only|never changed"), ExitStack() as stack:
            stack.enter_context(desks[0].write()).connection().exec_driver_sql(change)


@contextmanager
def tampered(database: Database, statements: list[str]) -> Iterator[Session]:
    """The rows after what an owner of the database may do; taken back at the end."""
    with database.engine.connect() as connection:
        for table in ("log_entries", "log_contents"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            connection.exec_driver_sql(statement)
        yield Session(connection)
        connection.rollback()


def test_each_kind_of_tampering_is_found_there_too(desks):
    for number in range(5):
        with desks[0].write() as session:
            log.append(session, "test", f"subject-{number}", {"number": number})
    for name, (statements, seq, what) in TAMPERINGS.items():
        with tampered(desks[0], statements) as session:
            problems = log.verify(session, desks[0].head).problems
        assert any(p.seq == seq and what in p.what for p in problems), (name, problems)
    with desks[0].read() as session:
        assert log.verify(session, desks[0].head).ok
