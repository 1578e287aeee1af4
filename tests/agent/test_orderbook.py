"""The order book links lines, shipments, invoices, partners and products, whatever a version calls its fields."""

from __future__ import annotations

import pytest

from agent.orderbook import OrderBook
from agent.orders import PICKING, PURCHASE, SALE
from agent.reference_keys import reference_key
from tests.agent.company import snapshot
from tools.snapshot import SnapshotReader


def book(**changes):
    return OrderBook(SnapshotReader(snapshot(**changes)))


def test_lines_carry_what_comparing_needs():
    line = book().orders[PURCHASE, 41].lines[1]
    assert (line.code, line.name) == ("FEN-20-WHT", "Fender 20x60 cm white")
    assert (line.qty, line.done_qty, line.open_qty, line.price, line.uom) == (24.0, 24.0, 0.0, 18.0, "Units")
    assert line.planned is not None
    assert line.planned.isoformat() == "2026-05-20T10:00:00+00:00"


def test_notes_and_sections_are_no_lines():
    assert [len(book().orders[PURCHASE, i].lines) for i in (41, 42)] == [3, 1]


def test_the_unit_has_another_field_from_odoo_19_on():
    rows = snapshot()["purchase.order.line"]
    renamed = [{("product_uom_id" if k == "product_uom" else k): v for k, v in row.items()} for row in rows]
    assert book(purchase_order_line=renamed).orders[PURCHASE, 41].lines[0].uom == "Units"


def test_an_order_is_open_while_a_line_is():
    made = book()
    assert [made.orders[PURCHASE, i].is_open for i in (41, 43)] == [True, False]


def test_a_shipment_knows_its_order_and_the_line_behind_each_move():
    made = book()
    picking = made.pickings[1]
    assert (picking.order, picking.kind) == ((PURCHASE, 41), "incoming")
    assert [x.line.id for x in picking.lines if x.line] == [line.id for line in made.orders[PURCHASE, 41].lines]
    assert made.pickings_of(made.orders[PURCHASE, 41])[0].key == (PICKING, 1)


def test_the_line_behind_an_earlier_step_is_found_through_the_moves_it_leads_to():
    rows = snapshot()["stock.move"]
    last = next(row for row in rows if row["sale_line_id"])
    step = {
        **last,
        "id": 500,
        "sale_line_id": False,
        "picking_id": [70, "WH/PICK/00070"],
        "move_dest_ids": [last["id"]],
    }
    shipments = [*snapshot()["stock.picking"], {"id": 70, "name": "WH/PICK/00070", "picking_type_code": "internal"}]
    picking = book(stock_move=[*rows, step], stock_picking=shipments).pickings[70]
    assert (picking.order, picking.kind) == ((SALE, 41), "internal")


def test_look_ups_by_number_partner_tracking_and_invoice():
    made = book()
    assert [r.record for r in made.by_reference("p-00041")] == [(PURCHASE, 41)]
    assert [(r.kind, r.record) for r in made.by_reference("gd 70033 0041")] == [("tracking", (PICKING, 5))]
    [invoice] = made.by_reference("RG55120")
    assert (invoice.kind, made.invoices[invoice.record[1]].orders) == ("invoice", [(PURCHASE, 43)])
    assert {
        o.id
        for o in [*made.orders_of_partner(10, is_open=True, most=9), *made.orders_of_partner(10, is_open=False, most=9)]
    } == {41, 43}
    assert {o.key for o in made.open_orders_of_product(1, 9)} == {(PURCHASE, 41), (PURCHASE, 44), (SALE, 41)}


def test_several_numbers_in_one_field_each_lead_to_the_order():
    orders = [{"id": 1, "name": "P1", "partner_ref": "AB 1234, AB 1299 / 4500118"}]
    made = OrderBook(SnapshotReader({"purchase.order": orders}))
    assert all(made.by_reference(number) for number in ("AB1234", "AB 1299", "4500118"))


def test_contacts_belong_to_their_company_and_our_own_side_is_known():
    directory = book().directory
    assert (directory.commercial(11), directory.own_partners) == (10, {1})
    assert directory.own_domains == {"havnegaard.example"}


def test_the_key_of_a_reference_ignores_spelling():
    assert reference_key("po/2026-00123") == reference_key("PO 2026 00123") == "PO202600123"


def test_the_newest_orders_of_a_company_and_its_people_come_first():
    rows = [
        {"id": i, "name": f"P{i}", "partner_id": [10 + i % 2, "x"], "date_order": f"2026-05-{1 + i % 7:02d} 08:00:00"}
        for i in range(1, 20)
    ]
    lines = [
        {"id": i, "order_id": [i, "x"], "name": "Rope", "product_id": [1, "x"], "product_qty": 2.0 * (i % 3)}
        for i in range(1, 20)
    ]
    made = book(purchase_order=rows, purchase_order_line=lines, sale_order=[])
    newest = sorted(rows, key=lambda r: (r["date_order"], r["id"]), reverse=True)
    for is_open in (True, False):
        expected = [r["id"] for r in newest if bool(r["id"] % 3) == is_open]
        assert [o.id for o in made.orders_of_partner(10, is_open=is_open, most=4)] == expected[:4]
    assert made.count_orders(10) == {(PURCHASE, True): 13, (PURCHASE, False): 6}
    assert [o.id for o in made.open_orders_of_product(1, 3)] == [r["id"] for r in newest if r["id"] % 3][:3]


def test_orders_are_counted_once_for_as_long_as_the_records_are_the_same(monkeypatch):
    made = book()
    asked: list[str] = []
    rows = made.store.rows
    monkeypatch.setattr(made.store, "rows", lambda sql, *given: asked.append(sql) or rows(sql, *given))
    first = made.count_orders(10)
    assert made.count_orders(10) == first
    assert len(asked) == 1
    made.follow(SnapshotReader(snapshot(purchase_order=[], sale_order=[])))
    assert not made.count_orders(10)


@pytest.mark.parametrize("link", ["listed", "purchase_id", "origin", "moves", "earlier moves"])
def test_an_order_knows_its_shipments_however_odoo_links_them(link):
    rows = snapshot()
    shipment = {"id": 90, "name": "WH/IN/00090", "state": "assigned", "purchase_id": False, "origin": False}
    [line] = [r["id"] for r in rows["purchase.order.line"] if r["order_id"][0] == 42 and not r.get("display_type")]
    move = {"id": 900, "picking_id": [90, "x"], "product_id": [5, "x"], "product_uom_qty": 10.0, "state": "assigned"}
    if link == "listed":
        rows["purchase.order"][1]["picking_ids"].append(90)
    elif link == "purchase_id":
        shipment["purchase_id"] = [42, "P00042"]
    elif link == "origin":
        shipment["origin"] = "P00042"
    elif link == "moves":
        rows["stock.move"].append({**move, "purchase_line_id": [line, "x"]})
    else:
        rows["stock.move"].append({**move, "move_dest_ids": [901]})
        rows["stock.move"].append({"id": 901, "move_dest_ids": [902]})
        rows["stock.move"].append({"id": 902, "purchase_line_id": [line, "x"], "state": "assigned"})
    rows["stock.picking"].append(shipment)
    made = OrderBook(SnapshotReader(rows))
    assert [p.id for p in made.pickings_of(made.orders[PURCHASE, 42])] == [90, 2]
    assert made.pickings[90].order == (PURCHASE, 42)


def test_what_is_not_there_is_not_found():
    made = book()
    assert (made.orders.get((PURCHASE, 999)), made.name_of((PICKING, 999)), 999 in made.invoices) == (None, "", False)
    with pytest.raises(KeyError):
        made.orders[PURCHASE, 999]
