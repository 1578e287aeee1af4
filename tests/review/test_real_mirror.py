"""Against a real Odoo server: the mirror follows what is done there, records are read live, portal posts come in."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from agent.held import read_held
from agent.impact import impact
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, SALE
from agent.proposal import Fields, LineFields
from review.mail_rows import SourceRows
from review.mirror import MirrorReader
from review.mirrored import MIRRORED, MOVING
from review.odoo_portal import take_posts
from review.schema import MessageRow
from review.sync import Synced, sync
from tests.real_odoo import PREFIX, WITHOUT, as_admin, real_settings
from tests.review.desk import Desk
from tools.message import Channel
from tools.odoo.connect import connect
from tools.odoo.reader import OdooReader
from tools.reading import read_message

pytestmark = WITHOUT
LINE = f"{PURCHASE}.line"


@dataclass
class World:
    """A supplier's order of 10 pieces that come on 1 December, and a customer who was promised 4 of them on the 5th."""

    supplier: int
    product: int
    purchase: int
    purchase_line: int
    sale: int


@pytest.fixture(scope="module")
def world() -> World:
    mark = uuid4().hex[:8]
    supplier = as_admin("res.partner", "create", {"name": f"Rope {mark}", "email": f"rope@{mark}.example"})
    customer = as_admin("res.partner", "create", {"name": f"Boats {mark}"})
    product = as_admin("product.product", "create", {"name": f"Cleat {mark}", **storable()})
    bought = {"product_id": product, "product_qty": 10, "price_unit": 5.0, "date_planned": "2026-12-01 10:00:00"}
    purchase = as_admin(PURCHASE, "create", {"partner_id": supplier, "order_line": [(0, 0, bought)]})
    as_admin(PURCHASE, "button_confirm", [purchase])
    sold = {"product_id": product, "product_uom_qty": 4, "price_unit": 9.0}
    promised = {"partner_id": customer, "commitment_date": "2026-12-05 10:00:00", "order_line": [(0, 0, sold)]}
    sale = as_admin(SALE, "create", promised)
    as_admin(SALE, "action_confirm", [sale])
    [line] = as_admin(LINE, "search", [("order_id", "=", purchase)])
    [receipt] = as_admin("stock.move", "search", [("purchase_line_id", "=", line)])
    [delivery] = as_admin("stock.move", "search", [("sale_line_id.order_id", "=", sale)])
    as_admin("stock.move", "write", [receipt], {"move_dest_ids": [(4, delivery)]})
    return World(supplier, product, purchase, line, sale)


def storable() -> dict[str, Any]:
    """What makes a product one that is kept in stock: a type of its own until Odoo 17, a mark on goods since."""
    known = as_admin("product.product", "fields_get", ["is_storable"])
    return {"type": "consu", "is_storable": True} if known else {"type": "product"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> OdooReader:
    return connect(real_settings(tmp_path_factory.mktemp("key")))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, world: World, live: OdooReader) -> Iterator[Desk]:
    """With a mirror of everything."""
    made = Desk(tmp_path_factory.mktemp("desk"))
    follow(made, live)
    yield made
    made.database.close()


def follow(desk: Desk, live: OdooReader, *, reconcile: bool = False) -> Synced:
    return sync(desk.database, live, reconcile_every=timedelta(0) if reconcile else timedelta(days=1))


def mirrored(desk: Desk, model: str, record_id: int) -> dict[str, Any] | None:
    rows = MirrorReader(desk.database).read(model, [record_id])
    return rows[0] if rows else None


@pytest.fixture
def calls(live: OdooReader, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that reach the server from now on."""
    asked: list[str] = []
    ask = live._wire.call

    def call(model: str, method: str, *rest: Any, **named: Any) -> Any:
        asked.append(f"{model}.{method}")
        return ask(model, method, *rest, **named)

    monkeypatch.setattr(live._wire, "call", call)
    return asked


def test_the_mirror_holds_what_odoo_holds(desk, live):
    follow(desk, live)
    for model, fields in MIRRORED.items():
        held = MirrorReader(desk.database).search_read(model)
        lasting = [name for name in fields if name not in MOVING]
        assert [{k: v for k, v in row.items() if k not in MOVING} for row in held] == live.search_read(
            model, (), lasting
        )


def test_a_poll_is_one_question_a_model(desk, live, calls):
    follow(desk, live)
    calls.clear()
    follow(desk, live)
    assert len(calls) <= len(MIRRORED)
    assert set(calls) <= {f"{model}.search_read" for model in MIRRORED}


def test_a_line_that_is_moved_is_followed(desk, live, world):
    as_admin(LINE, "write", [world.purchase_line], {"date_planned": "2026-12-02 10:00:00"})
    follow(desk, live)
    row = mirrored(desk, LINE, world.purchase_line)
    assert row
    assert row["date_planned"] == "2026-12-02 10:00:00"


def test_what_is_archived_stays(desk, live):
    partner = as_admin("res.partner", "create", {"name": "Seldom"})
    as_admin("res.partner", "write", [partner], {"active": False})
    follow(desk, live)
    row = mirrored(desk, "res.partner", partner)
    assert row
    assert row["active"] is False


def test_what_is_deleted_goes(desk, live):
    partner = as_admin("res.partner", "create", {"name": "Mistake"})
    follow(desk, live)
    as_admin("res.partner", "unlink", [partner])
    follow(desk, live)
    assert mirrored(desk, "res.partner", partner)
    follow(desk, live, reconcile=True)
    assert mirrored(desk, "res.partner", partner) is None


def test_a_new_name_shows_on_orders(desk, live, world):
    """For the partner, and for a product whose name stands on its template."""
    renamed = f"Cordage {uuid4().hex[:8]}"
    as_admin("res.partner", "write", [world.supplier], {"name": renamed})
    as_admin("product.product", "write", [world.product], {"name": f"Bollard {renamed}"})
    follow(desk, live)
    order, line = mirrored(desk, PURCHASE, world.purchase), mirrored(desk, LINE, world.purchase_line)
    assert order
    assert line
    assert order["partner_id"] == [world.supplier, renamed]
    assert line["product_id"] == [world.product, f"Bollard {renamed}"]


def test_a_purchase_order_is_read_live_with_those_who_wait_for_it(desk, live, world, calls):
    book = OrderBook(MirrorReader(desk.database))
    as_admin(LINE, "write", [world.purchase_line], {"price_unit": 6.5})
    live.search_read("stock.move", limit=1)
    live.search_read("product.product", limit=1)
    calls.clear()
    held = read_held(live, book, (PURCHASE, world.purchase))
    assert held.order
    assert held.order.lines[0].price == 6.5
    fields = Fields(lines=[LineFields(line_id=world.purchase_line, date="2026-12-20")])
    found = impact(live, book, held.order, fields)
    assert len(calls) <= 6, calls
    [item] = found.items
    assert (item.record.id, item.promised, item.late, item.value) == (world.sale, "2026-12-05", True, 36.0)
    assert len(item.via) == 2
    [cover] = found.cover
    assert (cover.on_hand, cover.outgoing, cover.short) == (0.0, 4.0, 4.0)


def test_a_sales_order_tells_what_can_be_sent(desk, live, world, calls):
    warehouse = as_admin("stock.warehouse", "search_read", [], fields=["lot_stock_id"], limit=1)[0]
    counted = {"product_id": world.product, "location_id": warehouse["lot_stock_id"][0], "inventory_quantity": 3}
    quant = as_admin("stock.quant", "create", counted)
    as_admin("stock.quant", "action_apply_inventory", [quant])
    book = OrderBook(MirrorReader(desk.database))
    calls.clear()
    held = read_held(live, book, (SALE, world.sale))
    [line] = impact(live, book, held.order, Fields()).shippable
    assert len(calls) <= 6, calls
    assert (line.open, line.today, line.incoming) == (4.0, 3.0, 10.0)
    follow(desk, live)
    [from_mirror] = impact(MirrorReader(desk.database), book, held.order, Fields()).shippable
    assert from_mirror == line


@pytest.mark.parametrize("account", ["", "PORTAL_"])
def test_what_a_supplier_posts_on_the_portal_comes_in(desk, world, tmp_path, account):
    """With its file: also through the account that only reads, where it may see the document."""
    if f"{PREFIX}{account}LOGIN" not in os.environ:
        pytest.skip("no second account is named")
    key = tmp_path / "portal.key"
    key.write_text(os.environ[f"{PREFIX}{account}KEY"])
    portal = connect(real_settings(tmp_path, login=os.environ[f"{PREFIX}{account}LOGIN"], key_file=key))
    content = base64.b64encode(b"New date: 20 December 2026").decode()
    text = f"We will be late {uuid4().hex[:6]}"
    file = {"name": "note.txt", "datas": content, "res_model": PURCHASE, "res_id": world.purchase}
    attachment = as_admin("ir.attachment", "create", file)
    post = {"body": text, "message_type": "comment", "subtype_xmlid": "mail.mt_comment", "author_id": world.supplier}
    as_admin(PURCHASE, "message_post", [world.purchase], attachment_ids=[attachment], **post)
    as_admin(PURCHASE, "message_post", [world.purchase], body="Our own note", message_type="comment")
    rows = SourceRows(desk.database, desk.store, "odoo", f"portal {account}")
    assert take_posts(rows, portal, datetime.now(UTC)) >= 1
    assert take_posts(rows, portal, datetime.now(UTC)) == 0
    with desk.database.read() as session:
        kept = [(row.id, row.received_at) for row in session.scalars(select(MessageRow))]
    read = [read_message(desk.store.get(i), channel=Channel.portal, received_at=at) for i, at in kept]
    assert not any("Our own note" in part.text for message in read for part in message.parts)
    [message] = [m for m in read if any(text in part.text for part in m.parts)]
    assert (message.document_model, message.document_id) == (PURCHASE, world.purchase)
    assert "20 December 2026" in "".join(part.text for part in message.parts)
