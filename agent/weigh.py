"""Which intents a topic expresses: wording and meaning weighed with what the values say beside the record's.

A conditional logit (McFadden, "Conditional logit analysis of qualitative choice behavior", 1973): each intent's utility is
a weighted sum of its own signs and of the topic's circumstances, and the shares are the softmax of the utilities. The
weights are fitted on labelled messages of several companies (`triage train`); no sign knows a company, a name or a number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from agent.fields import Filled
from agent.intents import NONE, ROLES, IntentModel, Matrix
from agent.orders import PURCHASE, SALE, Order
from agent.said import Said
from agent.taxonomy import taxonomy

WEIGHTS_PATH = Path(__file__).parent / "models" / "weights.json"

# What a statement may turn out to be once its values are set beside the order's.
CHANGES = ("delivery_date_change", "partial_shipment", "quantity_change", "price_change")
COMPARED = (*CHANGES, "order_change")

SIGNS = (
    "strongest",  # log of the strongest statement's probability
    "message",  # log of the probability of the message as a whole; for its chief topic only
    "said",  # log of both together
    "share",  # both together, 0..1
    "average",  # mean probability of the statements
    "confirmed",  # values differ from the record's in the way the intent says
    "contradicted",  # the intent states values, and none differ
    "tabled",  # so says a table aligned with the order
    "other_side",  # the intent belongs to the other kind of order
)
CIRCUMSTANCES = (
    "always",
    "purchase",
    "sale",
    "no_order",
    *(f"{intent}_confirmed" for intent in COMPARED),
    "table",
    "table_differs",
    "named",
    "tracking",
    "question",
    "date_unknown",
    "unchanged",
    "dates",
    "quantities",
    "prices",
    "open",
    "shipped",
    *(f"from_{role}" for role in ROLES),
)
UNFITTED = {
    "strongest": 0.2,
    "message": 0.1,
    "said": 0.6,
    "share": 1.0,
    "confirmed": 1.0,
    "contradicted": -1.0,
    "tabled": 1.0,
    "other_side": -2.0,
}
"""Where the fit starts, and where it stays for what the data do not speak of."""

FLOOR = 1e-3
STRONGEST_SHARE = 0.65

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Situation:
    """What is known of a topic beside its statements: whose it is, its order, and how the sender stands to us.
    `shipped`: something of the order has left or arrived. `primary`: the message is chiefly about it."""

    order: Order | None
    role: str
    shipped: bool = False
    primary: bool = True


@dataclass(frozen=True)
class TopicEvidence:
    """`signs` (intents, `SIGNS`) and `circumstances` (`CIRCUMSTANCES`) of a topic."""

    signs: Array
    circumstances: Array


class IntentWeights(BaseModel):
    """Fitted weights: one a sign, and for each circumstance one an intent."""

    model_config = ConfigDict(ignored_types=(cached_property,))

    intents: list[str]
    signs: dict[str, float]
    circumstances: dict[str, list[float]]
    provenance: dict[str, Any] = Field(default_factory=dict)
    digest: str = ""

    @classmethod
    def unfitted(cls, intents: Sequence[str]) -> IntentWeights:
        return cls(intents=list(intents), signs=UNFITTED, circumstances={})

    @classmethod
    def load(cls, path: Path = WEIGHTS_PATH) -> IntentWeights:
        """The stored weights. Raises FileNotFoundError with the command that makes them."""
        if not path.exists():
            raise FileNotFoundError(f"{path.name} is missing: run `triage train` to make it")
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def _by_sign(self) -> Array:
        return np.array([self.signs.get(name, 0.0) for name in SIGNS])

    @cached_property
    def _by_circumstance(self) -> Array:
        nothing = [0.0] * len(self.intents)
        return np.array([self.circumstances.get(name, nothing) for name in CIRCUMSTANCES])

    def shares(self, evidence: TopicEvidence) -> dict[str, float]:
        """Each intent's share of belief; they sum to 1."""
        utility = evidence.signs @ self._by_sign + evidence.circumstances @ self._by_circumstance
        odds = np.exp(utility - utility.max())
        return dict(zip(self.intents, (odds / odds.sum()).tolist(), strict=True))


def intents_of(model: IntentModel) -> list[str]:
    """The intents in the order of the model's classes."""
    return [name for name in model.classes if name != NONE]


def evidence_of(
    saids: Sequence[Said], whole: Matrix, filled: Mapping[str, Filled], situation: Situation, model: IntentModel
) -> TopicEvidence:
    """Reads a topic: `whole` are the class probabilities of the message, `filled` what each intent of `COMPARED` would
    state (empty where there is no order)."""
    return TopicEvidence(
        _signs(saids, whole, filled, situation, model), np.array(_circumstances(saids, filled, situation))
    )


def _signs(
    saids: Sequence[Said], whole: Matrix, filled: Mapping[str, Filled], situation: Situation, model: IntentModel
) -> Array:
    names = intents_of(model)
    columns = [model.classes.index(name) for name in names]
    scores = np.stack([s.scores for s in saids])[:, columns].astype(np.float64)
    message = whole[columns].astype(np.float64)
    strongest = scores.max(axis=0)
    said = STRONGEST_SHARE * strongest + (1 - STRONGEST_SHARE) * message if situation.primary else strongest
    compared = {name: filled[name] for name in COMPARED if name in filled}
    known = taxonomy().intents
    held = situation.order.model if situation.order else None
    return np.stack(
        [
            np.log(strongest + FLOOR),
            np.log(message + FLOOR) * situation.primary,
            np.log(said + FLOOR),
            said,
            scores.mean(axis=0),
            np.array([n in compared and compared[n].supported >= 1.0 for n in names]),
            np.array([n in compared and compared[n].supported <= 0.0 for n in names]),
            np.array([n in CHANGES and n in compared and _tabled(compared[n]) for n in names]),
            np.array(
                [held is not None and known[n].record in (PURCHASE, SALE) and known[n].record != held for n in names]
            ),
        ],
        axis=1,
    ).astype(np.float64)


def _circumstances(saids: Sequence[Said], filled: Mapping[str, Filled], situation: Situation) -> list[float]:
    order = situation.order
    references = [r for said in saids for r in said.references]
    seen = {
        "always": True,
        "purchase": order is not None and order.model == PURCHASE,
        "sale": order is not None and order.model == SALE,
        "no_order": order is None,
        **{f"{name}_confirmed": name in filled and filled[name].supported >= 1.0 for name in COMPARED},
        "table": any(f.from_table for f in filled.values()),
        "table_differs": any(_tabled(filled[name]) for name in CHANGES if name in filled),
        "named": any(r.exact for r in references),
        "tracking": any(r.kind == "tracking" for r in references),
        "question": any("?" in said.text for said in saids),
        "date_unknown": any(said.unknown_dates for said in saids),
        "unchanged": any(said.unchanged for said in saids),
        "dates": any(said.dates for said in saids),
        "quantities": any(said.quantities for said in saids),
        "prices": any(said.prices or said.percents for said in saids),
        "open": order is not None and order.is_open,
        "shipped": situation.shipped,
        **{f"from_{role}": situation.role == role for role in ROLES},
    }
    return [float(seen[name]) for name in CIRCUMSTANCES]


def _tabled(filled: Filled) -> bool:
    return filled.from_table and filled.borne_out
