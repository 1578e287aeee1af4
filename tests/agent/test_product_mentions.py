"""Products are recognised by anybody's code, by shortened and inflected names and by position."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.orderbook import OrderBook
from agent.product_mentions import ProductFinder, ProductMention
from tests.agent.company import snapshot
from tools.snapshot import SnapshotReader

BOOK = OrderBook(SnapshotReader(snapshot()))
LINES = BOOK.orders["purchase.order", 41].lines
ROPE, WHITE, BLUE = (line.id for line in LINES)
GERMAN = 10


def find_products(text, lines, book, partner=None) -> list[ProductMention]:
    return ProductFinder(lines, book, partner).find(text)


def found(text: str, partner: int | None = GERMAN) -> list[tuple[str, int | None]]:
    return [(m.text, m.line_id) for m in find_products(text, LINES, BOOK, partner)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ROP-12-NAV is late", ("ROP-12-NAV", ROPE)),
        ("rop 12 nav is late", ("rop 12 nav", ROPE)),
        ("ROP12NAV: 40", ("ROP12NAV", ROPE)),
        ("TT 1220-N kommt später", ("TT 1220-N", ROPE)),
        ("TT1220N kommt später", ("TT1220N", ROPE)),
        ("pos TT-F2060/W fehlt", ("TT-F2060/W", WHITE)),
        ("EAN 5701234000017", ("5701234000017", ROPE)),
        ("FEN-25 is out of stock", ("FEN-25", BLUE)),
        ("FEN-25-BLV is out of stock", ("FEN-25-BLV", BLUE)),
    ],
)
def test_codes_of_any_side_in_any_spelling(text, expected):
    assert expected in found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the mooring ropes are delayed", ("mooring ropes", ROPE)),
        ("Festmacher erst im Juni", ("Festmacher", ROPE)),
        ("only the blue fenders", ("blue fenders", BLUE)),
        ("Fender 20 x 60 weiß", ("Fender 20 x 60 weiß", WHITE)),
        ("die Langfendern", ("Langfendern", WHITE)),
    ],
)
def test_names_shortened_inflected_and_in_the_partners_words(text, expected):
    assert expected in found(text)


def test_one_name_after_another_gives_both():
    assert found("the ropes and the blue fenders come later") == [("ropes", ROPE), ("blue fenders", BLUE)]


def test_a_word_that_several_lines_share_names_each_of_them_less_surely():
    both = find_products("the fenders", LINES, BOOK, GERMAN)
    alone = find_products("the blue fenders", LINES, BOOK, GERMAN)
    assert {m.line_id for m in both} == {WHITE, BLUE}
    assert max(m.score for m in both) < max(m.score for m in alone)


def test_a_small_number_with_its_noun_tells_two_products_apart():
    names = ["Pedestal 2 drawers grey", "Pedestal 3 drawers grey"]
    products = [{"id": i, "name": name, "product_tmpl_id": [i, ""]} for i, name in enumerate(names, 1)]
    rows = [{"id": i, "order_id": [1, "P1"], "product_id": [i, ""], "name": name} for i, name in enumerate(names, 1)]
    orders = [{"id": 1, "name": "P1"}]
    data = {"product.product": products, "purchase.order": orders, "purchase.order.line": rows}
    book = OrderBook(SnapshotReader(data))
    best = find_products("the 3-drawer pedestals", book.orders["purchase.order", 1].lines, book)[0]
    assert best.line_id == 2


def test_codes_count_more_than_names():
    code, name = (find_products(t, LINES, BOOK, GERMAN)[0].score for t in ("ROP-12-NAV", "ropes"))
    assert code > name


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your order",
        "we ship 12 pieces on 20.05.",
        "the whole order is late",
        "invoice 2026 of 25 EUR",
        "",
    ],
)
def test_nothing_is_named(text):
    assert found(text) == []


def test_positions_of_an_order_count_from_one_or_in_tens():
    assert found("Pos. 2 kommt später") == [("Pos. 2", WHITE)]
    assert found("line 30 is late") == [("line 30", BLUE)]
    mixed = [LINES[0], *BOOK.orders["purchase.order", 42].lines]
    assert find_products("line 1 is late", mixed, BOOK) == []


def test_another_suppliers_code_is_known_too():
    lines = BOOK.orders["purchase.order", 42].lines
    assert [m.how for m in find_products("VB 771", lines, BOOK, 12)] == ["supplier_code"]


def test_a_number_before_a_name_counts_it_and_is_no_measure_of_it():
    assert [m.text for m in find_products("12 ropes", LINES, BOOK, GERMAN)] == ["ropes"]
    assert [m.text for m in find_products("12 mm rope", LINES, BOOK, GERMAN)] == ["12 mm rope"]


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_spans_of_it_and_scores_below_one(text):
    for mention in find_products(text, LINES, BOOK, GERMAN):
        assert text[mention.start : mention.end] == mention.text
        assert 0 < mention.score < 1
