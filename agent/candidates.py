"""Records that a message could be about, with the features and reasons that speak for each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from agent.orders import RecordKey
from agent.product_mentions import ProductMention
from agent.references import ReferenceMention
from agent.sender import Sender
from agent.taught import NOTHING, Taught


@dataclass(frozen=True, slots=True)
class LocatedMention:
    """A reference with the part and passage that it stands in. `place` is subject, attachment, event, or the kind of
    the body's passage; offsets of `mention` count in the part's text."""

    part: str
    place: str
    mention: ReferenceMention


@dataclass(slots=True)
class RecordCandidate:
    """A record with the features that speak for it. `score` (0..1) is a first, uncalibrated ranking.

    Features, all 0..1 unless said otherwise: `exact`, `exact_<place>`, `near`, `own_number` (our number, not theirs),
    `tracking`, `invoice`, `document`, `partner` (the sender's company is the record's), `partner_mentioned`,
    `role_fit`, `open`, `recent`, `due` (its date is near), `product` (best product mention), `product_share` (of the
    products spoken of, how many it holds), `retrieved` (the index), `linked` (reached through another candidate),
    `alone` (1 / number of the sender's open orders), `order_of_mention` (1 for the first number in the text)."""

    model: str
    id: int
    name: str
    features: dict[str, float] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    mentions: list[LocatedMention] = field(default_factory=list)

    @property
    def key(self) -> RecordKey:
        return self.model, self.id

    @property
    def score(self) -> float:
        f = self.features
        value = (
            -4.0
            + 5.5 * f.get("exact", 0.0)
            + 3.0 * f.get("near", 0.0)
            + 5.0 * f.get("document", 0.0)
            + 1.5 * f.get("partner", 0.0)
            + 1.0 * f.get("partner_mentioned", 0.0)
            + 0.7 * f.get("role_fit", 0.0)
            + 0.6 * f.get("open", 0.0)
            + 0.4 * f.get("recent", 0.0)
            + 0.4 * f.get("due", 0.0)
            + 1.5 * f.get("product", 0.0)
            + 0.8 * f.get("product_share", 0.0)
            + 0.3 * f.get("retrieved", 0.0)
            + 3.5 * f.get("linked", 0.0)
            + 0.8 * f.get("alone", 0.0)
        )
        return 1.0 / (1.0 + math.exp(-value))

    def raise_to(self, feature: str, value: float, reason: str | None = None) -> None:
        if value > self.features.get(feature, 0.0):
            self.features[feature] = round(value, 4)
            if reason and reason not in self.reasons:
                self.reasons.append(reason)


@dataclass(slots=True)
class Recall:
    """`candidates` are ranked by their first score; `mentions` are in reading order; `products` are those that the
    subject and the new text speak of; `taught` is what people taught about reading such a message."""

    sender: Sender
    candidates: list[RecordCandidate] = field(default_factory=list)
    mentions: list[LocatedMention] = field(default_factory=list)
    products: list[ProductMention] = field(default_factory=list)
    taught: Taught = NOTHING

    def candidate(self, key: RecordKey) -> RecordCandidate | None:
        return next((c for c in self.candidates if c.key == key), None)
