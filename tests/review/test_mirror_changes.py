"""The mirror tells what changed since a version, so that what is built over it follows at the cost of the change."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from agent.order_store import OrderStore
from review.mirror import MirrorReader
from review.sync import sync
from tests.agent.test_order_store import contents
from tests.review.desk import Desk
from tests.review.odoo import FakeOdoo

ORDER, LINE, PARTNER = "purchase.order", "purchase.order.line", "res.partner"


@pytest.fixture
def odoo() -> FakeOdoo:
    made = FakeOdoo()
    for partner in (1, 2):
        made.write(PARTNER, partner, name=f"Partner {partner}")
    for order in range(1, 9):
        made.write(ORDER, order, name=f"P{order}", partner_id=1 + order % 2, state="purchase")
        made.write(LINE, order * 10, order_id=order, product_qty=5.0, qty_received=0.0)
    made.later(hours=1)
    return made


def synced(desk: Desk, odoo: FakeOdoo) -> MirrorReader:
    """The mirror after a sync that also finds deletions."""
    odoo.later(minutes=1)
    sync(desk.database, odoo, reconcile_every=timedelta(0), now=lambda: odoo.now)
    return MirrorReader(desk.database)


def test_what_came_changed_or_went_since_a_version(desk, odoo):
    version = synced(desk, odoo).version()
    odoo.write(ORDER, 1, name="P1 new")
    odoo.write(LINE, 99, order_id=1, product_qty=1.0)
    odoo.delete(LINE, 30)
    between = synced(desk, odoo)
    assert between.changes_since(version) == {ORDER: {1}, LINE: {10, 30, 99}}, "line 10 shows the name of its order"
    odoo.write(ORDER, 2, state="cancel")
    assert synced(desk, odoo).changes_since(between.version()) == {ORDER: {2}}
    assert between.changes_since(between.version()) == {ORDER: {2}}, "also what came after the reader was opened"


def test_a_row_that_went_and_came_again_has_changed(desk, odoo):
    version = synced(desk, odoo).version()
    odoo.delete(LINE, 30)
    synced(desk, odoo)
    odoo.write(LINE, 30, order_id=3, product_qty=5.0)
    reader = synced(desk, odoo)
    assert reader.changes_since(version) == {LINE: {30}}
    assert [row["id"] for row in reader.read(LINE, [30])] == [30]


def test_of_another_mirror_nothing_can_be_told(desk, odoo, tmp_path):
    """As where the database was lost and filled anew, or brought back from a backup."""
    lost = Desk(tmp_path / "lost")
    version = synced(lost, odoo).version()
    lost.database.close()
    fresh = synced(desk, odoo)
    assert fresh.changes_since(version) is None
    assert MirrorReader(desk.database).changes_since(f"{fresh.version()}0") is None
    assert fresh.changes_since("snapshot") is None
    assert fresh.changes_since("mirror-") is None


def test_a_mirror_without_rows_tells_nothing(desk):
    reader = MirrorReader(desk.database)
    assert reader.changes_since(reader.version()) is None


def test_an_order_store_that_follows_the_mirror_holds_what_one_read_anew_holds(desk, odoo):
    chance = random.Random(3)
    store = OrderStore()
    store.follow(synced(desk, odoo))
    for _ in range(6):
        for _ in range(chance.randrange(1, 4)):
            order = chance.randrange(1, 12)
            held = {row["id"] for row in odoo.search_read(LINE)}
            line = chance.choice([*held, 200 + order])
            if chance.random() < 0.3 and line in held:
                odoo.delete(LINE, line)
            elif chance.random() < 0.5:
                odoo.write(LINE, line, order_id=order, product_qty=5.0, qty_received=chance.choice([0.0, 5.0]))
            else:
                odoo.write(ORDER, order, name=f"P{order}-{chance.randrange(3)}", partner_id=1, state="purchase")
        reader = synced(desk, odoo)
        assert store.follow(reader) is not None
        anew = OrderStore()
        anew.follow(reader)
        assert contents(store) == contents(anew)
