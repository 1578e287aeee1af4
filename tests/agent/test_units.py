"""Quantities come out in the unit that the order line counts in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.quantities import QuantityMention, find_quantities
from agent.units import distance, in_units_of, pieces_in
from tests.agent.reading import ROPES_AND_FENDERS

LINE = ROPES_AND_FENDERS.lines[0]


@pytest.mark.parametrize(
    ("uom", "pieces"),
    [
        ("Units", None),
        ("Dozen", 12),
        ("Dutzend", 12),
        ("Box of 200", 200),
        ("Karton 12 Stk", 12),
        ("Scatola da 24", 24),
        ("100 pcs", 100),
        ("Opak. 100 szt.", 100),
        ("kg", None),
        ("Rolle 50 m", None),
    ],
)
def test_a_unit_of_measure_says_by_its_name_how_many_pieces_it_holds(uom: str, pieces: float | None):
    assert pieces_in(uom) == pieces


@pytest.mark.parametrize(
    ("said", "language", "uom", "ordered", "qty"),
    [
        ("18 000 szt.", "pl", "Box of 200", 100, 90),
        ("18,000 pcs", "en", "Box of 200", 100, 90),
        ("90 boxes", "en", "Box of 200", 100, 90),
        ("84 pcs", "en", "Dozen", 12, 7),
        ("7 dozen", "en", "Dozen", 12, 7),
        ("7 Dutzend", "de", "Units", 100, 84),
        ("30 cartons de 12", "fr", "Units", 400, 360),
        ("30 boxes of 12", "en", "Dozen", 40, 30),
        ("85 pcs", "en", "Dozen", 100, 85),
        ("40 pcs", "en", "Units", 50, 40),
    ],
)
def test_a_stated_quantity_is_turned_into_the_lines_unit(
    said: str, language: str, uom: str, ordered: float, qty: float
):
    [stated] = find_quantities(said, language)
    assert in_units_of(replace(LINE, uom=uom, qty=ordered), stated).qty == qty


def test_what_was_reckoned_says_so():
    line = replace(LINE, uom="Box of 200", qty=100)
    [pieces], [boxes] = find_quantities("18000 pcs", "en"), find_quantities("90 boxes", "en")
    assert in_units_of(line, pieces).converted == "18000 pieces are 90 Box of 200"
    assert in_units_of(line, boxes).converted == ""


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_nearer_of_two_readings_counts(stated: float, ordered: float):
    line = replace(LINE, uom="Dozen", qty=ordered)
    found = in_units_of(line, QuantityMention(0, 1, "", stated))
    assert distance(found.qty, ordered) <= distance(stated, ordered)
    assert found.qty in (stated, stated / 12)
