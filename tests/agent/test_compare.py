"""What is stated stands beside what Odoo holds."""

from __future__ import annotations

from typing import Any

import pytest

from agent.compare import changes, label
from agent.proposal import Fields, LineFields, Split
from tests.agent.reading import ROPE, ROPES_AND_FENDERS


def stated(**fields: Any) -> list[tuple[str, Any, Any]]:
    line = LineFields(line_id=ROPE, **fields)
    return [(c.field, c.held, c.stated) for c in changes(ROPES_AND_FENDERS, Fields(lines=[line]))]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"date": "2026-06-03"}, [("date", "2026-05-20", "2026-06-03")]),
        ({"date_unknown": True}, [("date", "2026-05-20", None)]),
        ({"qty": 30.0}, [("qty", 40.0, 30.0)]),
        ({"qty": 0.0}, [("qty", 40.0, 0.0)]),
        ({"price": 33.2}, [("price", 31.5, 33.2)]),
        ({"substitute": "ROP-14"}, [("substitute", "ROP-12-NAV", "ROP-14")]),
        ({"qty": 30.0, "price": 33.2}, [("qty", 40.0, 30.0), ("price", 31.5, 33.2)]),
        ({}, []),
    ],
)
def test_each_stated_field_stands_beside_the_one_held(fields, expected):
    assert stated(**fields) == expected


def test_a_split_is_told_in_words():
    splits = [Split(qty=25, date="2026-06-03"), Split(qty=15)]
    assert stated(splits=splits) == [("splits", "40 on 2026-05-20", "25 on 2026-06-03 + 15 on ?")]


def test_a_line_that_is_not_known_is_compared_with_nothing():
    fields = Fields(lines=[LineFields(product="Garden gnome", qty=3.0), LineFields(line_id=999, price=2.0)])
    for order in (ROPES_AND_FENDERS, None):
        found = changes(order, fields)
        assert [(c.line_id, c.product, c.held) for c in found] == [
            (None, "Garden gnome", None),
            (999, "unknown line", None),
        ]


def test_a_line_is_called_by_code_and_name():
    assert label(ROPES_AND_FENDERS.lines[0]) == "[ROP-12-NAV] Mooring rope 12 mm navy, 20 m"
