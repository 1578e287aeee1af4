"""Who waits downstream is found through moves, else the order's origin, with the stock that is left and what can be sent."""

from __future__ import annotations

from typing import Any

import pytest

from agent.impact import impact
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, SALE
from agent.proposal import Fields, Impact, LineFields, Shippable, Split, StockCover
from tests.agent.company import snapshot
from tests.agent.reading import BLUE, BOOK, ROPE
from tools.snapshot import SnapshotReader


def company(
    *, by_move: bool = False, through: int = 0, origin: str = "", promised: str = "2026-05-28"
) -> dict[str, Any]:
    """The company with sales order S00041 (8 ropes) waiting for purchase order P00041: linked by `through` + 1 moves, by
    origin, or not at all."""
    data = snapshot()
    sale = next(row for row in data["sale.order"] if row["id"] == 41)
    sale["commitment_date"] = f"{promised} 10:00:00"
    next(row for row in data["purchase.order"] if row["id"] == 41)["origin"] = origin
    moves = {row["id"]: row for row in data["stock.move"]}
    received = next(row for row in moves.values() if row["purchase_line_id"] and row["purchase_line_id"][0] == ROPE)
    sale_line = next(row["id"] for row in data["sale.order.line"] if row["order_id"][0] == 41)
    sent = next(row for row in moves.values() if row["sale_line_id"] and row["sale_line_id"][0] == sale_line)
    if by_move:
        chain = [
            {"id": 500 + i, "picking_id": [90 + i, f"WH/INT/{i:05d}"], "state": "waiting", "product_id": received["product_id"], "move_dest_ids": [501 + i],
             "purchase_line_id": False, "sale_line_id": False}
            for i in range(through)
        ]  # fmt: skip
        if chain:
            chain[-1]["move_dest_ids"] = [sent["id"]]
        data["stock.move"] += chain
        received["move_dest_ids"] = [500] if chain else [sent["id"]]
    return data


def consequence(data: dict[str, Any], never_comes: bool = False, **fields: Any) -> Impact:
    reader = SnapshotReader(data)
    book = OrderBook(reader)
    lines = [LineFields(line_id=ROPE, **fields)] if fields else []
    return impact(reader, book, book.orders[PURCHASE, 41], Fields(lines=lines), never_comes=never_comes)


@pytest.mark.parametrize("through", [0, 1, 3])
def test_a_late_customer_is_found_through_moves(through):
    [item] = consequence(company(by_move=True, through=through), date="2026-06-03").items
    assert (item.record.model, item.record.name, item.customer) == (SALE, "S00041", "Bådehuset Fredericia")
    assert (item.promised, item.expected, item.late) == ("2026-05-28", "2026-06-03", True)
    assert len(item.via) == through + 2
    assert item.value == 8 * 55.0


@pytest.mark.parametrize("promised", ["2026-06-03", "2026-06-10"])
def test_a_customer_that_is_promised_no_earlier_waits_but_is_not_late(promised):
    found = consequence(company(by_move=True, promised=promised), date="2026-06-03")
    assert len(found.items) == 1
    assert (found.late, found.value_at_risk) == ([], 0.0)


def test_without_moves_the_orders_origin_leads_to_the_late_customer():
    found = consequence(company(origin="S00041"), date="2026-06-03")
    assert [(i.record.name, i.late, i.via) for i in found.late] == [("S00041", True, ["origin of the order"])]
    assert found.value_at_risk == 8 * 55.0


def test_an_origin_counts_only_for_the_same_product():
    data = company(origin="S00058")
    assert consequence(data, date="2026-06-03").items == []


def test_the_last_delivery_of_a_split_decides_who_is_late():
    splits = [Split(qty=25, date="2026-05-21"), Split(qty=15, date="2026-06-03")]
    assert len(consequence(company(by_move=True), splits=splits).late) == 1


def test_goods_that_never_come_make_everyone_late_who_waits():
    assert len(consequence(company(by_move=True, promised="2030-01-01"), never_comes=True).late) == 1


def test_a_delivery_that_has_left_does_not_wait():
    data = company(by_move=True)
    for row in data["stock.move"]:
        if row["sale_line_id"]:
            row["state"] = "done"
    assert consequence(data, date="2026-06-03").items == []


def test_moves_that_lead_in_a_circle_come_to_an_end():
    data = company(by_move=True, through=2)
    data["stock.move"][-1]["move_dest_ids"] = [500]
    assert consequence(data, date="2026-06-03").items == []


def test_where_nobody_waits_there_is_no_impact():
    assert consequence(company(), date="2026-06-03").items == []
    assert consequence(company(by_move=True)).items == []


def test_only_purchase_orders_have_a_downstream():
    reader = SnapshotReader(snapshot())
    fields = Fields(lines=[LineFields(line_id=BLUE, date="2026-06-03")])
    assert impact(reader, BOOK, BOOK.orders[SALE, 41], fields).items == []
    assert impact(reader, BOOK, None, fields) == Impact()


def move(number: int, day: str, qty: float, source: str, target: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "state": "confirmed", "product_id": [1, "Rope"], "product_qty": qty, "date": f"2026-05-{day} 09:00:00",
        "location_usage": source, "location_dest_usage": target, "picking_id": [number, f"WH/T/{number}"],
        "purchase_line_id": False, "sale_line_id": False, "quantity": 0.0, **more,
    }  # fmt: skip


def stocked(*moves: dict[str, Any], on_hand: float | None = 10.0) -> dict[str, Any]:
    """The company with `on_hand` ropes, its own receipt of ropes (40 on order P00041) and these moves."""
    data = snapshot()
    own = next(row for row in data["stock.move"] if row["purchase_line_id"] and row["purchase_line_id"][0] == ROPE)
    own |= {"location_usage": "supplier", "location_dest_usage": "internal", "date": "2026-05-20 10:00:00"}
    data["stock.move"] = [own, *moves]
    for row in data["product.product"] if on_hand is not None else ():
        row["qty_available"] = on_hand
    return data


def test_without_the_line_stock_lasts_until_more_has_to_leave_than_is_there():
    """Other receipts count on their day; a transfer between own places and the line's own receipt do not count."""
    data = stocked(
        move(501, "12", 6, "internal", "customer"),
        move(502, "13", 5, "supplier", "internal"),
        move(503, "14", 12, "internal", "customer"),
        move(504, "15", 2, "internal", "production"),
        move(505, "12", 99, "internal", "internal"),
        move(506, "12", 99, "internal", "customer", state="done"),
    )
    assert consequence(data, date="2026-06-03").cover == [
        StockCover(
            product="[ROP-12-NAV] Mooring rope 12 mm navy, 20 m",
            on_hand=10.0, incoming=5.0, outgoing=20.0, short=5.0, short_from="2026-05-14",
            waiting=["WH/T/503", "WH/T/504"],
        )
    ]  # fmt: skip


def test_a_receipt_that_comes_too_late_does_not_cover_what_leaves_before():
    data = stocked(move(501, "12", 12, "internal", "customer"), move(502, "13", 50, "supplier", "internal"))
    [cover] = consequence(data, date="2026-06-03").cover
    assert (cover.short, cover.short_from, cover.waiting) == (2.0, "2026-05-12", ["WH/T/501"])


def test_of_stock_that_nothing_is_known_of_nothing_is_said():
    assert consequence(stocked(on_hand=None), date="2026-06-03").cover == []


def test_quants_tell_the_stock_where_the_product_does_not():
    """As in the mirror: only those in places of our own."""
    data = stocked(on_hand=None)
    data["stock.location"] = [{"id": 1, "usage": "internal"}, {"id": 2, "usage": "customer"}]
    data["stock.quant"] = [
        {"id": 1, "product_id": [1, "Rope"], "location_id": [1, "WH/Stock"], "quantity": 7.0},
        {"id": 2, "product_id": [1, "Rope"], "location_id": [2, "Customers"], "quantity": 90.0},
    ]
    assert [c.on_hand for c in consequence(data, date="2026-06-03").cover] == [7.0]


def test_of_a_sales_order_is_told_what_is_reserved_what_can_leave_today_and_what_comes_next():
    """Stock that is reserved for others is not free."""
    order = BOOK.orders[SALE, 41]
    line = order.lines[0]
    reserved = {"sale_line_id": [line.id, "x"], "quantity": 3.0}
    data = stocked(
        move(501, "12", 8, "internal", "customer", **reserved),
        move(502, "12", 5, "internal", "customer", quantity=5.0),
        move(503, "18", 20, "supplier", "internal"),
        move(504, "16", 4, "supplier", "internal"),
    )
    found = impact(SnapshotReader(data), BOOK, order, Fields())
    assert found.shippable[0] == Shippable(
        line_id=line.id, product="[ROP-12-NAV] Mooring rope 12 mm navy, 20 m",
        open=8.0, reserved=3.0, today=5.0, incoming=4.0, incoming_on="2026-05-16",
    )  # fmt: skip
    assert (found.items, found.cover) == ([], [])


@pytest.mark.parametrize(("known", "promised"), [(True, "2026-05-28"), (False, "2026-06-01")])
def test_the_moves_deadline_stands_in_for_a_promise_that_is_not_known(known, promised):
    """Odoo shifts it together with the purchase line, so a known promise goes first."""
    data = company(by_move=True)
    for row in data["stock.move"]:
        row["date_deadline"] = "2026-06-01 10:00:00"
    if not known:
        next(row for row in data["sale.order"] if row["id"] == 41)["commitment_date"] = False
    [item] = consequence(data, date="2026-06-03").items
    assert (item.promised, item.late) == (promised, True)
