"""From the news of an order's lines to the fields of an intent, each with its evidence and how the record bears it out."""

from __future__ import annotations

import pytest

from agent.fields import Filled, fill, open_lines
from agent.orders import SALE, Order
from tests.agent.reading import BLUE, BOOK, LAMP, LAMPS, ROPE, ROPES_AND_FENDERS, WHITE, context


def filled(intent: str, *texts: str, order: Order | None = ROPES_AND_FENDERS, language: str = "en") -> Filled:
    return fill(intent, context(*texts, order=order, language=language))


def lines(result: Filled) -> list[dict[str, object]]:
    return [line.model_dump(exclude_defaults=True, exclude={"product"}) for line in result.fields.lines]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ROP-12-NAV will be delivered on 3 June 2026.", "en"),
        ("ROP-12-NAV wird am 3. Juni 2026 geliefert.", "de"),
        ("ROP-12-NAV sera livré le 3 juin 2026.", "fr"),
        ("ROP-12-NAV se entregará el 3 de junio de 2026.", "es"),
        ("ROP-12-NAV sarà consegnato il 3 giugno 2026.", "it"),
        ("ROP-12-NAV wordt op 3 juni 2026 geleverd.", "nl"),
        ("ROP-12-NAV zostanie dostarczony 3 czerwca 2026.", "pl"),
    ],
)
def test_another_date_is_the_named_lines(text, language):
    result = filled("delivery_date_change", text, language=language)
    assert lines(result) == [{"line_id": ROPE, "date": "2026-06-03"}]
    assert (result.values, result.supported) == (1.0, 1.0)


def test_the_date_that_the_order_holds_already_is_no_change():
    result = filled("delivery_date_change", "ROP-12-NAV will be delivered on 20 May 2026.")
    assert (lines(result), result.supported) == ([], 0.0)


def test_a_date_of_the_whole_order_is_that_of_its_open_lines():
    result = filled("delivery_date_change", "Your order will be delivered on 3 June 2026.")
    assert {line["line_id"] for line in lines(result)} == {ROPE, BLUE}
    assert {line["date"] for line in lines(result)} == {"2026-06-03"}


def test_lines_said_to_be_unchanged_do_not_follow_the_whole_order():
    texts = ("FEN-25-BLU remains unchanged.", "Your order will be delivered on 3 June 2026.")
    assert BLUE not in {line["line_id"] for line in lines(filled("delivery_date_change", *texts))}


def test_a_date_that_is_not_known_yet_is_said_to_be_unknown():
    result = filled("delivery_date_change", "ROP-12-NAV is late and the new date is not yet known.")
    assert lines(result) == [{"line_id": ROPE, "date_unknown": True}]
    assert result.fields.stated()["lines"][0]["date"] is None


def test_another_quantity_is_the_named_lines():
    result = filled("quantity_change", "We can only supply 30 pcs of ROP-12-NAV.")
    assert lines(result) == [{"line_id": ROPE, "qty": 30.0}]
    assert result.supported == 1.0


def test_the_quantity_that_was_ordered_is_no_change():
    result = filled("quantity_change", "We will supply 40 pcs of ROP-12-NAV.")
    assert (lines(result), result.supported) == ([], 0.0)


def test_of_instead_and_new_the_new_quantity_is_meant():
    result = filled("quantity_change", "ROP-12-NAV: 30 pcs instead of 40 pcs.")
    assert lines(result) == [{"line_id": ROPE, "qty": 30.0}]


def test_another_price_is_the_named_lines():
    result = filled("price_change", "The price of ROP-12-NAV is now 33.20 EUR instead of 31.50 EUR.")
    assert lines(result) == [{"line_id": ROPE, "price": 33.2}]


def test_the_price_on_the_order_is_no_change():
    result = filled("price_change", "The price of ROP-12-NAV is 31.50 EUR.")
    assert (lines(result), result.supported) == ([], 0.0)


def test_a_price_rise_in_percent_is_worked_out_and_explained():
    result = filled("price_change", "The price of LAM-LED-03 rises by 10 %.", order=LAMPS)
    assert lines(result) == [{"line_id": LAMP, "price": 53.9}]
    assert len(result.notes) == 1


def test_two_deliveries_are_a_split_with_their_quantities_and_dates():
    result = filled("partial_shipment", "ROP-12-NAV: 25 pcs on 3 June 2026 and 15 pcs on 1 July 2026.")
    splits = [{"qty": 25.0, "date": "2026-06-03"}, {"qty": 15.0, "date": "2026-07-01"}]
    assert lines(result) == [{"line_id": ROPE, "splits": splits}]
    assert result.supported == 1.0


def test_the_rest_of_a_split_is_what_is_open():
    result = filled("partial_shipment", "ROP-12-NAV: 25 pcs on 3 June 2026, the rest on 1 July 2026.")
    [line] = lines(result)
    assert line["splits"] == [{"qty": 25.0, "date": "2026-06-03"}, {"qty": 15.0, "date": "2026-07-01"}]


def test_one_delivery_is_no_split():
    assert lines(filled("partial_shipment", "ROP-12-NAV: 40 pcs on 3 June 2026.")) == []


def test_a_code_that_is_offered_instead_is_the_substitute():
    result = filled("item_unavailable", "FEN-25-BLU is discontinued.", "We offer FEN-27-GRN as a substitute.")
    assert lines(result) == [{"line_id": BLUE, "substitute": "FEN-27-GRN"}]


@pytest.mark.parametrize(
    "text", ["FEN-25-BLU is discontinued; order P00041.", "FEN-25-BLU is gone, replacing it is not possible."]
)
def test_without_an_offer_there_is_no_substitute(text):
    assert lines(filled("item_unavailable", text)) == [{"line_id": BLUE}]


def test_the_only_open_line_is_meant_where_none_is_named():
    assert lines(filled("item_unavailable", "It is no longer made.", order=LAMPS)) == [{"line_id": LAMP}]
    assert lines(filled("item_unavailable", "It is no longer made.")) == []


def test_a_customer_changes_quantity_and_date_of_one_line_at_once():
    order = BOOK.orders[SALE, 41]
    rope = order.lines[0].id
    result = filled("order_change", "Please send 10 pcs of ROP-12-NAV, on 3 June 2026.", order=order)
    assert {"line_id": rope, "qty": 10.0, "date": "2026-06-03"} in lines(result)


def test_a_cancellation_names_the_lines_that_are_dropped_of_an_order_that_stays():
    part = fill("order_cancellation", context("Please cancel ROP-12-NAV.", "FEN-25-BLU as ordered."))
    assert [stated.line_id for stated in part.fields.lines] == [ROPE]
    whole = fill("order_cancellation", context("Please cancel the whole order with the ROP-12-NAV."))
    assert whole.fields.lines == []


def test_a_line_that_gets_another_quantity_is_not_cancelled():
    filled = fill("order_cancellation", context("Please cancel ROP-12-NAV.", "FEN-25-BLU: 14 instead of 12 pcs."))
    assert [stated.line_id for stated in filled.fields.lines] == [ROPE]


def test_what_is_returned_is_the_named_line_and_its_quantity():
    order = BOOK.orders[SALE, 41]
    rope = order.lines[0].id
    assert lines(filled("return_request", "We return 2 pcs of ROP-12-NAV.", order=order)) == [
        {"line_id": rope, "qty": 2.0}
    ]


@pytest.mark.parametrize("intent", ["order_confirmation", "complaint", "unclear", "customs_hold", "auto_reply"])
def test_intents_without_line_fields_get_none(intent):
    assert fill(intent, context("ROP-12-NAV: 30 pcs on 3 June 2026.")) == Filled()


@pytest.mark.parametrize("intent", ["delivery_date_change", "quantity_change", "price_change", "partial_shipment"])
def test_without_an_order_no_line_is_claimed(intent):
    assert filled(intent, "ROP-12-NAV: 30 pcs on 3 June 2026 at 33.20 EUR.", order=None).fields.lines == []


def test_evidence_names_the_line_that_it_is_for_and_points_at_its_text():
    texts = ("ROP-12-NAV comes on 3 June 2026.", "FEN-25-BLU comes on 9 June 2026.")
    result = filled("delivery_date_change", *texts)
    body = "\n".join(texts)
    assert all(body[e.start : e.end] == e.text for e in result.evidence)
    stated = {(e.field, e.text) for e in result.evidence}
    dates = {f"lines[{i}].date" for i in range(2)}
    assert dates <= {field for field, _ in stated}
    for index, line in enumerate(result.fields.lines):
        code = {ROPE: "ROP-12-NAV", BLUE: "FEN-25-BLU"}[line.line_id or 0]
        assert (f"lines[{index}].product", code) in stated


def test_the_lines_that_wait_come_before_those_that_are_done():
    assert [line.id for line in open_lines(ROPES_AND_FENDERS)] == [ROPE, BLUE]
    assert WHITE not in [line.id for line in open_lines(ROPES_AND_FENDERS)]
    assert open_lines(None) == []


def test_evidence_follows_its_line_when_other_lines_are_dropped():
    result = fill(
        "delivery_date_change", context("ROP-12-NAV comes on 3 June 2026.", "FEN-25-BLU comes on 9 June 2026.")
    )
    result.keep({BLUE})
    assert [line.date for line in result.fields.lines] == ["2026-06-09"]
    assert {(e.field, e.text) for e in result.evidence} == {
        ("lines[0].date", "9 June 2026"),
        ("lines[0].product", "FEN-25-BLU"),
    }


def test_evidence_of_a_quantity_and_a_date_stands_under_the_line_that_each_is_for():
    order = BOOK.orders[SALE, 41]
    first, second = order.lines[0], order.lines[1]
    result = fill(
        "order_change",
        context(f"{first.code}: please deliver on 3 June 2026.", f"{second.code}: please make it 77 pcs.", order=order),
    )
    shown = {(result.fields.lines[int(e.field[6])].line_id, e.field[9:]): e.text for e in result.evidence}
    assert shown[first.id, "date"] == "3 June 2026"
    assert shown[second.id, "qty"].startswith("77")
