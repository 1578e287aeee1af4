"""Figures of judged cases as functions of how often each case counts.

One row of weights gives one value a figure: ones for the figure itself, a resample for its interval, and the same
resamples for two runs over the same cases give the interval of their difference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evals.calibration import coverage_at, weighted_calibration_error
from evals.intervals import Sums
from evals.matching import JudgedCase, Tally

Weights = NDArray[np.int64]
Values = NDArray[np.float64]

SHARES = frozenset({"end_to_end", "manual_share", "selective_risk"})
"""The figures that are plain shares of cases."""


def sampled(judged: Sequence[JudgedCase], weights: Weights) -> dict[str, Values]:
    """Every figure that is a function of weights, shape (rows of weights,), NaN where its denominator is empty.

    `weights`: shape (rows, cases), how often each case counts."""
    return {
        **finding_figures(judged, weights),
        **lane_figures(judged, weights),
        **calibration_figures(judged, weights),
    }


def finding_figures(judged: Sequence[JudgedCase], weights: Weights) -> dict[str, Values]:
    """Intents, records, exceptions, fields and actions, over the cases whose findings count.

    - intent: micro and macro F1 over each case's set of intents;
    - record: accuracy@1 = records found / max(records expected, records claimed) summed over cases, so that claiming
      more than there are lowers it; recall@5 = expected records among the first five candidates of any proposal;
    - exception: precision, recall and F1 of (intent, record) pairs, the headline;
    - fields: F1 of (record, line, field, value) facts;
    - actions: share of expected exceptions that are met by a proposal with a right set of actions;
    - end to end: share of cases that are right as a whole (all cases).
    """
    counted = [j for j in judged if j.counted]
    kept = weights[:, [j.counted for j in judged]]
    intents = intent_counts(counted)
    exceptions = weigh(kept, tallies([j.exceptions for j in counted]))
    records = np.array([[j.records.right, max(j.records.expected, j.records.proposed)] for j in counted])
    recalled = np.array([[j.recalled, j.records.expected] for j in counted])
    actions = np.array([[sum(p.actions_right for p in j.pairs), j.exceptions.expected] for j in counted])
    right = np.array([[j.right, 1] for j in judged])
    return {
        "intent_micro_f1": f1(weigh(kept, intents.sum(axis=1))),
        "intent_macro_f1": macro_f1(weigh(kept, intents)),
        "record_accuracy_at_1": share(kept, records),
        "record_recall_at_5": share(kept, recalled),
        "exception_precision": ratio(exceptions, top=0, bottom=2),
        "exception_recall": ratio(exceptions, top=0, bottom=1),
        "exception_f1": f1(exceptions),
        "fields_f1": f1(weigh(kept, tallies([j.facts for j in counted]))),
        "actions_exact": share(kept, actions),
        "end_to_end": share(weights, right),
    }


def lane_figures(judged: Sequence[JudgedCase], weights: Weights) -> dict[str, Values]:
    """Share of cases sent wholly to manual; of the others, the share that is not right (selective risk); and the share
    of all cases that the surest proposals cover at 95, 98 and 99 % precision, a case being as sure as its least sure
    proposal."""
    carrying = np.array([not j.manual and bool(j.prediction.exceptions) for j in judged], dtype=bool)
    confidence = np.array([j.prediction.confidence for j in judged])[carrying]
    correct = np.array([j.right for j in judged], dtype=float)[carrying]
    out = {
        "manual_share": share(weights, np.array([[j.manual, 1] for j in judged])),
        "selective_risk": share(weights, np.array([[not j.manual and not j.right, not j.manual] for j in judged])),
    }
    for percent in (95, 98, 99):
        out[f"coverage_at_{percent}"] = coverage_at(
            percent / 100, confidence, correct, weights=weights[:, carrying], total=len(judged)
        )
    return out


def calibration_figures(judged: Sequence[JudgedCase], weights: Weights) -> dict[str, Values]:
    """Brier score and calibration error of the confidences that a reviewer sees."""
    squares = np.array([[sum((c - y) ** 2 for c, y in j.rated()), len(j.prediction.exceptions)] for j in judged])
    confidence, correct = rated(judged)
    owner = np.repeat(np.arange(len(judged)), [sum(1 for _ in j.rated()) for j in judged])
    return {
        "brier": share(weights, squares),
        "calibration_error": weighted_calibration_error(confidence, correct, weights[:, owner]),
    }


def rated(judged: Sequence[JudgedCase]) -> tuple[Values, Values]:
    """The confidence of each proposal, and 1 where it is right as a whole."""
    pairs = [pair for j in judged for pair in j.rated()]
    return np.array([c for c, _ in pairs]), np.array([right for _, right in pairs], dtype=float)


def weigh(weights: Weights, counts: NDArray[np.generic]) -> Sums:
    """Sums of counts, shape (cases, …), for each row of weights: shape (rows, …)."""
    return np.asarray(np.tensordot(weights.astype(np.float64), counts.astype(np.float64), axes=1))


def share(weights: Weights, counts: NDArray[np.generic]) -> Values:
    """The first count over the second, each summed over the weighted cases."""
    if not len(counts):
        return np.full(len(weights), np.nan)
    return ratio(weigh(weights, counts), top=0, bottom=1)


def intent_names(judged: Sequence[JudgedCase]) -> list[str]:
    return sorted(set().union(*(j.intents_expected | j.intents_proposed for j in judged)))


def intent_counts(judged: Sequence[JudgedCase]) -> NDArray[np.int64]:
    """Right, expected and proposed of each intent in each case: shape (cases, intents, 3)."""
    names = intent_names(judged)
    return np.array(
        [
            [[n in e and n in p, n in e, n in p] for n in names]
            for e, p in ((j.intents_expected, j.intents_proposed) for j in judged)
        ],
        dtype=np.int64,
    ).reshape(len(judged), len(names), 3)


def tallies(items: Sequence[Tally]) -> NDArray[np.int64]:
    return np.array([[t.right, t.expected, t.proposed] for t in items], dtype=np.int64).reshape(len(items), 3)


def ratio(sums: Sums, *, top: int, bottom: int) -> NDArray[np.float64]:
    """One sum over another."""
    return divide(sums[..., top], sums[..., bottom])


def divide(above: Sums, below: Sums) -> Sums:
    """Element by element; NaN where there is nothing to divide by."""
    out = np.full(below.shape, np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def f1(sums: Sums) -> NDArray[np.float64]:
    """2 · right / (expected + proposed), the harmonic mean of precision and recall (van Rijsbergen, 1979)."""
    return divide(2 * sums[..., 0], sums[..., 1] + sums[..., 2])


def macro_f1(sums: Sums) -> NDArray[np.float64]:
    """The mean of each intent's F1, over the intents that are expected or proposed at least once."""
    each = f1(sums)
    known = ~np.isnan(each)
    return divide(np.where(known, each, 0).sum(axis=-1), known.sum(axis=-1))
