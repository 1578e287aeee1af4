"""The contract's rules for one case, each with an example counted by hand."""

from __future__ import annotations

import pytest

from agent.proposal import Lane
from evals.matching import Tally, actions_right, case_facts, judge
from tests.evals.cases import case, found, label, order, prediction

DATE = "delivery_date_change"


def facts_of(expected, proposed, products=None):
    wanted, given = case_facts(expected, proposed, products or {})
    return Tally.between(wanted, given)


def lines(*items):
    return {"lines": list(items)}


def test_the_same_finding_twice_is_right_once_and_wrong_once():
    judged = judge(case(label(DATE, order(1))), prediction(found(DATE, order(1)), found(DATE, order(1))), {})
    assert judged.exceptions == Tally(right=1, expected=1, proposed=2)
    assert judged.records == Tally(right=1, expected=1, proposed=2)
    assert [right for _, right in judged.rated()] == [True, False]
    assert not judged.right


def test_of_two_equal_findings_the_better_one_is_the_right_one():
    stated = lines({"line_id": 7, "date": "2026-12-14"})
    judged = judge(
        case(label(DATE, order(1), fields=stated)),
        prediction(found(DATE, order(1), confidence=0.2), found(DATE, order(1), fields=stated, confidence=0.9)),
        {},
    )
    assert sorted(judged.rated()) == [(0.2, False), (0.9, True)]


def test_an_exception_is_an_intent_with_its_record():
    judged = judge(
        case(label(DATE, order(1)), label("price_change", order(2))),
        prediction(found(DATE, order(2)), found("price_change", order(2))),
        {},
    )
    assert judged.exceptions == Tally(right=1, expected=2, proposed=2)
    assert judged.records == Tally(right=1, expected=2, proposed=2)


def test_records_of_another_model_with_the_same_id_differ():
    judged = judge(case(label(DATE, order(1))), prediction(found(DATE, order(1, "stock.picking"))), {})
    assert judged.exceptions.right == 0


def test_no_record_is_right_where_none_can_be_known():
    judged = judge(case(label("price_change")), prediction(found("price_change")), {})
    assert judged.right
    assert judged.records == Tally(0, 0, 0)


def test_recall_looks_at_the_first_five_candidates_of_every_proposal():
    others = [order(n).model_dump() | {"score": 0.5} for n in range(10, 14)]
    fifth, sixth = [*others, order(1).model_dump() | {"score": 0.1}], [*others, others[0], order(1).model_dump()]
    sixth[-1]["score"] = 0.1
    expected = case(label(DATE, order(1)))
    assert judge(expected, prediction(found(DATE, order(10), candidates=fifth)), {}).recalled == 1
    assert judge(expected, prediction(found(DATE, order(10), candidates=sixth)), {}).recalled == 0


@pytest.mark.parametrize(
    ("proposed", "right"),
    [
        ({"update_price"}, True),
        ({"update_price", "escalate"}, True),
        ({"escalate"}, False),
        (set(), False),
        ({"update_price", "cancel_purchase_lines"}, False),
        ({"reply_to_sender"}, True),
        ({"reply_to_sender", "escalate"}, True),
        ({"reply_to_sender", "update_price"}, False),
    ],
)
def test_actions_lie_between_an_accepted_set_and_that_set_with_the_acceptable(proposed, right):
    accepted = label(
        "price_change",
        actions=["update_price"],
        acceptable_actions=["escalate"],
        alternatives=[["reply_to_sender"]],
    )
    assert actions_right(accepted, proposed) is right


def test_dates_and_numbers_compare_by_value():
    assert facts_of(
        [label("order_change", order(1), fields=lines({"line_id": 7, "date": "2026-12-14", "qty": 12}))],
        [found("order_change", order(1), fields=lines({"line_id": 7, "date": "2026-12-14T00:00:00", "qty": "12.0"}))],
    ) == Tally(2, 2, 2)


def test_a_fact_with_the_wrong_record_line_or_value_is_wrong():
    wanted = [label(DATE, order(1), fields=lines({"line_id": 7, "date": "2026-12-14"}))]
    for record, line, date in [(2, 7, "2026-12-14"), (1, 8, "2026-12-14"), (1, 7, "2026-12-15")]:
        given = [found(DATE, order(record), fields=lines({"line_id": line, "date": date}))]
        assert facts_of(wanted, given) == Tally(0, 1, 1)


def test_only_the_fields_that_the_taxonomy_lists_are_scored():
    fields = {"tracking": "1Z", "lines": [{"line_id": 7, "date": "2026-12-14", "qty": 3, "price": 4.5}]}
    assert facts_of([], [found(DATE, order(1), fields=fields)]) == Tally(0, 0, 1)


def test_free_text_is_not_scored():
    assert facts_of(
        [label("address_change", order(1), fields={"address": "Hauptstraße 1"})],
        [found("return_request", order(1), fields={"reason": "defective"})],
    ) == Tally(0, 0, 0)


def test_a_date_that_is_not_known_yet_is_a_fact():
    unknown = lines({"line_id": 7, "date": None, "date_unknown": True})
    wanted = [label(DATE, order(1), fields=unknown)]
    assert facts_of(wanted, [found(DATE, order(1), fields=unknown)]) == Tally(1, 1, 1)
    assert facts_of(wanted, [found(DATE, order(1), fields=lines({"line_id": 7}))]) == Tally(0, 1, 0)
    assert facts_of(wanted, [found(DATE, order(1), fields=lines({"line_id": 7, "date": "2026-12-14"}))]) == Tally(
        0, 1, 1
    )


def test_a_split_is_one_fact_in_any_order_of_its_deliveries():
    first, second = {"qty": 12, "date": "2026-12-01"}, {"qty": 8, "date": "2026-12-15"}
    wanted = [label("partial_shipment", order(1), fields=lines({"line_id": 7, "splits": [first, second]}))]

    def given(*splits):
        return [found("partial_shipment", order(1), fields=lines({"line_id": 7, "splits": list(splits)}))]

    assert facts_of(wanted, given(second, first)) == Tally(1, 1, 1)
    assert facts_of(wanted, given(first)) == Tally(0, 1, 1)


@pytest.mark.parametrize("intent", ["order_cancellation", "item_unavailable", "delivery_discrepancy"])
def test_lines_are_facts_where_the_label_names_them(intent):
    named = [label(intent, order(1), fields=lines({"line_id": 7}))]
    assert facts_of(named, [found(intent, order(1), fields=lines({"line_id": 7}, {"line_id": 8}))]) == Tally(1, 1, 2)
    unnamed = [label(intent, order(1))]
    assert facts_of(unnamed, [found(intent, order(1), fields=lines({"line_id": 7}))]) == Tally(0, 0, 0)


@pytest.mark.parametrize("intent", ["order_cancellation", "item_unavailable", "delivery_discrepancy"])
def test_quantities_of_intents_that_only_name_lines_are_not_scored(intent):
    wanted = [label(intent, order(1), fields=lines({"line_id": 7, "qty": 3}))]
    assert facts_of(wanted, [found(intent, order(1), fields=lines({"line_id": 7, "qty": 99}))]) == Tally(1, 1, 1)


def test_lines_without_a_scored_value_are_no_facts_elsewhere():
    assert facts_of([], [found(DATE, order(1), fields=lines({"line_id": 7}))]) == Tally(0, 0, 0)


def test_a_line_whose_id_nobody_knows_is_known_by_its_product_code_or_name():
    products = {"furn_7800": "product:3", "desk combination": "product:3"}
    wanted = [label("price_change", None, fields=lines({"line_id": None, "product": "FURN_7800", "price": 4.5}))]
    by_name = [
        found("price_change", None, fields=lines({"line_id": None, "product": "Desk  Combination", "price": 4.50}))
    ]
    with_id = [found("price_change", None, fields=lines({"line_id": 9, "product": "FURN_7800", "price": 4.5}))]
    other = [found("price_change", None, fields=lines({"line_id": None, "product": "FURN_9000", "price": 4.5}))]
    assert facts_of(wanted, by_name, products) == Tally(1, 1, 1)
    assert facts_of(wanted, with_id, products) == Tally(1, 1, 1)
    assert facts_of(wanted, other, products) == Tally(0, 1, 1)


def test_texts_compare_without_regard_to_case_and_white_space():
    assert facts_of(
        [label("customs_hold", order(1), fields={"tracking": "1Z 999 AA1"})],
        [found("customs_hold", order(1), fields={"tracking": "1z999aa1"})],
    ) == Tally(1, 1, 1)


def test_a_manual_case_is_right_only_if_the_whole_message_goes_to_manual():
    fraud = case(label("unclear", actions=["escalate"]), manual=True)
    said = found("unclear", actions=["escalate"], confidence=0.9)
    assert judge(fraud, prediction(manual=True), {}).right
    assert judge(fraud, prediction(said.model_copy(update={"lane": Lane.manual})), {}).right
    confident = judge(fraud, prediction(said), {})
    assert not confident.right
    assert list(confident.rated()) == [(0.9, False)]


def test_a_message_that_rightly_went_to_manual_has_no_findings_to_count():
    judged = judge(case(label("unclear"), manual=True), prediction(manual=True), {})
    assert not judged.counted
    assert judged.exceptions == Tally(0, 0, 0)


def test_a_message_that_wrongly_went_to_manual_misses_everything():
    judged = judge(case(label(DATE, order(1))), prediction(manual=True), {})
    assert judged.counted
    assert not judged.right
    assert judged.exceptions == Tally(0, 1, 0)
    assert judged.records == Tally(0, 1, 0)


def test_a_case_needs_all_its_exceptions_and_no_other():
    both = case(label(DATE, order(1)), label(DATE, order(2)))
    assert judge(both, prediction(found(DATE, order(2)), found(DATE, order(1))), {}).right
    assert not judge(both, prediction(found(DATE, order(1))), {}).right
    assert not judge(both, prediction(found(DATE, order(1)), found(DATE, order(2)), found(DATE, order(3))), {}).right
