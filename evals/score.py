"""Scores a run: the figures of the labelled-exceptions contract, overall and by slice, with 95 % intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from evals.calibration import chance_error
from evals.figures import SHARES, intent_counts, intent_names, rated, sampled
from evals.intervals import Interval, percentiles, reflected, resample, wilson
from evals.labelled import LabelError, LabelledSet
from evals.matching import JudgedCase, judge
from evals.predictions import Prediction

SAMPLES = 1000
SEED = 20260101
NO_PREDICTION = "no prediction for this case"

INTENTS_ONLY = frozenset({"intent_micro_f1", "intent_macro_f1", "manual_share", "seconds_median", "seconds_p95"})
"""The figures of a set without records, which has intent labels only."""


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


def figures(
    judged: Sequence[JudgedCase],
    *,
    samples: int = SAMPLES,
    only_intents: bool = False,
    cases: Sequence[Hashable] | None = None,
) -> Group:
    """All figures of a group of cases. Their definitions stand with the functions that compute them.

    `cases` names the case of each item where cases were tried several times; whole cases are then resampled."""
    tries = list(range(len(judged))) if cases is None else list(cases)
    group = Group(
        cases=len(set(tries)),
        exceptions=sum(j.exceptions.expected for j in judged),
        proposals=sum(len(j.prediction.exceptions) for j in judged),
        figures={},
    )
    if not judged:
        return group
    found = {
        **sampled_figures(judged, case_weights(tries, samples), group.cases / len(judged)),
        **timing_figures(judged),
    }
    group.figures = {name: f if name in INTENTS_ONLY or not only_intents else Figure() for name, f in found.items()}
    return group


def case_weights(tries: Sequence[Hashable], samples: int = SAMPLES) -> NDArray[np.int64]:
    """Ones, then `samples` resamples of whole cases: shape (1 + samples, tries)."""
    number = {case: i for i, case in enumerate(dict.fromkeys(tries))}
    drawn = resample(len(number), samples=samples, seed=SEED)[:, [number[t] for t in tries]]
    return np.vstack([np.ones((1, len(tries)), dtype=np.int64), drawn])


def sampled_figures(judged: Sequence[JudgedCase], weights: NDArray[np.int64], cases_a_try: float) -> dict[str, Figure]:
    """The figures that have intervals, and beside the calibration error what a perfectly calibrated engine would show
    by chance."""
    acted = sum(not j.manual for j in judged)
    out: dict[str, Figure] = {}
    for name, values in sampled(judged, weights).items():
        value, interval = float(values[0]), percentiles(values[1:])
        if name in SHARES and not np.isnan(value):
            total = (acted if name == "selective_risk" else len(judged)) * cases_a_try
            interval = wilson(value * total, total)
        elif name == "calibration_error":
            interval = reflected(value, values[1:])
        out[name] = Figure.of(value, interval)
    confidence, _ = rated(judged)
    return {**out, "calibration_error_by_chance": Figure.of(chance_error(confidence, seed=SEED))}


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
