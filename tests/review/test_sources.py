"""What an operator learns of each folder that mail comes from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from review.schema import MailboxCursor
from review.settings import Settings, SettingsError
from review.sources import Source, mailbox_check, sources
from tests.review.desk import Desk

MAILBOXES = """\
mailboxes:
  orders: {host: imap.example.com, user: a@us.example, password_env: SECRET, folders: [INBOX, Rush], poll_seconds: 60}
  scans: {kind: folder, path: /srv/drop}
"""


def seen(desk: Desk, folder: Path, *cursors: MailboxCursor) -> dict[str, Source]:
    """The sources by folder, after the threads wrote `cursors` down."""
    file = folder / "mailboxes.yaml"
    file.write_text(MAILBOXES)
    with desk.database.write() as session:
        session.add_all(cursors)
    with desk.database.read() as session:
        return {source.folder: source for source in sources(session, Settings(mailboxes=file))}


def cursor(folder: str, minutes: float | None, problem: str | None = None, account: str = "orders") -> MailboxCursor:
    looked_at = None if minutes is None else datetime.now(UTC) - timedelta(minutes=minutes)
    return MailboxCursor(account=account, folder=folder, looked_at=looked_at, problem=problem)


def test_a_folder_works_fails_is_silent_or_was_not_looked_at_yet(desk, tmp_path):
    found = seen(desk, tmp_path, cursor("INBOX", 1), cursor("Rush", 300, "imap.example.com refuses a@us.example."))
    assert {name: source.state for name, source in found.items()} == {
        "INBOX": "working", "Rush": "failing", "/srv/drop": "new",
    }  # fmt: skip
    assert (found["Rush"].problem, found["INBOX"].next_step) == ("imap.example.com refuses a@us.example.", "")
    assert "triage mailbox check orders" in found["Rush"].next_step


def test_a_folder_that_nothing_was_noted_of_for_long_is_silent(desk, tmp_path):
    assert seen(desk, tmp_path, cursor("INBOX", 20))["INBOX"].state == "silent"


def test_trouble_stands_first_and_what_is_no_longer_connected_is_not_shown(desk, tmp_path):
    found = seen(desk, tmp_path, cursor("INBOX", 1), cursor("Rush", 1, "Gone."), cursor("Old", 1, "Gone."))
    assert list(found) == ["Rush", "/srv/drop", "INBOX"]


def test_a_mistake_in_the_file_is_said(desk, tmp_path):
    (tmp_path / "mailboxes.yaml").write_text("mailboxes: 1")
    with desk.database.read() as session, pytest.raises(SettingsError, match=r"mailboxes\.yaml"):
        sources(session, Settings(mailboxes=tmp_path / "mailboxes.yaml"))


def test_readiness_is_degraded_by_a_mailbox_in_trouble_and_names_nobody(desk, tmp_path):
    seen(desk, tmp_path, cursor("INBOX", 1), cursor("Rush", 1))
    settings = Settings(mailboxes=tmp_path / "mailboxes.yaml")
    assert mailbox_check(desk.database, settings).status == "ok"
    with desk.database.write() as session:
        session.get_one(MailboxCursor, ("orders", "Rush")).problem = "imap.example.com refuses a@us.example."
    found = mailbox_check(desk.database, settings)
    assert (found.status, found.detail.startswith("1 of 3 folders"), "example" in found.detail) == (
        "degraded",
        True,
        False,
    )
