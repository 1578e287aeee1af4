"""An engine works on while the other one follows the records, and is never on an index that is being written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from agent.proposal import Triage
from agent.taught import NOTHING, Taught
from review.renewed_engine import RenewedEngine
from tools.message import Channel, Message
from tools.records import RecordReader
from tools.snapshot import SnapshotReader

MESSAGE = Message(id="1", channel=Channel.email, received_at="2026-11-24T09:00:00Z")


class Telling:
    """Says how many partners there were when it was built or followed; `triage` lasts until it is let go."""

    def __init__(self, reader: RecordReader, folder: Path) -> None:
        self.folder = folder
        self.entered, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()
        self.follow(reader)

    def follow(self, reader: RecordReader) -> None:
        self.partners = reader.search_count("res.partner")

    def triage(self, message: Message, taught: Taught = NOTHING) -> Triage:
        self.entered.set()
        assert self.may_end.wait(10)
        return Triage(message_id=str(self.partners))

    def rehearse(self, message: Message, taught: Taught) -> Triage:
        return self.triage(message, taught)


class Company:
    """Of one partner more each time that it is read."""

    def __init__(self) -> None:
        self.partners = 0
        self.built: list[Telling] = []
        self.may_build = threading.Event()
        self.may_build.set()

    def read(self) -> RecordReader:
        self.partners += 1
        return SnapshotReader({"res.partner": [{"id": i} for i in range(1, self.partners + 1)]})

    def build(self, reader: RecordReader, folder: Path) -> Telling:
        assert self.may_build.wait(10)
        self.built.append(Telling(reader, folder))
        return self.built[-1]


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def engine(company: Company, tmp_path: Path) -> RenewedEngine:
    return RenewedEngine(company.read, company.build, tmp_path)


def used(engine: RenewedEngine) -> str:
    return engine.triage(MESSAGE).message_id


def test_the_present_engine_answers_until_the_next_is_ready(engine, company):
    company.may_build.clear()
    renewal = threading.Thread(target=engine.renew)
    renewal.start()
    assert used(engine) == "1"
    company.may_build.set()
    renewal.join(10)
    assert used(engine) == "2"


def test_two_engines_take_turns_each_in_a_folder_of_its_own(engine, company):
    """After the first two, none is built: they follow."""
    answers = [used(engine)]
    for _ in range(3):
        engine.renew()
        answers.append(used(engine))
    assert answers == ["1", "2", "3", "4"]
    assert len({built.folder for built in company.built}) == len(company.built) == 2


def test_an_index_that_is_still_searched_is_not_written(engine, company):
    """A triage that lasts over two renewals holds the second of them up."""
    first = company.built[0]
    first.may_end.clear()
    slow = threading.Thread(target=used, args=(engine,))
    slow.start()
    assert first.entered.wait(10)
    engine.renew()
    second = threading.Thread(target=engine.renew)
    second.start()
    second.join(0.2)
    assert first.partners == 1
    first.may_end.set()
    second.join(10)
    slow.join(10)
    assert first.partners == 3


def test_where_the_next_cannot_follow_the_present_one_stays_and_another_is_built(engine, company, monkeypatch):
    engine.renew()

    def fails(reader: RecordReader) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(company.built[0], "follow", fails)
    with pytest.raises(OSError, match="disk full"):
        engine.renew()
    assert used(engine) == "2"
    engine.renew()
    assert used(engine) == "4"
    assert len(company.built) == 3
