"""Each value belongs to the order line that is named beside it, and its evidence points at exactly that text."""

from __future__ import annotations

from datetime import date

import pytest

from agent.line_news import OrderNews, gather, shifted
from tests.agent.reading import BLUE, BOOK, LAMPS, ROPE, ROPES_AND_FENDERS, WHITE, news_of, say


def quantities(news: OrderNews) -> dict[int, list[float]]:
    return {i: [q.qty for q, _ in n.quantities] for i, n in news.lines.items() if n.quantities}


def dates(news: OrderNews) -> dict[int, list[date | None]]:
    return {i: [d.date for d, _ in n.dates] for i, n in news.lines.items() if n.dates}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We can only send 30 pcs of ROP-12-NAV.", {ROPE: [30]}),
        ("ROP-12-NAV: 30 pcs, FEN-20-WHT: 20 pcs", {ROPE: [30], WHITE: [20]}),
        ("FEN-20-WHT 20 pcs and FEN-25-BLU 10 pcs", {WHITE: [20], BLUE: [10]}),
        ("We will deliver only 20 FEN-20-WHT.", {WHITE: [20]}),
        ("TT 1220-N: 30 pcs", {ROPE: [30]}),
        ("30 pcs ROP-12-NAV, 20 pcs FEN-20-WHT.", {ROPE: [30], WHITE: [20]}),
        ("ROP-12-NAV    Mooring rope navy     30", {ROPE: [30]}),
        ("We can send you 30 pcs of ROP-12-NAV and also 20 pcs of FEN-20-WHT.", {ROPE: [30], WHITE: [20]}),
    ],
)
def test_quantities_attach_to_the_product_named_beside_them(text, expected):
    news = news_of(text)
    assert quantities(news) == expected
    assert news.whole.quantities == []


@pytest.mark.parametrize(
    "text",
    [
        "ROP-12-NAV: 3 June 2026, FEN-25-BLU: 9 June 2026",
        "ROP-12-NAV comes on 3 June 2026 and a bit later FEN-25-BLU comes on 9 June 2026.",
        "ROP-12-NAV comes on 3 June 2026, FEN-25-BLU on 9 June 2026.",
    ],
)
def test_dates_attach_to_the_product_named_before_them(text):
    news = news_of(text)
    assert dates(news) == {ROPE: [date(2026, 6, 3)], BLUE: [date(2026, 6, 9)]}


def test_one_date_after_several_products_is_that_of_all():
    news = news_of("ROP-12-NAV and FEN-25-BLU will come on 3 June 2026.")
    assert dates(news) == {ROPE: [date(2026, 6, 3)], BLUE: [date(2026, 6, 3)]}


def test_the_weight_of_a_consignment_counts_no_goods():
    news = news_of("FEN-25-BLU is on its way: 10 pcs.", "2 pallets, 611 kg.")
    assert quantities(news) == {BLUE: [10]}


def test_a_part_that_comes_as_agreed_leaves_the_rest_open():
    news = news_of(
        "Of the ropes ROP-12-NAV:", "Five come on 3 June 2026 as agreed,", "the remaining 35 on 9 June 2026."
    )
    assert [(qty, when) for qty, when, _ in news.lines[ROPE].splits] == [(5, date(2026, 6, 3)), (35, date(2026, 6, 9))]


@pytest.mark.parametrize("whole", ["the whole of P00041", "the entire P00041"])
def test_an_order_named_as_a_whole_is_more_than_the_line_spoken_of_last(whole):
    news = news_of("FEN-25-BLU was late.", f"We can deliver {whole} on 3 June 2026.")
    assert news.whole.all_lines
    assert [d.date for d, _ in news.whole.dates] == [date(2026, 6, 3)]


def test_without_a_product_a_value_is_the_whole_orders():
    news = news_of("Your order will come on 3 June 2026.")
    assert news.lines == {}
    assert [d.date for d, _ in news.whole.dates] == [date(2026, 6, 3)]


def test_the_talk_stays_with_a_product_until_another_is_named():
    news = news_of("There is a problem with ROP-12-NAV.", "It will come on 3 June 2026.", "FEN-25-BLU will follow.")
    assert dates(news) == {ROPE: [date(2026, 6, 3)]}
    assert set(news.mentioned) == {ROPE, BLUE}


@pytest.mark.parametrize(
    "text", ["FEN-25-BLU is fine.", "FEN-25-BLU as ordered.", "The blue fenders remain unchanged."]
)
def test_a_product_that_is_said_to_stay_as_it_is_has_no_news(text):
    news = news_of("ROP-12-NAV will come on 3 June 2026.", text)
    assert dates(news) == {ROPE: [date(2026, 6, 3)]}
    assert (set(news.mentioned), news.unchanged) == ({ROPE}, {BLUE})


def test_a_vague_name_among_what_stays_does_not_undo_what_a_code_was_said_of():
    news = news_of("FEN-25-BLU is discontinued.", "The blue ones of the other order remain unchanged.")
    assert news.unchanged == set()


def test_two_deliveries_of_which_one_is_as_agreed_are_both_read():
    news = news_of("ROP-12-NAV: 20 pcs on 3 June 2026 as agreed and the remaining 10 pcs on 9 June 2026.")
    assert [(qty, day) for qty, day, _ in news.lines[ROPE].splits] == [(20, date(2026, 6, 3)), (10, date(2026, 6, 9))]


def test_a_number_in_words_counts_right_before_a_name_only():
    assert quantities(news_of("Two blue fenders are torn.")) == {BLUE: [2]}
    assert quantities(news_of("Two questions on FEN-25-BLU.")) == {}


def test_a_line_that_is_said_to_be_unchanged_is_no_news():
    news = news_of("ROP-12-NAV comes on 3 June 2026.", "FEN-20-WHT remains unchanged.")
    assert WHITE in news.unchanged
    assert WHITE not in news.lines
    assert WHITE not in news.mentioned


def test_a_line_is_heard_in_a_statement_that_calls_the_rest_unchanged():
    news = news_of("ROP-12-NAV will arrive on 3 June 2026,", "everything else remains unchanged.")
    assert dates(news) == {ROPE: [date(2026, 6, 3)]}


def test_prices_and_unknown_dates_attach_as_well():
    news = news_of("ROP-12-NAV now costs 33.20 EUR.", "For FEN-25-BLU the new date is not yet known.")
    assert [p.amount for p, _ in news.lines[ROPE].prices] == [33.2]
    assert len(news.lines[BLUE].unknown) == 1


def test_each_quantity_of_a_split_is_paired_with_its_date():
    news = news_of("ROP-12-NAV: 25 pcs on 3 June 2026 and 15 pcs on 1 July 2026.")
    assert [(q, d) for q, d, _ in news.lines[ROPE].splits] == [(25, date(2026, 6, 3)), (15, date(2026, 7, 1))]


def test_products_of_another_order_name_no_line():
    news = news_of("We can only send 30 pcs of ROP-12-NAV.", order=LAMPS)
    assert news.lines == {}
    assert [q.qty for q, _ in news.whole.quantities] == [30]


def test_without_an_order_everything_is_said_of_the_whole():
    news = news_of("ROP-12-NAV: 30 pcs on 3 June 2026.", order=None)
    assert (news.lines, news.mentioned) == ({}, {})
    assert news.whole.quantities
    assert news.whole.dates


def test_evidence_points_at_exactly_that_text_in_the_part():
    texts = (
        "Hello Søren,",
        "ROP-12-NAV: only 30 pcs, on 3 June 2026, at 33.20 EUR.",
        "FEN-25-BLU: date not yet known.",
    )
    body = "\n".join(texts)
    news = OrderNews()
    gather(news, say(*texts), ROPES_AND_FENDERS)
    found = list(news.evidence.values())
    for item in (*news.lines.values(), news.whole):
        found += [e for _, e in (*item.dates, *item.quantities, *item.prices, *item.percents)]
        found += [*item.unknown, *(e for _, _, e in item.splits)]
    assert {e.field for e in found} >= {"lines.product", "lines.qty", "lines.date", "lines.price"}
    assert all(body[e.start : e.end] == e.text and e.text for e in found)


def test_a_shift_moves_the_lines_own_date():
    [said] = say("The delivery of ROP-12-NAV is delayed by two weeks.")
    line = next(line for line in BOOK.orders[ROPES_AND_FENDERS.key].lines if line.id == ROPE)
    [mention] = said.dates
    assert shifted(line, mention) == date(2026, 6, 3)


def test_the_evidence_of_a_delivery_spans_its_quantity_and_date_in_either_order():
    news = news_of("For ROP-12-NAV we can have ready on 3 June 2026 only 25 pcs, and 15 pcs on 17 June 2026.")
    shown = {(qty, day): evidence.text for qty, day, evidence in news.lines[ROPE].splits}
    assert shown == {
        (25.0, date(2026, 6, 3)): "3 June 2026 only 25 pcs",
        (15.0, date(2026, 6, 17)): "15 pcs on 17 June 2026",
    }
