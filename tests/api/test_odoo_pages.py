"""What people see of a live Odoo: how old its mirror is, from when values are, what stock is left and what can be sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agent.proposal import Impact, Lane, Shippable, StockCover
from api.app import create_app
from review.people import add_person
from review.schema import MirrorModel
from tests.api.conftest import Browser
from tests.api.test_pages import text_of
from tests.review.desk import date_change


@pytest.fixture
def robin(desk):
    """Over a desk with a mirror that was complete half an hour ago."""
    with desk.database.write() as session:
        at = datetime.now(UTC) - timedelta(minutes=30)
        session.add(MirrorModel(model="res.partner", fields=[], synced_at=at, change=0))
    add_person(desk.database, "Robin", "supervisor")
    return Browser(create_app(desk.settings, database=desk.database, mirrored=True), "Robin")


def test_every_page_says_how_old_the_mirror_is_and_when_that_is_too_old(desk, robin):
    for path in ("/desk/ready", "/log"):
        html = robin.page(path)
        assert text_of(html, ".as-of") == "Odoo: 30 min ago"
        assert text_of(html, ".as-of.stale")
    with desk.database.write() as session:
        session.get_one(MirrorModel, "res.partner").synced_at = datetime.now(UTC) - timedelta(minutes=2)
    html = robin.page("/desk/ready")
    assert (text_of(html, ".as-of"), text_of(html, ".stale")) == ("Odoo: 2 min ago", "")


def test_an_open_page_is_told_the_age_too(desk, robin):
    told = robin.client.get("/api/pulse").json()["odoo_as_of"]
    assert datetime.now(UTC) - datetime.fromisoformat(told) > timedelta(minutes=29)


def test_readiness_tells_the_age_and_judges_it(desk, robin):
    """An old mirror degrades a service that goes on; one that was never complete makes it unready."""
    ready = robin.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["odoo"]["age_seconds"] > 29 * 60
    with desk.database.write() as session:
        session.get_one(MirrorModel, "res.partner").synced_at = None
    ready = robin.client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["odoo"]["status"]) == (503, "failing")


def test_over_a_snapshot_there_is_no_age(app):
    browser = Browser(app, "Robin")
    assert text_of(browser.page("/desk/ready"), ".as-of") == ""
    assert browser.client.get("/api/pulse").json()["odoo_as_of"] is None


@pytest.mark.parametrize(
    ("held_from", "said"),
    [
        ("odoo", "Odoo was read 2026-11-24 09:00 UTC."),
        ("mirror", "Odoo could not be read; its values are those of 2026-11-24 09:00 UTC."),
    ],
)
def test_a_proposal_says_from_when_its_values_are(desk, robin, held_from, said):
    desk.propose(date_change(held_at="2026-11-24T09:00:00+00:00", held_from=held_from))
    assert said in text_of(robin.page("/desk/ready"), ".record header")


def test_stock_without_the_lines_and_what_can_be_sent_are_shown(desk, robin):
    cover = StockCover(
        product="Desk", on_hand=4, incoming=2, outgoing=9, short=3, short_from="2026-12-05", waiting=["WH/OUT/00007"]
    )
    line = Shippable(line_id=1, product="Lamp", open=8, reserved=3, today=5, incoming=20, incoming_on="2026-12-09")
    desk.propose(date_change(impact=Impact(cover=[cover], shippable=[line]), lane=Lane.ready))
    html = robin.page("/desk/ready")
    first, second = "Desk 4 2 9 3 from 2026-12-05 WH/OUT/00007", "Lamp 8 3 5 20 on 2026-12-09"
    assert text_of(html, ".stock tbody") == f"{first} {second}"
