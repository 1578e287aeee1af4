"""What became of an approval: Odoo's own values say so, else the receiver; nothing is believed to be done unseen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.proposal import Action, Change, RecordRef
from review import log, outbox
from review.decisions import approve
from review.outbox import Outcome
from review.receipt_loop import ReceiptLoop
from review.receipt_rows import Reported, UnknownHandoff, report, standing
from review.receipts import Verdict, approved_values, compare, read_rows
from review.schema import ReceiptRow
from review.undo import undo
from tests.agent.live_odoo import LiveOdoo
from tests.review.desk import ROBIN, Desk, date_change
from tests.review.test_outbox import Wire, approved, handoffs, run, target
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


def values(desk: Desk, *proposals):
    approved(desk, *proposals)
    return approved_values(handoffs(desk)[-1].body)


class TestComparison:
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
        wanted = values(desk)
        told, differences = compare(wanted, read_rows(odoo(date_planned=held), wanted))
        assert told is verdict
        assert [(d.product, d.field, d.approved, d.found) for d in differences] == (
            [] if verdict is Verdict.done else [("Desk", "date", "2026-12-14", found)]
        )

    def test_one_value_that_is_otherwise_makes_the_whole_differ(self, desk):
        lines = [{"line_id": 97, "qty": 4.0}, {"line_id": 98, "qty": 2.0}]
        changes = [
            Change(line_id=i, product=f"{i}", field="qty", held=5.0, stated=q) for i, q in ((97, 4.0), (98, 2.0))
        ]
        wanted = values(
            desk, date_change(actions=[Action(name="update_quantity", arguments={"lines": lines})], changes=changes)
        )
        told, differences = compare(wanted, read_rows(odoo(), wanted))
        assert (told, [(d.product, d.found, d.gone) for d in differences]) == (
            "differs",
            [("97", 5.0, False), ("98", None, True)],
        )
        assert compare(wanted[:1], read_rows(odoo(product_qty=4.0000001), wanted[:1]))[0] == "done"

    def test_a_sales_order_is_promised_as_a_whole(self, desk):
        sale = RecordRef(model="sale.order", id=7, name="S00007")
        lines = [{"line_id": 3, "date": "2026-12-14"}, {"line_id": 4, "price": 8.0}]
        wanted = values(
            desk, date_change(sale, actions=[Action(name="update_sales_order", arguments={"lines": lines})])
        )
        live = LiveOdoo(
            {
                "sale.order": [{"id": 7, "commitment_date": "2026-12-14 08:00:00"}],
                "sale.order.line": [{"id": 4, "price_unit": 8.0}],
            }
        )
        assert compare(wanted, read_rows(live, wanted))[0] == "done"

    def test_what_only_the_receiver_knows_is_not_looked_up(self, desk):
        assert values(desk, date_change(actions=[Action(name="notify_customer", draft="Dear …")])) == []
        assert values(desk, date_change(None)) == []

    def test_one_question_a_model_whatever_the_number_of_values(self, desk):
        wanted = values(desk)
        live = odoo()
        read_rows(live, [w._replace(id=i) for w in wanted for i in range(50)])
        assert len(live.calls) == 1


@pytest.fixture
def delivered(desk: Desk, tmp_path) -> Iterator[str]:
    """The proposal of an approval that has just been delivered."""
    made = target(tmp_path)
    outbox.register(desk.database, {"erp": made})
    proposal_id = approved(desk)
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
    assert len(live.calls) == 1  # what is done is not looked at again
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


def test_looks_become_rarer_and_end(desk, delivered):
    live = odoo()
    for _ in range(3):
        look(desk, live)
    assert len(live.calls) == 1
    look(desk, live, hours_later=10)
    look(desk, live, hours_later=0.5)
    assert len(live.calls) == 2
    look(desk, live, hours_later=24 * 31)
    look(desk, live, hours_later=24 * 31)
    assert len(live.calls) == 3


def test_what_nothing_receives_is_looked_up_too(desk):
    proposal_id = approved(desk)
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
        approved(desk)
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
