"""Where things are kept: tables, settings and raw bytes."""

from __future__ import annotations

import os
import stat
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from review.database import Database, open_database
from review.raw_store import RawStore
from review.schema import Base, MessageRow, ProposalRow
from review.settings import Settings, SettingsError
from tests.review.desk import START


def test_the_migrations_make_the_tables_that_the_code_expects(desk):
    """Nothing is left for a migration to do. SQLite's full-text index consists of tables that only SQLite knows."""

    def ours(name: str | None, kind: str, parents: object) -> bool:
        return not (kind == "table" and name is not None and name.startswith("search_index"))

    with desk.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours})
        assert compare_metadata(context, Base.metadata) == []


def test_opening_a_desk_again_changes_nothing(desk):
    """Migrations run at every start."""
    proposal_id = desk.propose()
    again = open_database(desk.settings)
    with again.read() as session:
        assert session.get_one(ProposalRow, proposal_id).state == "open"
    again.close()


def test_what_was_answered_is_on_disk(desk):
    """WAL, synced with every commit, with foreign keys."""
    with desk.database.read() as session:
        asked = {
            name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_proposal_without_its_message_is_refused(desk):
    """Foreign keys hold."""
    body = {"id": "x-0", "message_id": "x", "ordinal": 0, "intent": "unclear", "lane": "manual", "confidence": 0.0}
    with pytest.raises(IntegrityError), desk.database.write() as session:
        session.add(ProposalRow(**body, body={}, created_at=START))


def test_a_moment_without_time_zone_is_refused(desk):
    """What it would mean depends on the machine."""
    naive = START.replace(tzinfo=None)
    with pytest.raises(Exception, match="time zone"), desk.database.write() as session:
        session.add(MessageRow(id="x", channel="email", received_at=naive, stored_at=START))


def test_writers_wait_for_each_other(desk):
    """Many threads at once: none fails, none is lost."""
    ids = [f"{n}" for n in range(12)]

    def add(message_id: str) -> None:
        with desk.database.write() as session:
            session.add(MessageRow(id=message_id, channel="email", received_at=START, stored_at=START))

    threads = [threading.Thread(target=add, args=(i,)) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with desk.database.read() as session:
        assert session.query(MessageRow).count() == len(ids)


def test_the_session_secret_is_made_once_and_for_the_owner_alone(tmp_path):
    """Mode 0600, and the same after a restart."""
    settings = Settings(data_dir=tmp_path)
    secret = settings.session_secret()
    assert len(secret) >= 32
    assert Settings(data_dir=tmp_path).session_secret() == secret
    assert stat.S_IMODE(os.stat(tmp_path / "session.secret").st_mode) == 0o600


def test_a_short_secret_of_the_operator_is_refused(tmp_path):
    """With the file to change."""
    (tmp_path / "secret").write_text("short")
    with pytest.raises(SettingsError, match="fewer than 32"):
        Settings(session_secret_file=tmp_path / "secret").session_secret()


def test_settings_come_from_the_environment(monkeypatch):
    """Prefix TRIAGE_."""
    monkeypatch.setenv("TRIAGE_PORT", "9000")
    monkeypatch.setenv("TRIAGE_DATABASE_URL", "sqlite:////tmp/x.db")
    assert (Settings().port, Settings().url) == (9000, "sqlite:////tmp/x.db")
    assert Settings(host="::1", port=1).public_url == "http://[::1]:1"


@pytest.mark.parametrize("url", ["mysql://ann:geheim@db/desk", "geheim", "nonsense://geheim", ""])
def test_another_kind_of_database_is_said_without_its_password(tmp_path, url):
    with pytest.raises(SettingsError, match="SQLite or PostgreSQL") as caught:
        Database(url, tmp_path / "log.head")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_a_driver_that_is_not_installed_is_named_by_its_extra(tmp_path, monkeypatch, scheme):
    monkeypatch.setattr("review.database.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"exception-desk\[postgresql\]"):
        Database(f"{scheme}://desk@db/desk", tmp_path / "log.head")


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "g" * 64, "a" * 63])
def test_only_hashes_name_raw_bytes(tmp_path, digest):
    """No path leads out of the store."""
    with pytest.raises(ValueError, match="not a SHA-256"):
        RawStore(tmp_path).get(digest)


def test_many_are_kept_together_each_under_its_hash(tmp_path):
    """Some twice, some known before, or none at all."""
    store = RawStore(tmp_path / "raw")
    assert store.put_all([]) == []
    known = store.put(b"0")
    raws = [b"%d" % n for n in (*range(50), 7)]
    digests = store.put_all(raws)
    assert digests[0] == known
    assert [store.get(digest) for digest in digests] == raws
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 50


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    """Neither a half file under its hash nor a temporary one."""
    store = RawStore(tmp_path)
    monkeypatch.setattr("review.raw_store.os.fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        store.put(b"x")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
