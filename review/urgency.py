"""How urgent a proposal is: when its time is up, and its place in the queue by that time and the value at risk.

Urgency is value × exp(−time left / τ): it grows e-fold with every τ hours that go by. Of two items the one with the
greater product comes first, and which one that is does not change with the hour: max value · exp((now − due) / τ) is
min due − τ · ln(value). So a place in the queue is a moment that is kept in the row, and an index is the order.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, Field

SOON = 0.25  # the last quarter of the time that an item has


class Clocks(BaseModel):
    """`clocks.yaml`: the hours that an item may wait, by intent, and what doubling the value is worth in hours."""

    default: float = Field(gt=0)
    hours: dict[str, float]
    doubling_hours: float = Field(gt=0)


class Clock(StrEnum):
    """How an item stands to its deadline."""

    running = "running"
    soon = "soon"
    overdue = "overdue"


@cache
def clocks() -> Clocks:
    return Clocks(**yaml.safe_load(Path(__file__).with_name("clocks.yaml").read_text()))


def due_at(intent: str, received_at: datetime) -> datetime:
    """When a message of this intent should have been decided on."""
    table = clocks()
    return received_at + timedelta(hours=table.hours.get(intent, table.default))


def rank_at(due: datetime, value: float) -> datetime:
    """The deadline, moved forward by the value at risk (in the order's currency): the queue is sorted by it."""
    hours = clocks().doubling_hours * math.log2(1.0 + max(value, 0.0))
    return due - timedelta(hours=hours)


def clock(received_at: datetime, due: datetime, now: datetime) -> Clock:
    """Where an item stands at `now`."""
    if now >= due:
        return Clock.overdue
    return Clock.soon if due - now <= SOON * (due - received_at) else Clock.running
