"""Confidence intervals: Wilson's for a plain proportion, the bootstrap over cases for everything else."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Sums = NDArray[np.float64]

Z95 = 1.959963984540054
"""The two-sided 95 % point of the standard normal distribution."""


def wilson(right: float, total: float) -> Interval | None:
    """The 95 % score interval of a proportion; None where there is nothing to count.

    Where each case was tried several times, `total` is the number of cases and `right` the sum of their shares: the
    interval is then too wide rather than too narrow, since a mean varies no more than one try does.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). Source: Wilson (1927), JASA 22, 209-212."""
    if total == 0:
        return None
    p, z2 = right / total, Z95 * Z95
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 * sqrt(p * (1 - p) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return (0.0 if right == 0 else low), (1.0 if right == total else high)


def resample(cases: int, *, samples: int, seed: int) -> NDArray[np.int64]:
    """How often each case is drawn in each resample with replacement: shape (samples, cases), rows sum to `cases`.

    Whole cases are drawn, since the exceptions of a message are not independent. Source: Efron (1979), Annals of
    Statistics 7."""
    draws = np.random.default_rng(seed).multinomial(cases, np.full(cases, 1 / cases), size=samples)
    return np.asarray(draws, dtype=np.int64)


def bootstrap(
    weights: NDArray[np.int64], counts: NDArray[Any], figure: Callable[[Sums], NDArray[np.float64]]
) -> Interval | None:
    """The 95 % percentile interval of a figure that is a function of sums over cases.

    `weights`: from `resample`. `counts`: shape (cases, …). `figure` takes the sums, shape (samples, …), and gives one
    number a sample, NaN where its denominator is empty; such samples are left out."""
    flat = counts.reshape(len(counts), -1).astype(np.float64)
    sums = (weights.astype(np.float64) @ flat).reshape(len(weights), *counts.shape[1:])
    return percentiles(figure(sums))


def reflected(value: float, values: NDArray[np.float64]) -> Interval | None:
    """The 95 % basic bootstrap interval, [2θ - q₉₇.₅, 2θ - q₂.₅], for a figure that resampling itself pushes up; not
    below 0. Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, section 5.2."""
    found = percentiles(values)
    return (max(0.0, 2 * value - found[1]), max(0.0, 2 * value - found[0])) if found else None


def percentiles(values: NDArray[np.float64]) -> Interval | None:
    values = values[~np.isnan(values)]
    if not values.size:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
