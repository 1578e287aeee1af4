"""The stretch of time that figures are taken over, and at which moment of a day the briefing's ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """From `start` up to, and without, `end`. What is said of a state (open, overdue) is as it was at `end`."""

    start: datetime
    end: datetime

    @property
    def before(self) -> Window:
        """The stretch of the same length that ends where this one starts."""
        return Window(self.start - (self.end - self.start), self.start)

    def last(self, length: timedelta) -> Window:
        """The last part of it, or more than it: so long up to the same end."""
        return Window(self.end - length, self.end)

    def steps(self, length: timedelta) -> list[Window]:
        """It in parts of this length, oldest first; they end with it, and the oldest may begin before it."""
        count = -((self.start - self.end) // length)
        return [Window(self.end - (k + 1) * length, self.end - k * length) for k in reversed(range(count))]


def cut(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment at which the briefing of a day ends: its local time `at`."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def of_day(day: date, at: time, zone: ZoneInfo) -> Window:
    """What the briefing of a day covers: from the day before at that local time. An hour more or less where clocks
    change."""
    return Window(cut(day - DAY, at, zone), cut(day, at, zone))


def latest_day(now: datetime, at: time, zone: ZoneInfo) -> date:
    """The latest day whose briefing covers only what is past."""
    today = now.astimezone(zone).date()
    return today if cut(today, at, zone) <= now else today - DAY
