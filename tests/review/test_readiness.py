"""The service is as well as the worst of its checks, and a check that fails takes no other with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from review.readiness import Finding, Status, database_check, look, mirror_check
from review.schema import MirrorModel
from review.settings import Settings

TEN_MINUTES = timedelta(minutes=10)


def finds(status: Status):
    return lambda: Finding(status)


@pytest.mark.parametrize(
    ("seen", "worst"),
    [
        ([], "ok"),
        (["ok", "ok"], "ok"),
        (["ok", "degraded", "ok"], "degraded"),
        (["failing", "degraded", "ok"], "failing"),
    ],
)
def test_the_worst_counts(seen, worst):
    status, found = look({f"{n}": finds(Status(name)) for n, name in enumerate(seen)})
    assert (status, [finding.status for finding in found.values()]) == (worst, seen)


def test_a_check_that_raises_is_failing_and_tells_strangers_nothing():
    def broken() -> Finding:
        raise OSError("disk /secret is gone")

    status, found = look({"disk": broken, "other": finds(Status.ok)})
    assert (status, found["other"].status) == ("failing", "ok")
    assert "secret" not in found["disk"].detail


def test_a_database_that_does_not_answer_is_failing(desk, monkeypatch):
    assert database_check(desk.database).status == "ok"
    monkeypatch.setattr(desk.database, "read", lambda: (_ for _ in ()).throw(OSError("gone")))
    assert look({"database": lambda: database_check(desk.database)})[0] == "failing"


@pytest.mark.parametrize(
    ("minutes", "status", "said"), [(None, "failing", "in whole yet"), (9, "ok", ""), (31, "degraded", "for 31 min")]
)
def test_the_mirror_is_as_well_as_it_is_young(desk, minutes, status, said):
    at = None if minutes is None else datetime.now(UTC) - timedelta(minutes=minutes)
    with desk.database.write() as session:
        session.add(MirrorModel(model="res.partner", fields=[], synced_at=at, change=0))
    found = mirror_check(desk.database, TEN_MINUTES)
    assert found.status == status
    assert said in found.detail
    assert found.age_seconds is None if minutes is None else abs(found.age_seconds - 60 * minutes) < 30


def test_a_mirror_that_is_seldom_followed_is_not_old_at_once():
    """Old is what missed several looks in a row."""
    assert Settings(odoo_sync_seconds=60).odoo_stale_after == TEN_MINUTES
    assert Settings(odoo_sync_seconds=3600).odoo_stale_after == timedelta(hours=3)
