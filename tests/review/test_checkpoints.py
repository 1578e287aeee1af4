"""Signed checkpoints: what an auditor keeps proves what the log held then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from review import log
from review.checkpoints import CheckpointError, Checkpoints, compare, read_checkpoints
from tests.review.test_log import fill, tamper


@pytest.fixture
def keeper(desk) -> Checkpoints:
    return Checkpoints(desk.settings.data_dir)


def problems(desk, keeper, key=None) -> list[str]:
    return [p.what for p in compare(desk.database, read_checkpoints(keeper.path), key or keeper.public_key())]


def test_an_honest_log_agrees_with_every_checkpoint(desk, keeper):
    assert keeper.make(desk.database) is None
    fill(desk, 3)
    keeper.make(desk.database)
    fill(desk, 3)
    assert keeper.make(desk.database).seq == 6
    assert problems(desk, keeper) == []
    assert keeper.key_path.stat().st_mode & 0o077 == 0


def test_a_log_and_head_that_were_both_rewritten_do_not_fit_a_checkpoint(desk, keeper):
    """Who owns the machine can forge both; not what was signed and kept elsewhere."""
    fill(desk)
    keeper.make(desk.database)
    tamper(desk, "DELETE FROM log_entries", "DELETE FROM log_contents")
    desk.database.head.path.unlink()
    fill(desk)
    with desk.database.read() as session:
        assert log.verify(session, desk.database.head).ok
    assert "the chain was rewritten" in problems(desk, keeper)[0]
    tamper(desk, "DELETE FROM log_entries")
    assert "the log no longer holds it" in problems(desk, keeper)[0]


def test_a_checkpoint_of_another_key_or_with_other_content_is_no_proof(desk, keeper, tmp_path):
    fill(desk)
    keeper.make(desk.database)
    assert "not signed by the desk's key" in problems(desk, keeper, key=Checkpoints(tmp_path).public_key())[0]
    keeper.path.write_text(keeper.path.read_text().replace('"seq":5', '"seq":4'))
    assert "not signed" in problems(desk, keeper)[0]


def test_one_is_made_when_the_last_is_old_and_the_log_has_grown(desk, keeper):
    fill(desk, 1)
    assert keeper.make_due(desk.database, timedelta(hours=1)).seq == 1
    fill(desk, 1)
    assert keeper.make_due(desk.database, timedelta(hours=1)) is None
    assert keeper.make_due(desk.database, timedelta(0)).seq == 2
    assert keeper.make_due(desk.database, timedelta(0)) is None


def test_a_last_line_that_was_not_finished_is_passed_over_and_any_other_is_said(desk, keeper):
    fill(desk, 1)
    keeper.make(desk.database)
    whole = keeper.path.read_text()
    keeper.path.write_text(whole + '{"seq": 2')
    assert len(read_checkpoints(keeper.path)) == 1
    keeper.path.write_text("broken\n" + whole)
    with pytest.raises(CheckpointError, match="line 1 is no checkpoint"):
        read_checkpoints(keeper.path)
    keeper.key_path.write_text("broken")
    with pytest.raises(CheckpointError, match="restore it from a backup"):
        keeper.public_key()
