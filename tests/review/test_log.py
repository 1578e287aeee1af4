"""The log: appended only, chained by hashes, anchored outside of the database."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from review import log
from review.log import VerifyResult

UNLOCKED = ("log_entries_no_update", "log_entries_no_delete", "log_entries_no_replace", "log_contents_no_update")
OF_3 = "WHERE content_hash = (SELECT content_hash FROM log_entries WHERE seq = 3)"
# What somebody with all rights may do to entries 1 to 5, and which entry tells of it.
TAMPERINGS: dict[str, tuple[list[str], int, str]] = {
    "content": ([f"UPDATE log_contents SET content = '{{}}' {OF_3}"], 3, "content was altered"),
    "silenced": ([f"DELETE FROM log_contents {OF_3}"], 3, "no erasure names it"),
    "time": (["UPDATE log_entries SET at = '2020' WHERE seq = 3"], 3, "own fields were altered"),
    "deleted": (["DELETE FROM log_entries WHERE seq = 3"], 4, "Entries 3 to 3 are missing"),
    "truncated": (["DELETE FROM log_entries WHERE seq > 3"], 5, "entries were removed"),
    "emptied": (["DELETE FROM log_entries"], 5, "entries were removed"),
    "reordered": (
        [
            "UPDATE log_entries SET seq = 99 WHERE seq = 2",
            "UPDATE log_entries SET seq = 2 WHERE seq = 3",
            "UPDATE log_entries SET seq = 3 WHERE seq = 99",
        ],
        2,
        "does not follow",
    ),
}


def fill(desk, count=5):
    for number in range(count):
        with desk.database.write() as session:
            log.append(session, "test", f"subject-{number}", {"number": number, "text": "Zürich ☃"})


def check(desk) -> VerifyResult:
    with desk.database.read() as session:
        return log.verify(session, desk.database.head)


def tamper(desk, *statements):
    """What an owner of the database can do: drop the triggers first."""
    with desk.database.write() as session:
        for trigger in UNLOCKED:
            session.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
        for statement in statements:
            session.execute(text(statement))


def test_an_untouched_chain_is_whole(desk):
    """Every entry fits the one before, and the newest is the one that the head file remembers."""
    fill(desk)
    result = check(desk)
    assert result.ok
    assert result.entries == 5
    assert desk.database.head.read() == (5, result.head)


def test_an_empty_log_is_whole(desk):
    """Nothing was written, so nothing can be missing."""
    assert check(desk) == VerifyResult()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_entries SET kind = 'other' WHERE seq = 2",
        "DELETE FROM log_entries WHERE seq = 2",
        "INSERT OR REPLACE INTO log_entries SELECT seq, at, 'other', subject, content_hash, previous_hash,"
        " entry_hash FROM log_entries WHERE seq = 2",
    ],
)
def test_the_database_refuses_to_change_an_entry(desk, statement):
    """Triggers stop UPDATE, DELETE and REPLACE."""
    fill(desk)
    with pytest.raises(IntegrityError, match="append-only"), desk.database.write() as session:
        session.execute(text(statement))
    assert check(desk).ok


@pytest.mark.parametrize(("statements", "seq", "what"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_each_kind_of_tampering_is_found(desk, statements, seq, what):
    """The result names the entry and what is wrong with it."""
    fill(desk)
    tamper(desk, *statements)
    result = check(desk)
    assert not result.ok
    assert any(p.seq == seq and what in p.what for p in result.problems), result.problems


def test_a_chain_that_was_rewritten_whole_does_not_fit_its_head(desk):
    """Somebody who recomputes every hash still cannot change what the head file remembers."""
    fill(desk)
    tamper(desk, "DELETE FROM log_entries")
    with desk.database.write() as session:
        for number in range(5):
            log.append(session, "test", f"forged-{number}", {"number": number})
    result = check(desk)
    assert [p.what for p in result.problems] == [
        "The entry differs from the one that the head file remembers: the chain was rewritten."
    ]


def test_the_end_of_the_chain_can_be_checked_alone(desk):
    """What lies before is taken as it stands; the end and the head still have to fit."""
    fill(desk)
    tamper(desk, "UPDATE log_entries SET kind = 'x' WHERE seq = 2")
    with desk.database.read() as session:
        end = log.verify(session, desk.database.head, newest=2)
    assert (end.entries, end.ok, check(desk).ok) == (2, True, False)
    tamper(desk, "DELETE FROM log_entries WHERE seq = 5")
    with desk.database.read() as session:
        assert not log.verify(session, desk.database.head, newest=2).ok


def test_the_head_only_moves_forward_and_its_file_keeps_its_length(desk):
    """Processes that commit one after the other may come to the file in another order."""
    head = desk.database.head
    for seq in (9, 10, 8):
        head.advance(seq, f"{seq:064d}")
        assert head.path.stat().st_size == log.HEAD_BYTES
    assert head.read() == (10, f"{10:064d}")


def test_a_missing_or_broken_head_file_is_said(desk):
    """Without the head, a shortened log cannot be told from a whole one."""
    fill(desk)
    desk.database.head.path.write_text("not json")
    assert "is not a log head" in check(desk).problems[0].what
    desk.database.head.path.unlink()
    assert "is missing" in check(desk).problems[0].what


def test_a_rolled_back_entry_leaves_neither_row_nor_head(desk):
    """The entry belongs to the transaction of what it tells about."""
    fill(desk, 2)

    def fail():
        with desk.database.write() as session:
            log.append(session, "test", "lost", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert check(desk).entries == 2
    assert desk.database.head.read().seq == 2


def test_canonical_json_does_not_depend_on_key_order():
    """One value has one text, so one hash."""
    assert log.canonical({"b": 1, "a": [True, None, "ü"]}) == '{"a":[true,null,"ü"],"b":1}'
    assert log.canonical(json.loads('{"a": 1, "b": 2}')) == log.canonical({"b": 2, "a": 1})
