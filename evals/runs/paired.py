"""Whether two runs over the same cases differ: exact McNemar, paired bootstrap and randomization, and a plain sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from evals.figures import sampled
from evals.intervals import percentiles
from evals.matching import JudgedCase
from evals.report import NAMES
from evals.score import SAMPLES, SEED, case_weights

LOWER_IS_BETTER = frozenset({"selective_risk", "brier", "calibration_error"})
NEITHER = frozenset({"manual_share"})
"""Figures of which neither more nor less is better by itself."""

DRAWS = 2000
"""Random exchanges of a randomization test."""
AT_ONCE = 250
"""Exchanges that are figured at once, so that runs of ten thousand cases fit in memory."""

Verdict = Literal["better", "worse", "differs", "none shown"]


class Difference(BaseModel):
    """A figure of two runs: `after - before` with its 95 % interval (fractions, not points), and what it shows."""

    figure: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    verdict: Verdict

    @property
    def sentence(self) -> str:
        """ "end to end: better by 3.1 points, 95 % 0.4 to 5.9"."""
        name = NAMES[self.figure].removesuffix(" (headline)")
        if self.verdict == "none shown":
            return (
                f"{name}: no difference shown ({100 * self.difference:+.1f} points, "
                f"95 % {100 * self.low:+.1f} to {100 * self.high:+.1f})"
            )
        words = {"better": "better", "worse": "worse", "differs": "more" if self.difference > 0 else "less"}
        low, high = sorted((abs(self.low), abs(self.high)))
        return (
            f"{name}: {words[self.verdict]} by {100 * abs(self.difference):.1f} points, "
            f"95 % {100 * low:.1f} to {100 * high:.1f}"
        )


class McNemar(BaseModel):
    """How many cases only one of two runs has right, and the chance of so uneven a split if both were as good."""

    only_before: int
    only_after: int
    p: float

    @property
    def sentence(self) -> str:
        return (
            f"{self.only_after} cases are right only after, {self.only_before} only before "
            f"(exact McNemar test, p = {self.p:.3f})"
        )


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> McNemar:
    """The exact two-sided McNemar test: min(1, 2 · P(X ≤ min(b, c))), X ~ Binomial(b + c, ½), b and c being the cases
    that only one has right. Source: McNemar (1947), Psychometrika 12, in its exact form."""
    from scipy.stats import binom

    only_before = sum(b and not a for b, a in zip(before, after, strict=True))
    only_after = sum(a and not b for b, a in zip(before, after, strict=True))
    p = min(1.0, 2 * float(binom.cdf(min(only_before, only_after), only_before + only_after, 0.5)))
    return McNemar(only_before=only_before, only_after=only_after, p=p)


def differences(
    before: Sequence[JudgedCase],
    after: Sequence[JudgedCase],
    *,
    before_cases: Sequence[Hashable],
    after_cases: Sequence[Hashable],
    samples: int = SAMPLES,
) -> list[Difference]:
    """The figures of two runs over the same cases, with 95 % intervals of their differences by the paired bootstrap:
    the same cases are drawn for both. `…_cases` name the case of each try.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap; paired use after Koehn (2004), EMNLP."""
    first, second = numbered(before_cases, after_cases)
    if not first:
        return []
    weights = case_weights(range(max(first) + 1), samples)
    old, new = sampled(before, weights[:, first]), sampled(after, weights[:, second])
    return [found for name in old if (found := difference(name, old[name], new[name]))]


def chances_of_loss(
    before: Sequence[JudgedCase],
    after: Sequence[JudgedCase],
    *,
    before_cases: Sequence[Hashable],
    after_cases: Sequence[Hashable],
    draws: int = DRAWS,
) -> dict[str, float]:
    """For each figure of which more or less is better, the chance that a run which is as good as `before` looks as much
    worse as `after` does, or more: the one-sided paired randomization test.

    If both runs are as good, it is chance which of the two gave which outcome of a case. So both outcomes of each case
    (all its tries) change sides or stay at random, and the loss is held against the losses that arise so. Nothing is
    assumed of the figure, and at most a share p of runs that are equal have a chance of p or less. For a share of cases it is
    the exact McNemar test, one-sided. Source: Noreen (1989), Computer-Intensive Methods for Testing Hypotheses;
    for figures of language Yeh (2000), COLING."""
    first, second = numbered(before_cases, after_cases)
    if not first:
        return {}
    both, changes = [*before, *after], defaultdict[str, list[NDArray[np.float64]]](list)
    for swap in np.array_split(exchanges(max(first) + 1, draws), 1 + draws // AT_ONCE):
        old = sampled(both, np.concatenate([1 - swap[:, first], swap[:, second]], axis=1))
        new = sampled(both, np.concatenate([swap[:, first], 1 - swap[:, second]], axis=1))
        for name in old.keys() - NEITHER:
            changes[name].append(new[name] - old[name])
    return {
        name: chance
        for name, parts in changes.items()
        if (chance := chance_of_loss(np.concatenate(parts), lower_is_better=name in LOWER_IS_BETTER)) is not None
    }


def exchanges(cases: int, draws: int = DRAWS, seed: int = SEED) -> NDArray[np.int64]:
    """Which cases change sides, shape (1 + draws, cases): none in the first row, each with a chance of one half after it."""
    drawn = np.random.default_rng(seed).integers(0, 2, (draws + 1, cases))
    drawn[0] = 0
    return drawn


def chance_of_loss(change: NDArray[np.float64], *, lower_is_better: bool = False) -> float | None:
    """The share of changes, the first of which is the one that was seen, that are as much for the worse as that one, or
    more; None where it has no value. The first counts itself, which keeps the test at its level whatever the draws."""
    if np.isnan(change[0]):
        return None
    loss = change if lower_is_better else -change
    loss = loss[~np.isnan(loss)]
    return float(np.mean(loss >= loss[0] - 1e-9))


def numbered(before: Sequence[Hashable], after: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """The cases of both runs as numbers, the same for the same case. Raises ValueError where one run lacks a case."""
    number = {case: i for i, case in enumerate(sorted(set(before), key=repr))}
    if set(after) != set(number):
        raise ValueError("Both runs must hold the same cases.")
    return [number[case] for case in before], [number[case] for case in after]


def difference(name: str, before: NDArray[np.float64], after: NDArray[np.float64]) -> Difference | None:
    """The difference of a figure, from its values (the first the figure itself, the others resampled alike); None where
    one run does not have it."""
    change = after - before
    interval = percentiles(change[1:])
    if np.isnan(change[0]) or interval is None:
        return None
    low, high = interval
    verdict: Verdict = "none shown"
    if low > 0 or high < 0:
        gain = (low > 0) != (name in LOWER_IS_BETTER)
        verdict = "differs" if name in NEITHER else "better" if gain else "worse"
    return Difference(
        figure=name, before=before[0], after=after[0], difference=change[0], low=low, high=high, verdict=verdict
    )
