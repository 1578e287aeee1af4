"""Grades a run: judges each try by the labels and sums figures, overall, by suite and by slice, the baseline beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from evals.calibration import area_under_risk
from evals.intervals import percentiles
from evals.labelled import Case
from evals.matching import JudgedCase, judge
from evals.predictions import Prediction
from evals.runs.file import CaseKey, Failure, Run, Try
from evals.score import Figure, Group, IntentFigures, by_intent, case_weights, figures

SMALLEST_VENDOR = 5
"""Vendors with fewer cases are not shown as slices: nothing can be said of them."""


@dataclass(frozen=True)
class Labels:
    """What is right for a case, and the keys of the product names used there."""

    case: Case
    products: Mapping[str, str]


@dataclass(frozen=True)
class Graded:
    tried: Try
    judged: JudgedCase

    @property
    def of(self) -> CaseKey:
        return self.tried.of


class Spend(BaseModel):
    """What a run took: seconds of work on the cases, tokens, model calls, and money: by the run's price
    for tokens, else by the engine's own; None where neither is known."""

    seconds: float
    tokens: int
    model_calls: int
    money: float | None


class RunScore(BaseModel):
    """A graded run. `pass_k` maps k to pass^k; `area_under_risk` is that of the risk-coverage curve. `infrastructure`
    and `product` list the tries that failed, with their errors; they count as wrong in every figure."""

    overall: Group
    baseline: Group
    suites: dict[str, Group] = Field(default_factory=dict)
    slices: dict[str, dict[str, Group]] = Field(default_factory=dict)
    intents: dict[str, IntentFigures] = Field(default_factory=dict)
    pass_k: dict[int, Figure] = Field(default_factory=dict)
    area_under_risk: float | None = None
    spend: Spend
    infrastructure: list[str] = Field(default_factory=list)
    product: list[str] = Field(default_factory=list)


def grade(run: Run, labels: Mapping[CaseKey, Labels] | None = None) -> list[Graded]:
    """Each try judged: by `labels` where they know its case, else by the labels that the run was made with.

    Cases without labels are left out."""
    found = [grade_try(tried, (labels or {}).get(tried.of)) for tried in run.tries]
    return [g for g in found if g.judged.case.expected is not None]


def grade_try(tried: Try, label: Labels | None = None) -> Graded:
    """One try judged by `label`, else by its own."""
    label = label or Labels(tried.case, tried.products)
    if label.case.expected is None:
        return Graded(tried, JudgedCase(label.case, tried.prediction))
    return Graded(tried, _judge(label, tried.prediction, tried.failure))


def _judge(label: Labels, prediction: Prediction, failure: Failure | None) -> JudgedCase:
    """A failed try is wrong, also where only the manual lane is right: nobody chose that lane."""
    if failure is None:
        return judge(label.case, prediction, label.products)
    judged = judge(label.case, Prediction(id=prediction.id, error=prediction.error), label.products)
    judged.prediction = prediction
    return judged


def baseline_of(graded: Sequence[Graded]) -> list[JudgedCase]:
    """The baseline's predictions, judged like the run's."""
    return [judge(g.judged.case, g.tried.baseline, g.tried.products) for g in graded if g.tried.baseline is not None]


def score_run(run: Run, labels: Mapping[CaseKey, Labels] | None = None) -> RunScore:
    graded = grade(run, labels)
    intents_only = run.only_intents
    grouped: dict[str, dict[str, list[Graded]]] = defaultdict(lambda: defaultdict(list))
    for g in graded:
        for dimension, value in slices_of(g):
            grouped[dimension][value].append(g)
    vendors = grouped.get("vendor", {})
    for name in [v for v, of_vendor in vendors.items() if len({g.of for g in of_vendor}) < SMALLEST_VENDOR]:
        del vendors[name]

    def group(some: Sequence[Graded]) -> Group:
        only_intents = all(g.tried.suite in intents_only for g in some)
        return figures([g.judged for g in some], only_intents=only_intents, cases=[g.of for g in some])

    def groups(dimension: str) -> dict[str, Group]:
        by_size = sorted(grouped[dimension].items(), key=lambda item: (-len(item[1]), item[0]))
        return {value: group(some) for value, some in by_size}

    failed = {kind: [g.tried for g in graded if g.tried.failure is kind] for kind in Failure}
    return RunScore(
        overall=group(graded),
        baseline=figures(
            baseline_of(graded), only_intents=bool(graded) and all(g.tried.suite in intents_only for g in graded)
        ),
        suites=groups("suite"),
        slices={d: groups(d) for d in ("intent", "language", "channel", "vendor", "tag") if grouped.get(d)},
        intents=by_intent([g.judged for g in graded]),
        pass_k=pass_k(graded),
        area_under_risk=area_under_risk(*confidences(graded)),
        spend=spend(run),
        infrastructure=[named(t) for t in failed[Failure.infrastructure]],
        product=[named(t) for t in failed[Failure.product]],
    )


def slices_of(graded: Graded) -> list[tuple[str, str]]:
    """The slices of a try, as (dimension, value): suite and vendor beside those of its case."""
    tried = graded.tried
    vendor = [("vendor", tried.vendor)] if tried.vendor else []
    return [("suite", tried.suite), *vendor, *graded.judged.case.slices()]


def named(tried: Try) -> str:
    return f"{tried.suite}/{tried.case.id} (try {tried.repeat + 1}): {tried.prediction.error}"


def confidences(graded: Sequence[Graded]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The confidence of each try that carries proposals outside the manual lane, and 1 where it is right as a whole."""
    carrying = [g.judged for g in graded if not g.judged.manual and g.judged.prediction.exceptions]
    return (
        np.array([j.prediction.confidence for j in carrying], dtype=np.float64),
        np.array([j.right for j in carrying], dtype=np.float64),
    )


def pass_k(graded: Sequence[Graded]) -> dict[int, Figure]:
    """pass^k: the chance that a case is right in all of k tries, the mean over cases of C(right, k) / C(tries, k).

    For each k up to the tries that every case has. Source: Yao et al. (2024), τ-bench, section 4."""
    tries: dict[CaseKey, list[bool]] = defaultdict(list)
    for g in graded:
        tries[g.of].append(g.judged.right)
    most = min((len(t) for t in tries.values()), default=0)
    out = {}
    for k in range(1, most + 1):
        each = np.array([comb(sum(t), k) / comb(len(t), k) for t in tries.values()])
        means = case_weights(range(len(each))) @ each / len(each)
        out[k] = Figure.of(float(means[0]), percentiles(means[1:]))
    return out


def spend(run: Run) -> Spend:
    tokens = sum(t.prediction.tokens for t in run.tries)
    price, own = run.header.price, sum(t.cost for t in run.tries)
    return Spend(
        seconds=sum(t.prediction.seconds for t in run.tries),
        tokens=tokens,
        model_calls=sum(t.prediction.model_calls for t in run.tries),
        money=tokens * price / 1e6 if price is not None else own or None,
    )
