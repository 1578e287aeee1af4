"""Fits the confidence calibrators and picks the lane thresholds, on labelled suites: each as an engine reads it whose
weights were fitted on the others alone.

Each part of a proposal (its intent, record, fields and actions, and the whole) gets a logistic regression over the named
features of `agent.rate`. Thresholds come from cross-fitted probabilities alone: every case is rated by calibrators that
have not seen it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.proposal import Proposal, RecordRef
from agent.rate import FEATURES, Calibration, Calibrator
from agent.triage import TriageEngine
from evals.labelled import LabelledSet
from evals.matching import Pair, judge
from evals.predictions import Prediction

PARTS = ("intent", "record", "fields", "actions", "whole")
REGULARISATION = 0.1
FOLDS = 10
READY_RISK = 0.02
MANUAL_PRECISION = 0.25
SMALLEST_READY = 30

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rated:
    """One proposal of a labelled case: its features, and for each part whether it was right. The whole is right only if
    nothing else that the message says was missed: whoever approves it closes the message."""

    case: str
    features: dict[str, float]
    right: dict[str, bool]


def observe(suite: LabelledSet, engine: TriageEngine, name: str) -> list[Rated]:
    """Run the engine over a suite and set each of its proposals beside the labels."""
    products = suite.product_keys()
    found: list[Rated] = []
    for case in suite.cases:
        triage = engine.triage(suite.message(case))
        judged = judge(case, Prediction.of(case.id, triage, 0.0), products)
        expected = case.expected
        assert expected is not None
        listed = [p for p in triage.proposals if not triage.manual or p.intent == "unclear"]
        complete = all(pair.proposed is not None for pair in judged.pairs)
        for proposal, pair in zip(listed, _in_order(judged.pairs, listed), strict=True):
            intents = {e.intent for e in expected.exceptions}
            records = {_key(e.record) for e in expected.exceptions}
            found.append(
                Rated(
                    f"{name}/{case.id}",
                    proposal.features,
                    {
                        "intent": proposal.intent in intents,
                        "record": _key(proposal.record) in records,
                        "fields": pair is not None and pair.fields_right,
                        "actions": pair is not None and pair.actions_right,
                        "whole": pair is not None
                        and pair.right
                        and complete
                        and (triage.manual or not expected.manual),
                    },
                )
            )
    return found


def _in_order(pairs: Sequence[Pair], proposals: Sequence[Proposal]) -> list[Pair | None]:
    """The judged pair of each listed proposal, in the proposals' order."""
    waiting = [(p.proposed, p) for p in pairs if p.proposed is not None]
    ordered: list[Pair | None] = []
    for proposal in proposals:
        name = (proposal.intent, _key(proposal.record))
        match = next((w for w in waiting if (w[0].intent, _key(w[0].record)) == name), None)
        if match is not None:
            waiting.remove(match)
        ordered.append(match[1] if match else None)
    return ordered


def _key(record: RecordRef | None) -> tuple[str, int] | None:
    return (record.model, record.id) if record else None


def matrix(rated: Sequence[Rated]) -> Array:
    return np.array([[r.features.get(name, 0.0) for name in FEATURES] for r in rated], dtype=np.float64)


def fit_calibrator(features: Array, right: NDArray[np.bool_]) -> Calibrator:
    """L2-regularised logistic regression on standardised features (scikit-learn); a part that is always right or always
    wrong on the data gets its smoothed rate: (right + 1) / (n + 2) (Laplace)."""
    from sklearn.linear_model import LogisticRegression

    means = features.mean(axis=0)
    scales = np.where(features.std(axis=0) > 1e-9, features.std(axis=0), 1.0)
    weights, bias = np.zeros(len(FEATURES)), 0.0
    if right.all() or not right.any():
        rate = (right.sum() + 1) / (len(right) + 2)
        bias = float(np.log(rate / (1 - rate)))
    else:
        model = LogisticRegression(C=REGULARISATION, max_iter=1000).fit((features - means) / scales, right)
        weights, bias = model.coef_[0], float(model.intercept_[0])
    return Calibrator(weights=_named(weights), means=_named(means), scales=_named(scales), bias=round(bias, 6))


def _named(values: Array) -> dict[str, float]:
    return {name: round(float(v), 6) for name, v in zip(FEATURES, values, strict=True)}


def cross_fitted(rated: Sequence[Rated]) -> Array:
    """Out-of-fold probability of each proposal as a whole; folds hold whole cases."""
    from sklearn.model_selection import GroupKFold

    features, right = matrix(rated), np.array([r.right["whole"] for r in rated])
    probabilities = np.zeros(len(rated))
    for train, test in GroupKFold(FOLDS).split(features, right, [r.case for r in rated]):
        calibrator = fit_calibrator(features[train], right[train])
        for i in test:
            probabilities[i] = calibrator.probability(rated[i].features)
    return probabilities


def ready_threshold(probabilities: Array, right: NDArray[np.bool_], risk: float = READY_RISK) -> float | None:
    """The lowest threshold whose proposals are wrong at most `risk` of the time, or None where fewer than
    `SMALLEST_READY` would pass it: too few to know."""
    order = np.argsort(-probabilities)
    wrong = np.cumsum(~right[order])
    best: float | None = None
    for count in range(SMALLEST_READY, len(order) + 1):
        tie = count < len(order) and probabilities[order[count]] == probabilities[order[count - 1]]
        if not tie and wrong[count - 1] / count <= risk:
            best = float(probabilities[order[count - 1]])
    return best


def manual_threshold(probabilities: Array, right: NDArray[np.bool_]) -> float:
    """Below it, fewer than one proposal in four is right: a person is served better by the plain message."""
    order = np.argsort(probabilities)
    hits = np.cumsum(right[order])
    below = [i for i in range(len(order)) if hits[i] / (i + 1) < MANUAL_PRECISION]
    return float(probabilities[order[below[-1]]]) if below else 0.0


def fit(rated: Sequence[Rated], suites: Mapping[str, LabelledSet], engine: TriageEngine) -> Calibration:
    """Calibrators from what was observed on labelled suites by `engine` and its likes."""
    features = matrix(rated)
    parts = {part: fit_calibrator(features, np.array([r.right[part] for r in rated])) for part in PARTS}
    probabilities, right = cross_fitted(rated), np.array([r.right["whole"] for r in rated])
    return Calibration(
        parts=parts,
        ready_at=ready_threshold(probabilities, right),
        manual_below=round(manual_threshold(probabilities, right), 6),
        provenance={
            "suites": list(suites),
            "labels": _digest(suites),
            "intents": engine.model.digest,
            "policy": engine.policy.digest,
            "proposals": len(rated),
            "right": int(right.sum()),
            "ready_risk": READY_RISK,
            "brier_cross_fitted": round(float(np.mean((probabilities - right) ** 2)), 4),
        },
    )


def _digest(suites: Mapping[str, LabelledSet]) -> str:
    digest = hashlib.sha256()
    for name, suite in suites.items():
        digest.update(name.encode() + (suite.path / "cases.jsonl").read_bytes())
    return digest.hexdigest()[:12]
