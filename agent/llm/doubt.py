"""When a second opinion is worth its price, and what it does to a confidence.

Three shares, measured for a model on labelled messages (`triage eval engines … --worth`), say what its word is worth:

    a  it reads a message as the local engine does, where that is right
    s  it reads it the same way, where that is wrong
    t  it is right, where the local engine is wrong                                   (s + t ≤ 1)

With p the calibrated confidence before asking, Bayes' rule gives the rest:

    P(right | it agrees)          = p·a / (p·a + (1-p)·s)
    P(local right | it disagrees) = p·(1-a) / D,  D = p·(1-a) + (1-p)·(1-s)
    P(model right | it disagrees) = (1-p)·t / D

Asked, the desk shows the likelier reading, so asking adds max(0, (1-p)·t - p·(1-a)) right proposals.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, model_validator


class Reliability(BaseModel):
    """What a model's word is worth beside the local engine's. The defaults are a cautious guess for a model that nobody
    measured; `provenance` says on how many messages a measured one rests."""

    agrees_when_right: float = Field(0.8, ge=0.0, le=1.0)
    agrees_when_wrong: float = Field(0.3, ge=0.0, le=1.0)
    right_when_wrong: float = Field(0.3, ge=0.0, le=1.0)
    provenance: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _disjoint(self) -> Reliability:
        if self.agrees_when_wrong + self.right_when_wrong > 1.0 + 1e-9:
            raise ValueError(
                "agrees_when_wrong and right_when_wrong are shares of the same messages: at most 1 together"
            )
        return self

    @classmethod
    def load(cls, path: Path) -> Reliability:
        """The stored shares. Raises ValueError (pydantic) for a file that holds something else."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def measured(cls, counts: dict[str, int], provenance: dict[str, Any]) -> Reliability:
        """Shares from counts of messages: `right`, `right_agrees`, `wrong`, `wrong_agrees`, `wrong_corrected`; each with
        one message more in favour and one against than were seen (Laplace), so that nothing is ever sure."""
        right, wrong = counts["right"], counts["wrong"]
        same = (counts["wrong_agrees"] + 1) / (wrong + 3)
        return cls(
            agrees_when_right=(counts["right_agrees"] + 1) / (right + 2),
            agrees_when_wrong=same,
            right_when_wrong=(counts["wrong_corrected"] + 1) / (wrong + 3),
            provenance={**provenance, **counts},
        )

    def agreed(self, p: float) -> float:
        """The confidence where the model agrees."""
        both = p * self.agrees_when_right
        return _share(both, both + (1 - p) * self.agrees_when_wrong)

    def disagreed(self, p: float) -> tuple[float, float]:
        """The confidences in the local reading and in the model's, where they differ."""
        local = p * (1 - self.agrees_when_right)
        other = (1 - p) * (1 - self.agrees_when_wrong)
        return _share(local, local + other), _share((1 - p) * self.right_when_wrong, local + other)

    def gain(self, p: float) -> float:
        """How many right proposals asking adds, on average, for a message of that confidence."""
        return max(0.0, (1 - p) * self.right_when_wrong - p * (1 - self.agrees_when_right))


def worth_asking(p: float, reliability: Reliability, *, value: float, cost: float) -> bool:
    """Whether asking is expected to bring in more than it costs. `value` is what a right proposal is worth, in the
    currency of `cost`."""
    gain = reliability.gain(p)
    return gain > 0 and value * gain > cost


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
