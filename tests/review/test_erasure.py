"""Erasing what a message told of persons: gone from rows, bytes and log, and the chain is whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from review import log
from review.decisions import RejectReason, approve, reject
from review.erasure import StillNeeded, erase_message, erase_old
from review.queue import find
from tests.review.desk import ROBIN, ScriptedEngine, date_change, mail
from tests.review.test_log import check, tamper

SECRET = "Ann Porter"


def told(desk) -> str:
    """Everything that the database holds, as text."""
    with desk.database.read() as session:
        tables = ("messages", "proposals", "decisions", "handoffs", "log_contents", "search_texts")
        return " ".join(str(row) for t in tables for row in session.execute(text(f"SELECT * FROM {t}")))


@pytest.fixture
def message_id(desk) -> str:
    """A message that names a person everywhere, and was decided on."""
    said = mail(f"{SECRET}: later.", subject=f"{SECRET} writes")
    proposal = date_change(reasons=[f"{SECRET} is known."])
    proposal.actions[1].draft = f"Dear {SECRET}"
    made = desk.take(said, ScriptedEngine(proposal))
    approve(desk.database, f"{made[:20]}-0", version=1, who=ROBIN, undo=timedelta(0))
    return made


def test_nothing_of_the_person_is_left_and_the_chain_is_whole(desk, message_id):
    assert SECRET in told(desk)
    gone = erase_message(desk.database, desk.store, message_id, who="Ann", why="asked for it")
    assert gone >= 4
    assert SECRET not in told(desk)
    assert not desk.store.path(message_id).exists()
    result = check(desk)
    assert result.ok, result.problems
    assert result.erased == gone


def test_what_was_decided_stays_for_the_figures(desk, message_id):
    erase_message(desk.database, desk.store, message_id, who="Ann", why="asked for it")
    with desk.database.read() as session:
        row, message = find(session, f"{message_id[:20]}-0")
        assert (row.state, row.intent, row.record_name) == ("approved", "delivery_date_change", "P00041")
        assert [a["name"] for a in row.body["actions"]] == ["update_delivery_date", "notify_customer"]
        assert message.read is None
        assert log.of_subject(session, message_id)[0].content == "null"


def test_what_is_open_or_under_way_is_not_erased(desk):
    open_id = desk.take(mail("one"), ScriptedEngine(date_change()))
    with pytest.raises(StillNeeded, match="decide on it first"):
        erase_message(desk.database, desk.store, open_id, who="Ann", why="asked")
    assert desk.store.get(open_id)


def test_after_the_retention_finished_messages_go_and_open_ones_stay(desk, message_id):
    """Once each, oldest first."""
    open_id = desk.take(mail("still open"), ScriptedEngine(date_change(None)))
    assert erase_old(desk.database, desk.store, timedelta(days=36500)) == 0
    assert erase_old(desk.database, desk.store, timedelta(0)) in (1, 2)
    assert erase_old(desk.database, desk.store, timedelta(0)) == 0
    assert SECRET not in told(desk)
    assert desk.store.path(open_id).exists()
    reject(desk.database, f"{open_id[:20]}-0", version=1, who=ROBIN, reason=RejectReason.not_needed)
    assert erase_old(desk.database, desk.store, timedelta(0)) == 1


def test_an_erased_text_cannot_be_put_back_changed_and_its_erasure_cannot_be_denied(desk, message_id):
    """The hash stays in the chain: another text does not fit it."""
    with desk.database.read() as session:
        entry = log.of_subject(session, message_id)[0]
        key = entry.content_hash
    erase_message(desk.database, desk.store, message_id, who="Ann", why="asked for it")
    tamper(desk, f"INSERT INTO log_contents (content_hash, salt, content) VALUES ('{key}', '', '[]')")
    assert [p.what for p in check(desk).problems] == ["The content was altered after it was written."]
