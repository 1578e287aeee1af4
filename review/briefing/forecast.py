"""How many exceptions will be open over the next week if coming and deciding go on as they did, by day of the week."""

from __future__ import annotations

from collections.abc import Sequence

WEEK = 7


def forecast(open_now: float, came: Sequence[int], closed: Sequence[int]) -> list[float]:
    """Open exceptions at the end of each of the next seven days.

    From daily counts of whole weeks, oldest first: each day adds the median of what came on that day of the week and
    takes off the median of what closed, and nothing falls below zero."""
    level, days = open_now, []
    for day in range(WEEK):
        level = max(level + _median(came[day::WEEK]) - _median(closed[day::WEEK]), 0.0)
        days.append(round(level, 1))
    return days


def _median(counts: Sequence[int]) -> float:
    ordered = sorted(counts)
    middle = len(ordered) // 2
    if not ordered:
        return 0.0
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
