"""A date as a reviewer types it: ISO, or a phrase as clerks write it ("Friday week", "KW 50", "14.12.")."""

from __future__ import annotations

from datetime import UTC, date, datetime


def date_of(phrase: str, now: datetime | None = None) -> str:
    """The ISO date that is meant, seen from `now` (today). Raises ValueError when there is none, or more than one."""
    try:
        return date.fromisoformat(phrase.strip()).isoformat()
    except ValueError:
        pass
    from agent.dates import find_dates

    found = [m for m in find_dates(phrase[:200], now=now or datetime.now(UTC), language="und") if m.date is not None]
    if not found:
        raise ValueError(
            "is not a date that can be read here: write it as 2026-12-14, or as “14 December” or “week 50”"
        )
    [first, *more] = found
    readings = sorted({m.date for m in found if m.date} | (set(first.alternatives) if first.ambiguous else set()))
    if more or len(readings) > 1:
        raise ValueError(f"may mean {' or '.join(day.isoformat() for day in readings)}: write the one that is meant")
    return readings[0].isoformat()
