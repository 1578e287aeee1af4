"""From evidence to an honest confidence and a lane.

The confidence is a logistic regression over a few named features, fitted on labelled messages that no other part of the
engine was fitted on (`triage train`), and stored with its provenance. Lane thresholds are picked from the same
cross-fitted predictions by the risk that an operator accepts, never typed in.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from agent.proposal import Lane

CALIBRATION_PATH = Path(__file__).parent / "models" / "calibration.json"

FEATURES = (
    "intent",  # combined probability of the intent, 0..1
    "intent_margin",  # distance to the next intent of the same record, 0..1
    "message",  # probability of the intent for the message as a whole, 0..1
    "similarity",  # cosine to the nearest training prototype: low means unlike anything seen
    "record",  # score of the record, 0..1
    "record_margin",  # distance to the next record of the same kind, 0..1
    "exact_reference",  # the record was named letter by letter (or is the document posted on)
    "near_reference",  # it was named with a slip
    "sender_known",  # the sender belongs to the record's partner
    "lines",  # weakest line match, 0..1 (1 where no line is needed)
    "values",  # share of the fields that the intent needs which were found, 0..1
    "ambiguous",  # a date that may be read in two ways, a pack that could not be converted
    "from_table",  # the values come from a table aligned with the order
    "from_event",  # a carrier's coded event
    "no_record",  # the intent needs no record
    "proposals",  # proposals of the message beyond the first
    "supported",  # the values differ from what the record holds in the way the intent says
    "language",  # the language is one of the seven
    "suspicious",  # orders to a machine, problems while reading
    "long",  # log10 of the number of statements
    "states_lines",  # the intent states values of lines: more of it can be wrong
    "without_lines",  # it should, and none were found
    "many_lines",  # log2 of the number of lines stated
    "unnamed",  # the record was found without any number
    "rivals",  # other intents that the message nearly says, 0..1
    "unread",  # the surest other matter of any statement, 0..1
    "unread_orders",  # log2 of the number of orders that it names besides
    "unread_dates",  # log2 of the number of days to come that it names besides
)


class Calibrator(BaseModel):
    """P(right) = 1 / (1 + exp(-(bias + sum of weight * (feature - mean) / scale)))."""

    weights: dict[str, float]
    means: dict[str, float]
    scales: dict[str, float]
    bias: float

    def probability(self, features: dict[str, float]) -> float:
        logit = self.bias + sum(
            weight * (features.get(name, 0.0) - self.means[name]) / self.scales[name]
            for name, weight in self.weights.items()
        )
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


class Calibration(BaseModel):
    """The fitted calibrators by part (`intent`, `record`, `fields`, `actions`, `whole`), the lane thresholds, and where
    they come from. `ready_at` is null where no threshold reached the risk target on the fitting data."""

    parts: dict[str, Calibrator]
    ready_at: float | None
    manual_below: float
    provenance: dict[str, Any] = Field(default_factory=dict)
    digest: str = ""

    @classmethod
    def load(cls, path: Path = CALIBRATION_PATH) -> Calibration | None:
        """The stored calibration, or None where none was fitted yet."""
        if not path.exists():
            return None
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def rate(self, features: dict[str, float]) -> tuple[float, dict[str, float], Lane]:
        """Confidence of the proposal as a whole, of each part, and the lane that follows."""
        parts = {name: round(c.probability(features), 4) for name, c in self.parts.items()}
        confidence = parts.pop("whole")
        return confidence, parts, self.lane(confidence)

    def lane(self, confidence: float) -> Lane:
        if self.ready_at is not None and confidence >= self.ready_at:
            return Lane.ready
        return Lane.manual if confidence < self.manual_below else Lane.check
