"""The look-ups of a model: they only read, say what they found in lines, and remember what was shown."""

from __future__ import annotations

import pytest

from agent.llm.look_ups import LookUps
from tests.agent.llm.reading import local


@pytest.fixture
def look_ups():
    return LookUps(local().book, local().references, None)


def test_a_search_finds_by_number_slip_and_company(look_ups):
    assert "P00041: purchase order to Trosse & Tau" in look_ups.search_records("P00041")
    assert "P00042" in look_ups.search_records("Vela Bianca")
    assert look_ups.search_records("nothing like it") == "Nothing was found."
    assert set(look_ups.shown) >= {"P00041", "P00042"}


def test_a_record_is_read_with_its_lines(look_ups):
    read = look_ups.read_record("P00041")
    assert "line 1: [ROP-12-NAV] Mooring rope 12 mm navy, 20 m, 40 Units at 31.5 EUR, planned 2026-05-20" in read
    assert look_ups.shown == {"P00041": ("purchase.order", 41)}
    assert "There is no record 'P99999'" in look_ups.read_record("P99999")


def test_a_reference_leads_to_the_records_that_bear_it(look_ups):
    assert "P00041 (purchase.order): partner ref number AB 26-7781" in look_ups.look_up_reference("AB 26-7781")
    assert look_ups.look_up_reference("ZZ-1") == "No record bears this number."


@pytest.mark.parametrize(
    ("start", "days", "working", "expected"),
    [
        ("2026-05-11", 14, False, "2026-05-25 (Monday, week 22)"),
        ("2026-05-15", 1, True, "2026-05-18 (Monday, week 21)"),
        ("2026-05-18", -1, True, "2026-05-15 (Friday, week 20)"),
        ("next week", 1, False, "This cannot be reckoned"),
        ("2026-05-11", 10**9, True, "This cannot be reckoned"),
    ],
)
def test_days_are_reckoned(look_ups, start, days, working, expected):
    assert look_ups.shift_date(start, days, working).startswith(expected)


def test_past_cases_are_offered_only_where_there_are_some():
    class Decided:
        def similar(self, text: str, most: int) -> list[str]:
            return [f"like {text}"]

    without = LookUps(local().book, local().references, None)
    having = LookUps(local().book, local().references, None, Decided())
    assert "similar_past_cases" not in [t.name for t in without.tools()]
    assert "similar_past_cases" in [t.name for t in having.tools()]
    assert having.similar_past_cases("late") == "like late"
