"""Files in binary formats are opened in a process of their own, which may die."""

from __future__ import annotations

import pytest

from tools import sandbox
from tools.file_text import Unreadable
from tools.limits import ReadingLimits


def test_one_process_serves_many_files():
    for _ in range(2):
        with pytest.raises(Unreadable, match="broken"):
            sandbox.read_in_sandbox("pdf", b"%PDF-1.7", ReadingLimits())
    first = sandbox._child
    with pytest.raises(Unreadable, match="broken"):
        sandbox.read_in_sandbox("spreadsheet", b"PK", ReadingLimits())
    assert sandbox._child is first


def test_a_crash_is_a_sentence_and_the_next_file_is_read_again():
    with pytest.raises(Unreadable, match="broken"):
        sandbox.read_in_sandbox("pdf", b"%PDF-1.7", ReadingLimits())
    assert sandbox._child is not None
    sandbox._child.process.kill()
    with pytest.raises(Unreadable, match=r"crashed|broken"):
        sandbox.read_in_sandbox("pdf", b"%PDF-1.7", ReadingLimits())
    with pytest.raises(Unreadable, match="broken"):
        sandbox.read_in_sandbox("pdf", b"%PDF-1.7", ReadingLimits())


def test_a_child_that_does_not_answer_is_ended(monkeypatch):
    monkeypatch.setattr(sandbox, "_START_SECONDS", 0.0)
    sandbox._drop()
    with pytest.raises(Unreadable, match="longer than"):
        sandbox.read_in_sandbox("pdf", b"%PDF-1.7", ReadingLimits(seconds=0.000_001))
    assert sandbox._child is None
