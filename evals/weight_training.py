"""Fits the weights with which evidence is turned into intents, on the labelled messages of several companies.

No weight is judged on a company that it was fitted on: what calibrates the engine is what weights say of a suite that
the other suites alone have taught.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.intents import IntentModel
from agent.recall import recall
from agent.triage import TriageEngine
from agent.weigh import CIRCUMSTANCES, SIGNS, UNFITTED, IntentWeights, TopicEvidence, intents_of
from evals.labelled import LabelledSet

SIGN_PENALTY = 0.2
CIRCUMSTANCE_PENALTY = 1.0
MOST_STEPS = 500

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LabelledTopic:
    """What a topic shows, and the intents that its message is labelled with for the same order."""

    evidence: TopicEvidence
    intents: frozenset[str]


def observe_topics(suite: LabelledSet, engine: TriageEngine) -> list[LabelledTopic]:
    """The topics of a suite's messages. Attacks are left out: they are judged by trust, not by what they say."""
    orders_behind = engine.book.orders_behind
    found: list[LabelledTopic] = []
    for case in suite.cases:
        if case.expected is None or case.tags.get("attack"):
            continue
        message = suite.message(case)
        recalled = recall(message, engine.book, engine.references, engine.index)
        for topic in engine.understander.understand(message, recalled).topics:
            here = topic.order.key if topic.order else None
            labels = frozenset(
                e.intent
                for e in case.expected.exceptions
                if e.record is None or here is None or here in orders_behind((e.record.model, e.record.id))[:1]
            )
            if topic.evidence is not None and labels:
                found.append(LabelledTopic(topic.evidence, labels))
    return found


def fit(observed: Mapping[str, Sequence[LabelledTopic]], suites: Sequence[str], model: IntentModel) -> IntentWeights:
    """Weights from the topics of some of the suites: maximum likelihood with an L2 penalty towards `UNFITTED` (signs)
    and 0 (circumstances), by L-BFGS (scipy). A topic with several intents counts a share of each."""
    from scipy.optimize import minimize

    topics = [topic for name in suites for topic in observed[name]]
    intents = intents_of(model)
    signs = np.array([t.evidence.signs for t in topics])
    circumstances = np.array([t.evidence.circumstances for t in topics])
    wanted = np.array([[name in t.intents for name in intents] for t in topics], dtype=np.float64)
    wanted /= wanted.sum(axis=1, keepdims=True)
    start = np.array([UNFITTED.get(name, 0.0) for name in SIGNS])
    shape = (len(CIRCUMSTANCES), len(intents))

    def loss(flat: Array) -> tuple[float, Array]:
        by_sign, by_circumstance = flat[: len(SIGNS)], flat[len(SIGNS) :].reshape(shape)
        utility = signs @ by_sign + circumstances @ by_circumstance
        utility -= utility.max(axis=1, keepdims=True)
        shares = np.exp(utility)
        shares /= shares.sum(axis=1, keepdims=True)
        off = shares - wanted
        value = -(wanted * np.log(shares + 1e-12)).sum()
        value += SIGN_PENALTY * ((by_sign - start) ** 2).sum() + CIRCUMSTANCE_PENALTY * (by_circumstance**2).sum()
        down_signs = np.einsum("ti,tis->s", off, signs) + 2 * SIGN_PENALTY * (by_sign - start)
        down_circumstances = circumstances.T @ off + 2 * CIRCUMSTANCE_PENALTY * by_circumstance
        return float(value), np.concatenate([down_signs, down_circumstances.ravel()])

    first = np.concatenate([start, np.zeros(shape[0] * shape[1])])
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS}).x
    by_circumstance = found[len(SIGNS) :].reshape(shape)
    return IntentWeights(
        intents=intents,
        signs={name: round(float(w), 4) for name, w in zip(SIGNS, found, strict=False)},
        circumstances={
            name: [round(float(w), 4) for w in row] for name, row in zip(CIRCUMSTANCES, by_circumstance, strict=True)
        },
        provenance={"suites": list(suites), "intents": model.digest, "topics": len(topics)},
    )
