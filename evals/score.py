"""Scores a run: the figures of the labelled-exceptions contract, overall and by slice, with 95 % intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from evals.calibration import brier, calibration_error, chance_error, coverage_at
from evals.intervals import Interval, Sums, bootstrap, percentiles, resample, wilson
from evals.labelled import LabelError, LabelledSet
from evals.matching import JudgedCase, Tally, judge
from evals.predictions import Prediction

SAMPLES = 1000
SEED = 20260101
NO_PREDICTION = "no prediction for this case"

INTENTS_ONLY = frozenset({"intent_micro_f1", "intent_macro_f1", "manual_share", "seconds_median", "seconds_p95"})
"""The figures of a set without records, which has intent labels only."""


Figurer = Callable[[Sums], NDArray[np.float64]]


class Figure(BaseModel):
    """A number and its 95 % interval; `value` is None (null) where its denominator is empty."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, value: float | None, interval: Interval | None = None) -> Figure:
        if value is None or np.isnan(value):
            return cls()
        low, high = interval or (None, None)
        return cls(value=float(value), low=low, high=high)


class IntentFigures(BaseModel):
    """How one intent is found over the whole set. `support`: cases that are about it."""

    support: int
    precision: float | None
    recall: float | None
    f1: float | None


class Group(BaseModel):
    """The figures of a group of cases. `proposals`: how many confidences the calibration figures rest on."""

    cases: int
    exceptions: int
    proposals: int
    figures: dict[str, Figure]


class Score(BaseModel):
    """A scored run. `slices` maps dimension (intent, language, channel, tag) and value to the figures of its cases."""

    overall: Group
    intents: dict[str, IntentFigures] = Field(default_factory=dict)
    slices: dict[str, dict[str, Group]] = Field(default_factory=dict)
    errors: list[str] = Field(default_factory=list)


def score(labelled: LabelledSet, predictions: Sequence[Prediction], *, samples: int = SAMPLES) -> Score:
    """Scores predictions against labels.

    A case without a prediction counts as one with nothing proposed. Raises LabelError for predictions of other sets."""
    judged = judge_all(labelled, predictions)
    only_intents = labelled.records_path is None
    grouped: dict[str, dict[str, list[JudgedCase]]] = defaultdict(lambda: defaultdict(list))
    for case in judged:
        for dimension, value in case.case.slices():
            grouped[dimension][value].append(case)
    return Score(
        overall=figures(judged, samples=samples, only_intents=only_intents),
        intents=by_intent(judged),
        slices={
            dimension: {
                value: figures(grouped[dimension][value], samples=samples, only_intents=only_intents)
                for value in sorted(grouped[dimension], key=lambda v: (-len(grouped[dimension][v]), v))
            }
            for dimension in ("intent", "language", "channel", "tag")
            if dimension in grouped
        },
        errors=[f"{j.case.id}: {j.prediction.error}" for j in judged if j.prediction.error],
    )


def judge_all(labelled: LabelledSet, predictions: Sequence[Prediction]) -> list[JudgedCase]:
    """Each case of the set with its prediction. Raises LabelError for a prediction whose case is not in the set."""
    by_id = {p.id: p for p in predictions}
    strangers = by_id.keys() - {c.id for c in labelled.cases}
    if strangers:
        raise LabelError(
            f"{len(strangers)} predictions (such as {min(strangers)!r}) belong to no case of {labelled.path}; "
            "score them against the set that they were made from."
        )
    products = labelled.product_keys()
    return [judge(c, by_id.get(c.id) or Prediction(id=c.id, error=NO_PREDICTION), products) for c in labelled.cases]


def figures(judged: Sequence[JudgedCase], *, samples: int = SAMPLES, only_intents: bool = False) -> Group:
    """All figures of a group of cases. Their definitions stand with the functions that compute them."""
    group = Group(
        cases=len(judged),
        exceptions=sum(j.exceptions.expected for j in judged),
        proposals=sum(len(j.prediction.exceptions) for j in judged),
        figures={},
    )
    if not judged:
        return group
    weights = resample(len(judged), samples=samples, seed=SEED)
    found = {
        **finding_figures(judged, weights),
        **lane_figures(judged, weights),
        **calibration_figures(judged, weights),
        **timing_figures(judged),
    }
    group.figures = {name: f if name in INTENTS_ONLY or not only_intents else Figure() for name, f in found.items()}
    return group


def finding_figures(judged: Sequence[JudgedCase], weights: NDArray[np.int64]) -> dict[str, Figure]:
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

    def over(counts: NDArray[np.int64], figure: Figurer) -> Figure:
        if not len(counts):
            return Figure()
        return Figure.of(figure(counts.sum(axis=0, keepdims=True).astype(float))[0], bootstrap(kept, counts, figure))

    intents = intent_counts(counted)
    micro = intents.sum(axis=1)
    exceptions = tallies([j.exceptions for j in counted])
    facts = tallies([j.facts for j in counted])
    records = np.array([[j.records.right, max(j.records.expected, j.records.proposed)] for j in counted])
    recalled = np.array([[j.recalled, j.records.expected] for j in counted])
    actions = np.array([[sum(p.actions_right for p in j.pairs), j.exceptions.expected] for j in counted])
    whole = sum(j.right for j in judged)
    return {
        "intent_micro_f1": over(micro, f1),
        "intent_macro_f1": over(intents, macro_f1),
        "record_accuracy_at_1": over(records, partial(ratio, top=0, bottom=1)),
        "record_recall_at_5": over(recalled, partial(ratio, top=0, bottom=1)),
        "exception_precision": over(exceptions, partial(ratio, top=0, bottom=2)),
        "exception_recall": over(exceptions, partial(ratio, top=0, bottom=1)),
        "exception_f1": over(exceptions, f1),
        "fields_f1": over(facts, f1),
        "actions_exact": over(actions, partial(ratio, top=0, bottom=1)),
        "end_to_end": Figure.of(whole / len(judged), wilson(whole, len(judged))),
    }


def lane_figures(judged: Sequence[JudgedCase], weights: NDArray[np.int64]) -> dict[str, Figure]:
    """Share of cases sent wholly to manual; of the others, the share that is not right (selective risk); and the share
    of all cases that the surest proposals cover at 95, 98 and 99 % precision, a case being as sure as its least sure
    proposal."""
    manual = sum(j.manual for j in judged)
    acted = len(judged) - manual
    wrong = sum(not j.right for j in judged if not j.manual)
    carrying = np.array([not j.manual and bool(j.prediction.exceptions) for j in judged])
    confidence = np.array([j.prediction.confidence for j in judged])[carrying]
    correct = np.array([j.right for j in judged], dtype=float)[carrying]
    once = np.ones((1, len(confidence)), dtype=np.int64)
    out = {
        "manual_share": Figure.of(manual / len(judged), wilson(manual, len(judged))),
        "selective_risk": Figure.of(wrong / acted if acted else None, wilson(wrong, acted)),
    }
    for percent in (95, 98, 99):
        covered = partial(coverage_at, percent / 100, confidence, correct)
        value = covered(weights=once, total=len(judged))[0]
        interval = percentiles(covered(weights=weights[:, carrying], total=len(judged)))
        out[f"coverage_at_{percent}"] = Figure.of(value, interval)
    return out


def calibration_figures(judged: Sequence[JudgedCase], weights: NDArray[np.int64]) -> dict[str, Figure]:
    """Brier score and calibration error of the confidences that a reviewer sees, and beside the latter what a perfectly
    calibrated engine would show by chance (which stands in for an interval: the error is never below 0)."""
    rated = [pair for j in judged for pair in j.rated()]
    confidence = np.array([c for c, _ in rated])
    correct = np.array([right for _, right in rated], dtype=float)
    squares = np.array([[sum((c - y) ** 2 for c, y in j.rated()), len(j.prediction.exceptions)] for j in judged])
    return {
        "brier": Figure.of(brier(confidence, correct), bootstrap(weights, squares, partial(ratio, top=0, bottom=1))),
        "calibration_error": Figure.of(calibration_error(confidence, correct)),
        "calibration_error_by_chance": Figure.of(chance_error(confidence, seed=SEED)),
    }


def timing_figures(judged: Sequence[JudgedCase]) -> dict[str, Figure]:
    """Median and 95th percentile of the seconds a case took, as the predictions file has them."""
    median, p95 = np.percentile([j.prediction.seconds for j in judged], [50, 95])
    return {"seconds_median": Figure.of(median), "seconds_p95": Figure.of(p95)}


def by_intent(judged: Sequence[JudgedCase]) -> dict[str, IntentFigures]:
    """Precision, recall and F1 of each intent that is expected or proposed somewhere."""
    counted = [j for j in judged if j.counted]
    names = intent_names(counted)
    sums = intent_counts(counted).sum(axis=0) if counted else np.zeros((0, 3), dtype=np.int64)
    return {
        name: IntentFigures(
            support=int(expected),
            precision=right / proposed if proposed else None,
            recall=right / expected if expected else None,
            f1=2 * right / (expected + proposed),
        )
        for name, (right, expected, proposed) in zip(names, sums.tolist(), strict=True)
    }


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
