"""What became of an approval: Odoo's own values say so, else the receiver; nothing is believed to be done unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

import pytest

from agent.proposal import Action, Change, Proposal, RecordRef
from agent.taxonomy import taxonomy
from review import log, outbox
from review.decisions import approve
from review.expectations import Expected, Verdict, approved
from review.outbox import Outcome
from review.receipt_loop import ReceiptLoop
from review.receipt_rows import Reported, UnknownHandoff, report, standing
from review.receipts import compare, read_records
from review.schema import ReceiptRow
from review.undo import undo
from tests.agent.live_odoo import LiveOdoo
from tests.review.desk import ROBIN, Desk, date_change
from tests.review.test_outbox import Wire, handoffs, run, target
from tests.review.test_outbox import approved as approved_at_the_desk
from tools.records import RecordsError

DAY = timedelta(hours=24)
LINE = {
    "id": 97,
    "order_id": [41, "P00041"],
    "date_planned": "2026-12-01 10:00:00",
    "product_qty": 5.0,
    "price_unit": 9.5,
}


def odoo(**line: object) -> LiveOdoo:
    return LiveOdoo({"purchase.order": [{"id": 41, "name": "P00041"}], "purchase.order.line": [{**LINE, **line}]})


def wanted(desk: Desk, *proposals: Proposal) -> list[Expected]:
    approved_at_the_desk(desk, *proposals)
    return approved(handoffs(desk)[-1].body).expected


def told(expected: list[Expected], live: LiveOdoo):
    return compare(expected, read_records(live, expected))


class TestValues:
    @pytest.mark.parametrize(
        ("held", "verdict", "found"),
        [
            ("2026-12-14 06:30:00", Verdict.done, None),
            ("2026-12-01 10:00:00", Verdict.waiting, "2026-12-01"),
            ("2026-12-15 10:00:00", Verdict.differs, "2026-12-15"),
            (False, Verdict.differs, None),
        ],
    )
    def test_the_day_counts_and_what_is_as_before_still_waits(self, desk, held, verdict, found):
        came_out, differences = told(wanted(desk), odoo(date_planned=held))
        assert came_out is verdict
        assert [(d.product, d.field, d.approved, d.found) for d in differences] == (
            [] if verdict is Verdict.done else [("Desk", "date", "2026-12-14", found)]
        )

    def test_one_value_that_is_otherwise_makes_the_whole_differ(self, desk):
        lines = [{"line_id": 97, "qty": 4.0}, {"line_id": 98, "qty": 2.0}]
        changes = [
            Change(line_id=i, product=f"{i}", field="qty", held=5.0, stated=q) for i, q in ((97, 4.0), (98, 2.0))
        ]
        expected = wanted(
            desk, date_change(actions=[Action(name="update_quantity", arguments={"lines": lines})], changes=changes)
        )
        came_out, differences = told(expected, odoo())
        assert (came_out, [(d.product, d.found, d.gone) for d in differences]) == (
            "differs",
            [("97", 5.0, False), ("98", None, True)],
        )
        assert told(expected[:1], odoo(product_qty=4.0000001))[0] == "done"

    def test_a_sales_order_is_promised_as_a_whole(self, desk):
        sale = RecordRef(model="sale.order", id=7, name="S00007")
        lines = [{"line_id": 3, "date": "2026-12-14"}, {"line_id": 4, "price": 8.0}]
        expected = wanted(
            desk, date_change(sale, actions=[Action(name="update_sales_order", arguments={"lines": lines})])
        )
        live = LiveOdoo(
            {
                "sale.order": [{"id": 7, "commitment_date": "2026-12-14 08:00:00"}],
                "sale.order.line": [{"id": 4, "order_id": [7, "S00007"], "price_unit": 8.0}],
            }
        )
        assert told(expected, live)[0] == "done"

    def test_a_few_questions_whatever_the_number_of_orders(self, desk):
        expected = wanted(desk)
        live = odoo()
        read_records(live, [e._replace(record=("purchase.order", i)) for e in expected for i in range(50)])
        assert len(live.calls) == 2


PART = {"order_id": [41, "P00041"], "product_id": [5, "[DESK] Desk"], "name": "[DESK] Desk"}
SPLITS = [{"qty": 3.0, "date": "2026-12-14"}, {"qty": 2.0, "date": "2026-12-21"}]


def move(number: int, qty: float, day: str, **more: object) -> dict[str, object]:
    fixed = {"purchase_line_id": [97, "Desk"], "picking_id": [8, "IN8"], "state": "assigned"}
    return {"id": number, **fixed, "product_uom_qty": qty, "date": f"{day} 10:00:00", **more}


def event_of(*actions: tuple[str, dict[str, object]]) -> str:
    record = {"model": "purchase.order", "id": 41, "name": "P00041"}
    data = {"record": record, "actions": [{"name": name, "arguments": arguments} for name, arguments in actions]}
    return json.dumps({"time": "2026-11-24T09:00:00Z", "data": data})


def state_of(name: str, arguments: dict[str, object], data: dict[str, list[dict[str, object]]]) -> tuple[str, object]:
    """How an action stands in an Odoo that holds these rows, and what is found in place of what was approved."""
    rows: dict[str, list[dict[str, object]]] = {
        "purchase.order": [{"id": 41, "name": "P00041", "state": "purchase"}],
        "purchase.order.line": [{**LINE, **PART}],
        "stock.move": [],
        "stock.picking": [{"id": 8, "name": "IN8", "carrier_tracking_ref": False}],
    }
    verdict, differences = told(approved(event_of((name, arguments))).expected, LiveOdoo(rows | data))
    return str(verdict), differences[0].found if differences else None


class TestOtherActions:
    """Each action that leaves a trace in Odoo is looked for there."""

    LINES: ClassVar = {"lines": [{"line_id": 97}]}

    @pytest.mark.parametrize(
        ("data", "state"),
        [
            ({}, "waiting"),
            ({"purchase.order.line": [{**LINE, **PART, "product_qty": 0.0}]}, "done"),
            ({"purchase.order.line": []}, "done"),
            ({"purchase.order": [{"id": 41, "state": "cancel"}]}, "done"),
            ({"purchase.order": []}, "done"),
        ],
        ids=["as before", "no quantity", "line gone", "order cancelled", "order gone"],
    )
    def test_a_cancelled_line(self, data, state):
        assert state_of("cancel_purchase_lines", self.LINES, data)[0] == state

    def test_a_cancelled_order_is_more_than_one_of_its_lines(self):
        assert state_of("cancel_purchase_lines", {}, {"purchase.order.line": []}) == ("waiting", "purchase")
        assert state_of("cancel_purchase_lines", {}, {"purchase.order": [{"id": 41, "state": "cancel"}]})[0] == "done"

    @pytest.mark.parametrize(
        ("lines", "state"),
        [
            ([{**LINE, **PART}], ("waiting", "[DESK] Desk")),
            ([{**LINE, **PART, "product_id": [6, "[OAK-2] Oak desk"]}], ("done", None)),
            ([{**LINE, **PART}, {**LINE, **PART, "id": 99, "product_id": [6, "[OAK-2] Oak desk"]}], ("done", None)),
            ([], ("differs", None)),
        ],
        ids=["as before", "in its place", "beside it", "gone"],
    )
    def test_a_substitute(self, lines, state):
        for said in ("oak 2", "Oak desk", "the oak desk (OAK-2), in stock"):
            arguments = {"lines": [{"line_id": 97, "substitute": said}]}
            assert state_of("replace_product", arguments, {"purchase.order.line": lines}) == state

    @pytest.mark.parametrize("said", ["K", "OAK", "OAK-22", "desk", "[OAK-2"])
    def test_a_like_product_is_not_the_substitute(self, said):
        lines = [{**LINE, **PART, "product_id": [6, "[OAK-2] Oak desk"]}]
        arguments = {"lines": [{"line_id": 97, "substitute": said}]}
        found = state_of("replace_product", arguments, {"purchase.order.line": lines})[0]
        assert found == ("done" if said == "[OAK-2" else "waiting")

    @pytest.mark.parametrize(
        ("data", "state"),
        [
            ({}, ("waiting", "5 on 2026-12-01")),
            ({"stock.move": [move(1, 3, "2026-12-14"), move(2, 2, "2026-12-21")]}, ("done", None)),
            ({"stock.move": [move(1, 3, "2026-12-14"), move(2, 2, "2026-12-21", state="cancel")]},
             ("differs", "3 on 2026-12-14")),
            ({"purchase.order.line": [
                {**LINE, **PART, "product_qty": 3.0, "date_planned": "2026-12-14 10:00:00"},
                {**LINE, **PART, "id": 99, "product_qty": 2.0, "date_planned": "2026-12-21 10:00:00"},
            ]}, ("done", None)),
        ],
        ids=["as before", "two receipts", "one of them cancelled", "two lines"],
    )  # fmt: skip
    def test_a_line_in_parts(self, data, state):
        assert state_of("split_delivery", {"lines": [{"line_id": 97, "splits": SPLITS}]}, data) == state

    @pytest.mark.parametrize(
        ("picking", "state"),
        [
            ({"carrier_tracking_ref": "1Z 999-AA"}, "done"),
            ({"carrier_tracking_ref": False}, "waiting"),
            ({}, "unknown"),
        ],
    )
    def test_a_tracking_number_where_this_odoo_keeps_one(self, picking, state):
        data = {"stock.move": [move(1, 5, "2026-12-01")], "stock.picking": [{"id": 8, "name": "IN8", **picking}]}
        assert state_of("record_shipment", {"tracking": "1Z999AA"}, data)[0] == state

    @pytest.mark.parametrize(
        ("back", "state"),
        [
            ({"origin_returned_move_id": [1, "m"], "create_date": "2026-11-24 10:00:00"}, "done"),
            ({"origin_returned_move_id": [1, "m"], "create_date": "2026-11-23 10:00:00"}, "waiting"),
            ({"origin_returned_move_id": False, "create_date": "2026-11-24 10:00:00"}, "waiting"),
        ],
    )
    def test_a_return_that_was_made_since(self, back, state):
        data = {"stock.move": [move(2, 5, "2026-12-01", **back)]}
        assert state_of("create_return", self.LINES, data)[0] == state

    def test_every_action_of_the_catalogue_is_looked_for_or_said_to_be_a_persons_to_confirm(self):
        """Nothing is passed over in silence."""
        line = {"line_id": 97, "date": "2026-12-14", "qty": 1.0, "price": 2.0, "substitute": "x", "splits": SPLITS}
        arguments: dict[str, object] = {"lines": [line], "tracking": "1Z999AA"}
        found = approved(event_of(*[(name, arguments) for name in taxonomy().actions]))
        assert {e.action for e in found.expected} == LOOKED_FOR
        assert set(found.untold) == set(taxonomy().actions) - LOOKED_FOR - {"no_action"}

    def test_what_names_no_order_is_a_persons_to_confirm(self, desk):
        approved_at_the_desk(desk, date_change(None))
        assert approved(handoffs(desk)[-1].body) == ([], ["update_delivery_date", "notify_customer"])


LOOKED_FOR = {
    *("update_delivery_date", "update_quantity", "update_price", "update_sales_order"),
    *("cancel_purchase_lines", "cancel_sales_order", "replace_product", "split_delivery"),
    *("record_shipment", "create_return"),
}


@pytest.fixture
def delivered(desk: Desk, tmp_path) -> Iterator[str]:
    """The proposal of an approval that has just been delivered."""
    made = target(tmp_path)
    outbox.register(desk.database, {"erp": made})
    proposal_id = approved_at_the_desk(desk)
    run(desk, made, Wire(Outcome(202)))
    return proposal_id


def look(desk: Desk, live: LiveOdoo | None, *, hours_later: float = 0) -> str:
    """Lets time pass, looks, and gives the newest handoff's state."""
    with desk.database.write() as session:
        back = timedelta(hours=hours_later)
        for row in session.query(ReceiptRow).filter(ReceiptRow.next_at.is_not(None)):
            row.next_at = row.next_at - back
        for delivery in session.query(outbox.DeliveryRow).filter(outbox.DeliveryRow.delivered_at.is_not(None)):
            delivery.delivered_at = delivery.delivered_at - back
    ReceiptLoop(desk.database, live, DAY).step()
    return handoffs(desk)[-1].state


def now_at(desk: Desk, proposal_id: str):
    with desk.database.read() as session:
        return standing(session, proposal_id)


def test_delivered_then_done_as_odoo_says(desk, delivered):
    live = odoo()
    assert look(desk, live) == "delivered"
    assert now_at(desk, delivered).differences[0].found == "2026-12-01"
    live = odoo(date_planned="2026-12-14 10:00:00")
    assert look(desk, live, hours_later=1) == "done"
    assert now_at(desk, delivered).differences == []
    look(desk, live, hours_later=100)
    assert looks(live) == 1  # what is done is not looked at again
    with desk.database.read() as session:
        assert log.of_subject(session, delivered)[-1].kind == "handoff.done"


def test_another_value_differs_at_once_and_may_be_mended(desk, delivered):
    assert look(desk, odoo(date_planned="2026-12-20 10:00:00")) == "differs"
    [difference] = now_at(desk, delivered).differences
    assert (difference.approved, difference.found) == ("2026-12-14", "2026-12-20")
    assert look(desk, odoo(date_planned="2026-12-14 10:00:00"), hours_later=1) == "done"


def test_what_is_not_done_in_time_is_overdue_and_may_still_be_done(desk, delivered):
    assert look(desk, odoo(), hours_later=23) == "delivered"
    assert look(desk, odoo(), hours_later=25) == "overdue"
    assert look(desk, odoo(date_planned="2026-12-14 10:00:00"), hours_later=30) == "done"


def looks(live: LiveOdoo) -> int:
    return live.calls.count("purchase.order.line")


def test_looks_become_rarer_and_end(desk, delivered):
    live = odoo()
    for _ in range(3):
        look(desk, live)
    assert looks(live) == 1
    look(desk, live, hours_later=10)
    look(desk, live, hours_later=0.5)
    assert looks(live) == 2
    look(desk, live, hours_later=24 * 31)
    look(desk, live, hours_later=24 * 31)
    assert looks(live) == 3


def test_what_nothing_receives_is_looked_up_too(desk):
    proposal_id = approved_at_the_desk(desk)
    assert now_at(desk, proposal_id).state == "by_hand"
    assert look(desk, odoo(date_planned="2026-12-14 10:00:00")) == "done"


def test_nothing_is_said_of_an_approval_that_is_taken_back(desk):
    proposal_id = desk.propose()
    approve(desk.database, proposal_id, version=1, who=ROBIN, undo=timedelta(minutes=1))
    live = odoo(date_planned="2026-12-14 10:00:00")
    assert look(desk, live) == "by_hand"  # it may still be undone
    undo(desk.database, proposal_id, version=1, who=ROBIN)
    assert look(desk, live, hours_later=1) == "cancelled"
    assert now_at(desk, proposal_id).state == "cancelled"


class TestReports:
    def event(self, desk: Desk) -> str:
        return handoffs(desk)[-1].id

    def test_odoos_word_counts_more_than_the_receivers(self, desk, delivered):
        report(desk.database, self.event(desk), Reported.done, "", "key:1")
        assert look(desk, odoo()) == "delivered"
        report(desk.database, self.event(desk), Reported.not_done, "The order is locked.", "key:1")
        assert look(desk, odoo()) == "differs"
        assert look(desk, odoo(date_planned="2026-12-14 10:00:00"), hours_later=1) == "done"

    @pytest.mark.parametrize(("outcome", "state"), [("done", "done"), ("not_done", "differs")])
    def test_where_odoo_cannot_tell_the_receiver_does(self, desk, delivered, outcome, state):
        """There is no Odoo to read."""
        assert look(desk, None) == "delivered"
        report(desk.database, self.event(desk), Reported(outcome), "", "target:erp")
        assert look(desk, None) == state
        assert (now_at(desk, delivered).reported, now_at(desk, delivered).reported_by) == (outcome, "target:erp")

    def test_a_report_that_overtakes_the_answer_is_kept(self, desk, tmp_path):
        made = target(tmp_path)
        outbox.register(desk.database, {"erp": made})
        approved_at_the_desk(desk)
        report(desk.database, self.event(desk), Reported.done, "", "target:erp")
        assert look(desk, None) == "waiting"
        run(desk, made, Wire(Outcome(202)))
        assert look(desk, None) == "done"

    def test_the_same_again_is_one_entry_of_the_log(self, desk, delivered):
        for _ in range(2):
            report(desk.database, self.event(desk), Reported.done, "", "key:1")
        with desk.database.read() as session:
            assert [e.kind for e in log.of_subject(session, delivered)].count("handoff.reported") == 1

    def test_an_event_that_never_was_is_refused(self, desk):
        with pytest.raises(UnknownHandoff):
            report(desk.database, "evt_" + "0" * 32, Reported.done, "", "key:1")


def test_while_odoo_is_away_nothing_changes_and_it_is_looked_at_later(desk, delivered):
    live = odoo(date_planned="2026-12-14 10:00:00")
    live.away_from = 0
    with pytest.raises(RecordsError):
        ReceiptLoop(desk.database, live, DAY).step()
    live.away_from = None
    assert look(desk, live) == "done"


def test_the_thread_looks_until_it_is_stopped(desk, delivered):
    with ReceiptLoop(desk.database, odoo(date_planned="2026-12-14 10:00:00"), DAY, pause=0.01) as loop:
        for _ in range(1000):
            if handoffs(desk)[-1].state == "done":
                break
            loop.stopping.wait(0.01)
    assert now_at(desk, delivered).state == "done"
