"""What is stated stands beside what Odoo holds; who waits downstream is found through moves, else the order's origin."""

from __future__ import annotations

from typing import Any

import pytest

from agent.compare import changes, impact, label
from agent.orderbook import PURCHASE, SALE, OrderBook
from agent.proposal import Fields, Impact, LineFields, Split
from tests.agent.company import snapshot
from tests.agent.reading import BLUE, BOOK, ROPE, ROPES_AND_FENDERS
from tools.snapshot import SnapshotReader


def stated(**fields: Any) -> list[tuple[str, Any, Any]]:
    line = LineFields(line_id=ROPE, **fields)
    return [(c.field, c.held, c.stated) for c in changes(ROPES_AND_FENDERS, Fields(lines=[line]))]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"date": "2026-06-03"}, [("date", "2026-05-20", "2026-06-03")]),
        ({"date_unknown": True}, [("date", "2026-05-20", None)]),
        ({"qty": 30.0}, [("qty", 40.0, 30.0)]),
        ({"qty": 0.0}, [("qty", 40.0, 0.0)]),
        ({"price": 33.2}, [("price", 31.5, 33.2)]),
        ({"substitute": "ROP-14"}, [("substitute", "ROP-12-NAV", "ROP-14")]),
        ({"qty": 30.0, "price": 33.2}, [("qty", 40.0, 30.0), ("price", 31.5, 33.2)]),
        ({}, []),
    ],
)
def test_each_stated_field_stands_beside_the_one_held(fields, expected):
    assert stated(**fields) == expected


def test_a_split_is_told_in_words():
    splits = [Split(qty=25, date="2026-06-03"), Split(qty=15)]
    assert stated(splits=splits) == [("splits", "40 on 2026-05-20", "25 on 2026-06-03 + 15 on ?")]


def test_a_line_that_is_not_known_is_compared_with_nothing():
    fields = Fields(lines=[LineFields(product="Garden gnome", qty=3.0), LineFields(line_id=999, price=2.0)])
    for order in (ROPES_AND_FENDERS, None):
        found = changes(order, fields)
        assert [(c.line_id, c.product, c.held) for c in found] == [
            (None, "Garden gnome", None),
            (999, "unknown line", None),
        ]


def test_a_line_is_called_by_code_and_name():
    assert label(ROPES_AND_FENDERS.lines[0]) == "[ROP-12-NAV] Mooring rope 12 mm navy, 20 m"


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
            {"id": 500 + i, "picking_id": [90 + i, f"WH/INT/{i:05d}"], "state": "waiting", "move_dest_ids": [501 + i],
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
    assert consequence(data, date="2026-06-03") == Impact()


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
    assert consequence(data, date="2026-06-03") == Impact()


def test_moves_that_lead_in_a_circle_come_to_an_end():
    data = company(by_move=True, through=2)
    data["stock.move"][-1]["move_dest_ids"] = [500]
    assert consequence(data, date="2026-06-03") == Impact()


def test_where_nobody_waits_there_is_no_impact():
    assert consequence(company(), date="2026-06-03") == Impact()
    assert consequence(company(by_move=True)) == Impact()


def test_only_purchase_orders_have_a_downstream():
    reader = SnapshotReader(snapshot())
    fields = Fields(lines=[LineFields(line_id=BLUE, date="2026-06-03")])
    assert impact(reader, BOOK, BOOK.orders[SALE, 41], fields) == Impact()
    assert impact(reader, BOOK, None, fields) == Impact()
