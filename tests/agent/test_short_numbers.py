"""Digits that end one open order's number name it where a name would stand, and are otherwise numbers of anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.orders import PURCHASE, Order
from agent.short_numbers import short_numbers


def order(record_id: int, name: str, *refs: str) -> Order:
    moment = datetime(2026, 5, 4, tzinfo=UTC)
    return Order(
        model=PURCHASE, id=record_id, name=name, partner_id=7, commercial_partner_id=7, shipping_partner_id=None,
        refs=list(refs), origin="", state="purchase", date_order=moment, planned=moment, currency="EUR", write_date="",
    )  # fmt: skip


ORDERS = [order(1, "PO/2026/01154"), order(2, "PO/2026/01187"), order(3, "PO/2026/02187", "4410")]


def named(text: str, *, subject: bool = False, language: str = "en") -> list[tuple[str, int]]:
    found = short_numbers(text, ORDERS, [], language, subject=subject)
    return [(text[m.start : m.end], m.exact[0].record[1]) for m in found]


def test_the_last_digits_name_an_order_at_the_start_of_a_line_or_after_a_leading_word():
    assert named("1154 comes a day later,\n1187 on Monday") == [("1154", 1), ("1187", 2)]
    assert named("Zu 4410: alles gut", language="de") == [("4410", 3)]


def test_in_the_subject_they_may_stand_anywhere():
    assert named("status 1154 please", subject=True) == [("1154", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "We send 1154 pcs on Monday",
        "For 1154 pcs we need more time",
        "It weighs about 1154.5 in total",
        "call 0049-1154-1187",
        "187 comes later",
        "at the plant 1154 parts broke",
    ],
)
def test_quantities_other_numbers_and_what_fits_two_orders_name_none(text):
    assert named(text) == []
