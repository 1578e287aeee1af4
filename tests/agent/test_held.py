"""What is compared is what Odoo holds at that moment; where it cannot be read, what was mirrored, and the proposal says so."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from agent.held import RecordGone, known_held, mirrored_held, read_held
from agent.orderbook import OrderBook
from agent.orders import PICKING, PURCHASE, SALE
from agent.proposal import Lane, Proposal
from agent.triage import TriageEngine, build_engine
from tests.agent.company import mail, snapshot
from tests.agent.live_odoo import LiveOdoo
from tests.agent.reading import BLUE, BOOK, LAMP, ROPE
from tools.snapshot import SnapshotReader

LATER = "Unfortunately P00041 is delayed: ROP-12-NAV will arrive on 3 June 2026."


def row(data: dict[str, Any], model: str, record_id: int) -> dict[str, Any]:
    return next(r for r in data[model] if r["id"] == record_id)


def test_the_order_is_taken_over_as_it_stands():
    """Other values, a line that is new, one that is gone, none of the notes; with the dates of the last writes."""
    data = snapshot()
    row(data, PURCHASE, 41)["write_date"] = "2026-05-10 08:00:00"
    row(data, f"{PURCHASE}.line", ROPE).update(product_qty=38.0, price_unit=30.0, write_date="2026-05-10 09:00:00")
    data[f"{PURCHASE}.line"] = [r for r in data[f"{PURCHASE}.line"] if r["id"] != BLUE]
    added = {**row(data, f"{PURCHASE}.line", LAMP), "id": 777, "order_id": [41, "P00041"], "write_date": False}
    data[f"{PURCHASE}.line"].append(added)
    held = read_held(SnapshotReader(data), BOOK, (PURCHASE, 41))
    assert held.order is not None
    shown = {line.id: (line.code, line.qty, line.price) for line in held.order.lines}
    assert shown[ROPE] == ("ROP-12-NAV", 38.0, 30.0)
    assert shown[777] == ("LAM-LED-03", 10.0, 49.0)
    assert BLUE not in shown
    assert 941 not in shown
    assert (held.write_date, held.line_write_dates) == ("2026-05-10 08:00:00", {ROPE: "2026-05-10 09:00:00"})


def test_nothing_changed_reads_as_the_order_book_has_it():
    for model, i in [(PURCHASE, 41), (PURCHASE, 43), (SALE, 57), (SALE, 58)]:
        held = read_held(SnapshotReader(snapshot()), BOOK, (model, i))
        assert held.order == BOOK.orders[model, i]


def test_nothing_is_asked_that_odoo_computes_line_by_line():
    """A sales line's `scheduled_date` takes Odoo seconds for a long order."""
    data = snapshot()
    for line in data[f"{SALE}.line"]:
        line["scheduled_date"] = "2027-01-01 00:00:00"
    held = read_held(SnapshotReader(data), BOOK, (SALE, 57))
    assert held.order is not None
    assert held.order.lines == BOOK.orders[SALE, 57].lines


def test_a_transfer_is_dated_by_itself_not_by_its_order():
    data = snapshot()
    for picking in data[PICKING]:
        picking["write_date"] = "2026-05-09 07:00:00"
    book = OrderBook(SnapshotReader(data))
    for held in (known_held(book, (PICKING, 1)), read_held(SnapshotReader(data), book, (PICKING, 1))):
        assert held.order is not None
        assert (held.order.name, held.write_date, held.line_write_dates) == ("P00041", "2026-05-09 07:00:00", {})


def test_a_record_that_is_gone_is_named():
    data = snapshot()
    data[SALE] = []
    with pytest.raises(RecordGone, match="S00041 is not in Odoo any more"):
        read_held(SnapshotReader(data), BOOK, (SALE, 41))


def test_of_a_record_that_the_mirror_has_lost_the_order_book_still_knows():
    lost = {**snapshot(), PURCHASE: []}
    assert mirrored_held(SnapshotReader(lost), BOOK, (PURCHASE, 41)) == known_held(BOOK, (PURCHASE, 41))


class Sure:
    """A calibration that would let everything through."""

    digest = "sure"

    def rate(self, features: dict[str, float]) -> tuple[float, dict[str, float], Lane]:
        return 0.99, {}, Lane.ready

    def lane(self, confidence: float) -> Lane:
        return Lane.ready


@cache
def engine() -> TriageEngine:
    built = build_engine(SnapshotReader(snapshot()), live=LiveOdoo(snapshot()))
    built.calibration = Sure()  # type: ignore[assignment]
    return built


def single(text: str, live: LiveOdoo) -> Proposal:
    engine().live = live
    message = mail(text)
    message.language = "en"
    [proposal] = engine().triage(message).proposals
    return proposal


def test_what_is_shown_was_read_from_odoo_just_now():
    data = snapshot()
    row(data, f"{PURCHASE}.line", ROPE)["date_planned"] = "2026-05-27 10:00:00"
    before = datetime.now(UTC).replace(microsecond=0)
    proposal = single(LATER, LiveOdoo(data))
    assert proposal.changes[0].held == "2026-05-27"
    assert (proposal.held_from, proposal.lane) == ("odoo", Lane.ready)
    assert datetime.fromisoformat(proposal.held_at or "") >= before


@pytest.mark.parametrize("away_from", [0, 1, 2, 3])
def test_without_odoo_the_mirror_is_shown_with_its_age_and_looked_at_first(away_from):
    """Whichever request finds Odoo away."""
    proposal = single(LATER, LiveOdoo(snapshot(), away_from))
    assert proposal.changes[0].held == "2026-05-20"
    assert (proposal.held_from, proposal.held_at, proposal.lane) == ("mirror", "2026-05-11T09:00:00+00:00", Lane.check)
    assert "min before. Odoo does not answer." in proposal.reasons[-1]


def test_an_order_that_is_gone_is_looked_at_first():
    data = snapshot()
    data[PURCHASE] = [r for r in data[PURCHASE] if r["id"] != 41]
    proposal = single(LATER, LiveOdoo(data))
    assert proposal.lane is Lane.check
    assert "P00041 is not in Odoo any more" in proposal.reasons[-1]


@pytest.mark.parametrize("lines", [1, 60])
def test_one_proposal_costs_at_most_six_requests_whatever_the_number_of_lines(lines):
    """With customers who wait for each line, over transfers that are done already."""
    data = snapshot()
    order_line, sale_line = row(data, f"{PURCHASE}.line", ROPE), row(data, f"{SALE}.line", 1)
    template = next(r for r in data["stock.move"] if r["purchase_line_id"] and r["purchase_line_id"][0] == ROPE)
    for n in range(lines):
        data[f"{PURCHASE}.line"].append({**order_line, "id": 2000 + n})
        data[f"{SALE}.line"].append({**sale_line, "id": 3000 + n})
        chain = [
            {"state": "done", "purchase_line_id": [2000 + n, "x"], "move_dest_ids": [5000 + n]},
            {"state": "done", "purchase_line_id": False, "move_dest_ids": [6000 + n]},
            {"state": "waiting", "purchase_line_id": False, "sale_line_id": [3000 + n, "x"], "move_dest_ids": []},
        ]
        data["stock.move"] += [{**template, "id": 4000 + n + 1000 * i, **step} for i, step in enumerate(chain)]
    for product in data["product.product"]:
        product["qty_available"] = 3.0
    live = LiveOdoo(data)
    engine().reader = SnapshotReader(data)
    proposal = single("Order P00041 is delayed, everything will arrive on 3 June 2026.", live)
    assert len(proposal.impact.items) >= lines
    assert len(proposal.impact.cover) >= 1
    assert len(live.calls) <= 6, live.calls
