"""Deadlines, and the order that they and the value at risk make."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.taxonomy import taxonomy
from review.urgency import Clock, clock, clocks, due_at, rank_at

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOURS = st.floats(-2000, 2000)
VALUES = st.floats(0, 1e7)


@given(first=st.tuples(HOURS, VALUES), second=st.tuples(HOURS, VALUES))
def test_the_order_is_that_of_value_times_urgency(first, second):
    """With urgency growing e-fold as τ goes by, so that the order stays the same while time passes."""
    tau = clocks().doubling_hours / math.log(2)
    logs = [math.log1p(value) - hours / tau for hours, value in (first, second)]
    ranks = [rank_at(NOW + timedelta(hours=hours), value) for hours, value in (first, second)]
    if abs(logs[0] - logs[1]) > 1e-6:
        assert (ranks[0] < ranks[1]) == (logs[0] > logs[1])


def test_twice_the_value_counts_like_two_hours():
    """The rule in the words of `clocks.yaml`; nothing at risk leaves the deadline as it is."""
    assert rank_at(NOW, 0) == NOW
    nearly = rank_at(NOW, 1_000) - rank_at(NOW, 2_000)
    assert abs(nearly - timedelta(hours=clocks().doubling_hours)) < timedelta(minutes=1)


def test_every_clock_is_of_an_intent_that_exists():
    """A misspelt one would never run."""
    assert set(clocks().hours) <= set(taxonomy().intents)
    assert due_at("price_change", NOW) == NOW + timedelta(hours=clocks().default)
    assert due_at("delivery_failed", NOW) < due_at("order_confirmation", NOW)


def test_a_clock_warns_in_the_last_quarter():
    """Then it is overdue."""
    due = NOW + timedelta(hours=8)
    at = {hours: clock(NOW, due, NOW + timedelta(hours=hours)) for hours in (0, 5.9, 6, 7.9, 8, 100)}
    running, soon, over = Clock.running, Clock.soon, Clock.overdue
    assert at == {0: running, 5.9: running, 6: soon, 7.9: soon, 8: over, 100: over}
