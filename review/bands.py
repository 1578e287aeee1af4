"""A confidence in a word: bands that people choose by, and within which items may be approved together."""

from __future__ import annotations

from typing import NamedTuple


class Band(NamedTuple):
    """A confidence in a word. `key` names it in addresses and styles."""

    key: str
    word: str


BANDS = (
    (0.95, Band("top", "very high")),
    (0.85, Band("high", "high")),
    (0.6, Band("mid", "medium")),
    (0.0, Band("low", "low")),
)


def band(confidence: float) -> Band:
    return next(b for least, b in BANDS if confidence >= least)


def limits_of(key: str) -> tuple[float, float]:
    """The confidences of a band: from the first, below the second. Raises KeyError for an unknown one."""
    below = float("inf")
    for least, b in BANDS:
        if b.key == key:
            return least, below
        below = least
    raise KeyError(key)
