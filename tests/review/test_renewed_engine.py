"""An engine works on while its successor is built, and never on an index that is being written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from agent.proposal import Triage
from review.renewed_engine import RenewedEngine
from tools.message import Channel, Message

MESSAGE = Message(id="1", channel=Channel.email, received_at="2026-11-24T09:00:00Z")


class Numbered:
    """Says which one it is; `triage` lasts until it is let go."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number, self.folder = number, folder
        self.entered, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()

    def triage(self, message: Message) -> Triage:
        self.entered.set()
        assert self.may_end.wait(10)
        return Triage(message_id=str(self.number))


class Builder:
    def __init__(self) -> None:
        self.built: list[Numbered] = []
        self.may_build = threading.Event()
        self.may_build.set()

    def __call__(self, folder: Path) -> Numbered:
        assert self.may_build.wait(10)
        self.built.append(Numbered(len(self.built), folder))
        return self.built[-1]


def used(engine: RenewedEngine) -> str:
    return engine.triage(MESSAGE).message_id


def test_the_present_engine_answers_until_the_next_is_ready(tmp_path):
    build = Builder()
    engine = RenewedEngine(build, tmp_path)
    build.may_build.clear()
    renewal = threading.Thread(target=engine.renew)
    renewal.start()
    assert used(engine) == "0"
    build.may_build.set()
    renewal.join(10)
    assert used(engine) == "1"


def test_two_folders_take_turns(tmp_path):
    build = Builder()
    engine = RenewedEngine(build, tmp_path)
    for _ in range(3):
        engine.renew()
    folders = [numbered.folder for numbered in build.built]
    assert folders[0] == folders[2] != folders[1] == folders[3]


def test_an_index_that_is_still_searched_is_not_written(tmp_path):
    """A triage that lasts over two renewals holds the second of them up."""
    build = Builder()
    engine = RenewedEngine(build, tmp_path)
    first = build.built[0]
    first.may_end.clear()
    slow = threading.Thread(target=used, args=(engine,))
    slow.start()
    assert first.entered.wait(10)
    engine.renew()
    second = threading.Thread(target=engine.renew)
    second.start()
    second.join(0.2)
    assert len(build.built) == 2
    first.may_end.set()
    second.join(10)
    slow.join(10)
    assert len(build.built) == 3


def test_where_the_next_cannot_be_built_the_present_one_stays(tmp_path):
    build = Builder()
    engine = RenewedEngine(build, tmp_path)

    def fails(folder: Path) -> Numbered:
        raise OSError("disk full")

    engine._build = fails
    with pytest.raises(OSError, match="disk full"):
        engine.renew()
    assert used(engine) == "0"
