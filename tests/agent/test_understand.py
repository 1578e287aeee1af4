"""Intents are read against the order: what the values bear out wins, and a confirmation that differs is the difference."""

from __future__ import annotations

import numpy as np
import pytest

from agent.intents import NONE, IntentModel
from agent.orders import Order
from agent.taxonomy import taxonomy
from agent.understand import Reading, Topic, read_topic, statement_count
from agent.weigh import IntentWeights, Situation, intents_of
from tests.agent.company import NOW
from tests.agent.reading import BLUE, ROPE, ROPES_AND_FENDERS, context

EMPTY = np.zeros((0, 0), dtype=np.float32)
MODEL = IntentModel([*sorted(taxonomy().intents), NONE], {}, *[EMPTY] * 8, 0.5, EMPTY)

WEIGHTS = IntentWeights.unfitted(intents_of(MODEL))


def row(**scores: float) -> np.ndarray:
    """Class probabilities; what is left over is `none`'s."""
    found = np.zeros(len(MODEL.classes), dtype=np.float32)
    for name, score in scores.items():
        found[MODEL.classes.index(name)] = score
    found[MODEL.classes.index(NONE)] = 1.0 - sum(scores.values())
    return found


def readings(*said: tuple[str, dict[str, float]], order: Order | None = ROPES_AND_FENDERS) -> list[Reading]:
    """Readings of statements whose wording got the given scores."""
    read = context(*(text for text, _ in said), order=order)
    rows = [row(**scores) for _, scores in said]
    for statement, scores in zip(read.saids, rows, strict=True):
        statement.scores = scores
    whole = np.stack(rows).max(axis=0) if rows else row()
    topic = Topic(Situation(order, "supplier"), list(read.saids), read.news, NOW.date(), whole, MODEL)
    return read_topic(topic, WEIGHTS)


def intents(*said: tuple[str, dict[str, float]], order: Order | None = ROPES_AND_FENDERS) -> list[str]:
    return [r.intent for r in readings(*said, order=order)]


def test_the_intent_that_the_wording_says_is_the_reading():
    [reading] = readings(("We confirm your order.", {"order_confirmation": 0.9}))
    assert reading.intent == "order_confirmation"
    assert 0 < reading.probability <= 1
    assert 0 < reading.margin <= 1


def test_a_confirmation_whose_price_differs_is_a_price_change():
    [reading] = readings(("We confirm: ROP-12-NAV at 33.20 EUR.", {"order_confirmation": 0.8, "price_change": 0.15}))
    assert reading.intent == "price_change"
    assert [(x.line_id, x.price) for x in reading.filled.fields.lines] == [(ROPE, 33.2)]


def test_a_confirmation_whose_price_is_the_orders_stays_one():
    said = ("We confirm: ROP-12-NAV at 31.50 EUR.", {"order_confirmation": 0.8, "price_change": 0.15})
    assert intents(said) == ["order_confirmation"]


def test_a_confirmation_with_another_date_is_a_date_change():
    said = ("We confirm: ROP-12-NAV comes on 3 June 2026.", {"order_confirmation": 0.7, "delivery_date_change": 0.25})
    assert intents(said) == ["delivery_date_change"]


def test_values_decide_between_two_readings_that_sound_alike():
    scores = {"delivery_date_change": 0.42, "quantity_change": 0.45}
    assert intents(("ROP-12-NAV will be delivered on 3 June 2026.", scores))[0] == "delivery_date_change"
    assert intents(("We can only supply 30 pcs of ROP-12-NAV.", scores))[0] == "quantity_change"


def test_several_deliveries_of_one_line_are_a_split_and_no_mere_other_date():
    said = (
        "ROP-12-NAV: 25 pcs on 3 June 2026 and 15 pcs on 1 July 2026.",
        {"partial_shipment": 0.5, "delivery_date_change": 0.45},
    )
    [reading] = readings(said)
    assert reading.intent == "partial_shipment"
    assert [len(x.splits) for x in reading.filled.fields.lines] == [2]


def test_two_changes_that_two_statements_bear_out_are_two_readings():
    found = readings(
        ("ROP-12-NAV will be delivered on 3 June 2026.", {"delivery_date_change": 0.95}),
        ("The price of FEN-25-BLU is 24.00 EUR.", {"price_change": 0.95}),
    )
    by_intent = {r.intent: [x.line_id for x in r.filled.fields.lines] for r in found}
    assert by_intent == {"delivery_date_change": [ROPE], "price_change": [BLUE]}


def test_lines_are_those_of_what_says_so_and_not_all_that_are_named():
    said = [
        ("ROP-12-NAV is no longer made.", {"item_unavailable": 0.9}),
        ("FEN-25-BLU follows soon.", {"item_unavailable": 0.1}),
    ]
    [reading] = readings(*said)
    assert (reading.intent, [x.line_id for x in reading.filled.fields.lines]) == ("item_unavailable", [ROPE])


@pytest.mark.parametrize("aside", ["unclear", "not_actionable", "auto_reply"])
def test_doubt_and_small_talk_stand_beside_nothing(aside):
    found = intents(("ROP-12-NAV comes on 3 June 2026.", {"delivery_date_change": 0.95}), ("Have fun!", {aside: 0.9}))
    assert found == ["delivery_date_change"]


def test_without_statements_it_is_unclear():
    assert intents() == ["unclear"]


def test_numbers_behind_a_reading_stay_in_their_range():
    for reading in readings(
        ("We confirm: ROP-12-NAV at 33.20 EUR on 3 June 2026.", {"order_confirmation": 0.6, "price_change": 0.2})
    ):
        assert 0.0 <= reading.probability <= 1.0
        assert -1.0 <= reading.margin <= 1.0
        assert 0.0 <= reading.message <= 1.0


def test_the_count_of_statements_is_told_in_powers_of_ten():
    saids = list(context("We confirm.").saids)
    assert statement_count([]) == statement_count(saids) == 0.0
    assert statement_count(saids * 100) == 2.0
