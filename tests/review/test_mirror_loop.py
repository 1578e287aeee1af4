"""What stands on the mirror is renewed when the mirror changed; while Odoo is away, all goes on."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from review.exclusive import exclusive
from review.mirror import MirrorReader, mirror_version
from review.mirror_loop import MirrorLoop
from review.sync import sync
from tests.review.desk import Desk
from tests.review.odoo import FakeOdoo


@pytest.fixture
def odoo() -> FakeOdoo:
    made = FakeOdoo()
    made.now = datetime.now(UTC)
    made.write("res.partner", 1, name="Trosse GmbH")
    return made


def loop(desk: Desk, odoo: FakeOdoo, renewals: list[str], every: float = 60.0) -> MirrorLoop:
    def renew() -> None:
        renewals.append(MirrorReader(desk.database).version())

    version = mirror_version(desk.database)
    return MirrorLoop(desk.database, odoo, renew, renewed=version, every=every, reconcile_every=timedelta(hours=1))


def test_a_change_renews_once(desk, odoo):
    renewals: list[str] = []
    following = loop(desk, odoo, renewals)
    for _ in range(2):
        following.step()
    assert len(renewals) == 1
    odoo.write("res.partner", 1, name="Tau AG")
    following.step()
    assert renewals[1:] == [mirror_version(desk.database)]


def test_after_a_long_renewal_the_next_one_waits(desk, odoo, monkeypatch):
    """Of a mirror that changes all the time, at most a fifth of the time goes into renewing."""
    clock = [0.0]
    monkeypatch.setattr("review.mirror_loop.time.monotonic", lambda: clock[0])
    renewals: list[float] = []

    def renew() -> None:
        renewals.append(clock[0])
        clock[0] += 30.0

    version = mirror_version(desk.database)
    every = timedelta(hours=1)
    following = MirrorLoop(desk.database, odoo, renew, renewed=version, every=60.0, reconcile_every=every)
    for minute in range(8):
        clock[0] = max(clock[0], 60.0 * minute)
        odoo.write("res.partner", 1, name=f"Name {minute}")
        following.step()
    assert renewals == [0.0, 180.0, 360.0]


def test_while_odoo_is_away_it_is_said_once_and_once_when_it_is_back(desk, odoo, caplog):
    caplog.set_level(logging.WARNING)
    renewals: list[str] = []
    following = loop(desk, odoo, renewals)
    odoo.calls_left = 0
    for _ in range(3):
        following.step()
    odoo.calls_left = None
    for _ in range(2):
        following.step()
    said = [record.getMessage() for record in caplog.records if record.name == "review.mirror_loop"]
    assert [text.split(";")[0].split(".")[0] for text in said] == ["Odoo cannot be followed", "Odoo is followed again"]
    assert len(renewals) == 1


def test_what_came_before_odoo_went_away_is_taken_up(desk, odoo):
    renewals: list[str] = []
    following = loop(desk, odoo, renewals)
    odoo.calls_left = 60
    following.step()
    odoo.write("res.partner", 1, name="Tau AG")
    odoo.calls_left = 12
    following.step()
    assert len(renewals) == 2


def test_what_another_process_brings_is_taken_up(desk, odoo, caplog):
    renewals: list[str] = []
    following = loop(desk, odoo, renewals)
    sync(desk.database, odoo)
    odoo.calls.clear()
    with exclusive(desk.database, "odoo-sync"):
        following.step()
    assert (len(renewals), odoo.calls.total(), caplog.text) == (1, 0, "")


def test_the_thread_follows_until_it_is_stopped(desk, odoo):
    renewals: list[str] = []
    with loop(desk, odoo, renewals, every=0.01) as following:
        for _ in range(1000):
            if renewals:
                break
            following.stopping.wait(0.01)
    assert renewals
    count = sum(odoo.calls.values())
    following._thread.join(0.1)
    assert sum(odoo.calls.values()) == count
