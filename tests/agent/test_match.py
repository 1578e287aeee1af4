"""Which record is meant: a ranking with reasons in which "none of them" takes part, so that two alike are not claimed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.candidates import Recall
from agent.match import Ranked, rank_orders, rank_shipments, share, wanted_model
from agent.orderbook import OrderBook
from agent.orders import PICKING, PURCHASE, SALE
from agent.recall import recall
from agent.topics import CLAIMED_AT
from tests.agent.company import mail, snapshot
from tests.agent.reading import BLUE, BOOK, REFERENCES, ROPE, say
from tools.message import Message
from tools.snapshot import SnapshotReader


def ranked(message: Message, model: str | None = PURCHASE, book: OrderBook = BOOK) -> list[Ranked]:
    found: Recall = recall(message, book, REFERENCES if book is BOOK else None)
    return rank_orders(found.candidates, say(message.body, order=None), found, book, model)


@given(st.lists(st.floats(-30, 30), max_size=20))
def test_shares_of_belief_sum_to_less_than_one(points):
    found = share([Ranked((PURCHASE, i), str(i), p) for i, p in enumerate(sorted(points, reverse=True))])
    scores = [r.score for r in found]
    assert all(0 <= s <= 1 for s in scores)
    assert sum(scores) <= 1 + 1e-9
    assert scores == sorted(scores, reverse=True)
    if found and found[0].points < 25:
        assert sum(scores) < 1


def test_nothing_to_rank_is_an_empty_ranking():
    assert share([]) == []
    assert ranked(mail("hello", sender="nobody@nowhere.example")) == []


@pytest.mark.parametrize("text", ["P00041 is late", "our AB 26-7781 is late"])
def test_an_order_that_is_named_is_claimed_with_reasons(text):
    first, *rest = ranked(mail(text))
    assert (first.key, first.named, first.sender) == ((PURCHASE, 41), "exact", True)
    assert first.score >= CLAIMED_AT
    assert all(r.score < CLAIMED_AT for r in rest)
    assert first.reasons
    assert all(reason.endswith(".") for reason in first.reasons)


def twins() -> OrderBook:
    """The company with a second open order of the same supplier that is like its first."""
    data = snapshot()
    for model, field in (("purchase.order", "id"), ("purchase.order.line", "order_id")):
        copies = []
        for row in data[model]:
            number = row[field] if field == "id" else row[field][0]
            if number == 41:
                copy = dict(row) | (
                    {"id": 45, "name": "P00045", "partner_ref": False, "picking_ids": []}
                    if field == "id"
                    else {"id": row["id"] + 500, "order_id": [45, "P00045"]}
                )
                copies.append(copy)
        data[model] += copies
    return OrderBook(SnapshotReader(data))


@pytest.mark.parametrize(
    "text", ["the ropes will come later", "your order will come later", "40 pcs of ROP-12-NAV come on 3 June"]
)
def test_two_orders_that_fit_alike_are_not_claimed(text):
    first, second, *_ = ranked(mail(text), book=twins())
    assert {first.key, second.key} == {(PURCHASE, 41), (PURCHASE, 45)}
    assert first.score == pytest.approx(second.score)
    assert first.score < 0.5


def test_of_two_alike_the_one_that_is_named_is_claimed():
    first, *_ = ranked(mail("P00045: the ropes will come later"), book=twins())
    assert (first.key, first.score >= CLAIMED_AT) == ((PURCHASE, 45), True)


def test_a_strangers_word_counts_less_than_the_partners():
    own = ranked(mail("P00041 is late"))[0]
    foreign = ranked(mail("P00041 is late", sender="ordini@velabianca.example"))
    theirs = next(r for r in foreign if r.key == (PURCHASE, 41))
    assert theirs.points < own.points
    assert theirs.sender is False


def test_a_quantity_and_the_order_date_speak_for_an_order():
    plain = ranked(mail("the ropes come later"))[0]
    fuller = ranked(mail("your order of 4 May 2026: the 40 pcs of ROP-12-NAV come later"))[0]
    assert plain.key == fuller.key == (PURCHASE, 41)
    assert fuller.points > plain.points


def test_only_the_wanted_kind_of_order_is_ranked():
    message = mail("41", sender="indkob@baadehuset.example")
    assert {r.key[0] for r in ranked(message, SALE)} == {SALE}
    assert {r.key[0] for r in ranked(message, PURCHASE)} <= {PURCHASE}


def shipments(
    message: Message, intent: str, order: tuple[str, int] | None = None, lines: frozenset[int] = frozenset()
) -> list[Ranked]:
    found = recall(message, BOOK, REFERENCES)
    return rank_shipments(BOOK.order(order) if order else None, found, intent, BOOK, set(lines))


def test_a_tracking_number_names_the_shipment():
    first, *_ = shipments(mail("GD700330041 is lost", sender="info@gls.example"), "goods_lost")
    assert (first.key, first.named) == ((PICKING, 5), "exact")
    assert first.score >= CLAIMED_AT


def test_an_orders_shipment_is_reached_through_the_order():
    first, *_ = shipments(mail("the ropes arrived broken"), "goods_damaged", (PURCHASE, 41), frozenset({ROPE, BLUE}))
    assert (first.key, first.named) == ((PICKING, 1), "linked")
    assert "It belongs to P00041." in first.reasons


def test_without_any_sign_there_is_no_shipment():
    assert shipments(mail("hello", sender="nobody@nowhere.example"), "goods_lost") == []


@pytest.mark.parametrize(
    ("record", "role", "model"),
    [
        (PURCHASE, "customer", PURCHASE),
        (SALE, "supplier", SALE),
        (None, "supplier", PURCHASE),
        (None, "customer", SALE),
        (PICKING, "supplier", PURCHASE),
        (None, "unknown", None),
        (PICKING, "carrier", None),
    ],
)
def test_suppliers_speak_of_purchases_and_customers_of_sales(record, role, model):
    assert wanted_model(record, role) == model
