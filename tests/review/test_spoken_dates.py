"""Dates as reviewers type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from review.spoken_dates import date_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("phrase", "day"),
    [
        ("2026-12-14", "2026-12-14"),
        (" 14.12.2026 ", "2026-12-14"),
        ("14 December", "2026-12-14"),
        ("tomorrow", "2026-11-25"),
        ("in two weeks", "2026-12-08"),
        ("KW 50", "2026-12-11"),
        ("demain", "2026-11-25"),
        ("end of January", "2027-01-31"),
    ],
)
def test_a_phrase_is_read_from_today(phrase, day):
    assert date_of(phrase, NOW) == day


@pytest.mark.parametrize(
    ("phrase", "says"),
    [
        ("10/12", "2026-10-12 or 2026-12-10"),
        ("Monday or 14 December", "may mean"),
        ("soon", "write it as"),
        ("", "write it as"),
        ("2026-02-30", "write it as"),
    ],
)
def test_what_is_no_date_or_two_is_asked_back(phrase, says):
    """Rather than guessed."""
    with pytest.raises(ValueError, match=says):
        date_of(phrase, NOW)
