"""How far a confidence can be trusted: Brier score, calibration error, coverage at a wanted precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS = 15


def brier(confidence: Floats, correct: Floats) -> float | None:
    """Mean squared distance of the confidence from the outcome (1 right, 0 wrong). Source: Brier (1950)."""
    return float(np.mean((confidence - correct) ** 2)) if confidence.size else None


def equal_mass_bins(confidence: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """The bin of each value: as many values a bin as can be, equal values always in one.

    A value's bin is ⌊bins · (mid-rank - ½) / n⌋, the mid-rank being the mean of the ranks that its ties share."""
    if not confidence.size:
        return np.zeros(0, dtype=np.int64)
    _, group, size = np.unique(confidence, return_inverse=True, return_counts=True)
    before = np.cumsum(size) - size
    middle = before + (size - 1) / 2 + 0.5
    return np.floor(bins * middle / confidence.size).astype(np.int64)[group]


def calibration_error(confidence: Floats, correct: Floats, bins: int = BINS) -> float | None:
    """Expected calibration error: Σ over bins of (values in it / n) · |mean outcome - mean confidence|.

    Source: Naeini et al. (2015), AAAI; equal-mass bins after Nixon et al. (2019), CVPR workshops."""
    if not confidence.size:
        return None
    gaps = np.bincount(equal_mass_bins(confidence, bins), weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / confidence.size)


def weighted_calibration_error(
    confidence: Floats, correct: Floats, weights: NDArray[np.int64], bins: int = BINS
) -> Floats:
    """`calibration_error` for each row of weights, shape (rows, values): how often each value counts.

    The bins are those of the values as they are, so that resamples of them are compared within the same bins. Gives
    one error a row, NaN where nothing counts."""
    if not confidence.size:
        return np.full(len(weights), np.nan)
    member = np.eye(bins)[equal_mass_bins(confidence, bins)]
    gaps = np.abs((weights * (correct - confidence)) @ member).sum(axis=1)
    total = weights.sum(axis=1).astype(np.float64)
    out: Floats = np.full(len(weights), np.nan)
    np.divide(gaps, total, out=out, where=total > 0)
    return out


def chance_error(confidence: Floats, *, bins: int = BINS, samples: int = 2000, seed: int = 0) -> float | None:
    """The calibration error that a perfectly calibrated engine would stay under in 95 % of runs with these confidences.

    Outcomes are drawn as Bernoulli(confidence), `samples` times. Source: consistency resampling, Bröcker and Smith
    (2007), Weather and Forecasting 22."""
    if not confidence.size:
        return None
    drawn = np.random.default_rng(seed).random((samples, confidence.size)) < confidence
    member = np.eye(bins)[equal_mass_bins(confidence, bins)]
    gaps = np.abs((drawn - confidence) @ member).sum(axis=1) / confidence.size
    return float(np.percentile(gaps, 95))


def coverage_at(
    precision: float, confidence: Floats, correct: Floats, *, weights: NDArray[np.int64], total: int
) -> Floats:
    """The largest share of cases that can be taken, surest first, with at least this share of them right.

    `confidence`, `correct`: the cases that carry proposals. `weights`: shape (samples, those cases), how often each
    counts. `total`: all cases, the denominator. Cases of equal confidence are taken together or not at all. Gives
    one share a sample, 0 where no threshold is precise enough. Source: the risk-coverage curve of El-Yaniv and Wiener
    (2010), JMLR 11, read at a fixed risk."""
    if not confidence.size:
        return np.zeros(len(weights))
    order = np.argsort(-confidence, kind="stable")
    ends = np.append(np.diff(confidence[order]) != 0, True)
    taken = np.cumsum(weights[:, order], axis=1)[:, ends]
    right = np.cumsum(weights[:, order] * correct[order], axis=1)[:, ends]
    enough = right >= precision * taken - 1e-9
    return np.asarray(np.max(np.where(enough, taken, 0), axis=1) / total, dtype=np.float64)


def risk_coverage(confidence: Floats, correct: Floats) -> tuple[Floats, Floats]:
    """The risk-coverage curve: for each distinct confidence, surest first, the share of cases at least that sure and
    the share of those that is wrong. Source: El-Yaniv and Wiener (2010), JMLR 11."""
    order = np.argsort(-confidence, kind="stable")
    ends = np.append(np.diff(confidence[order]) != 0, True) if confidence.size else np.zeros(0, dtype=bool)
    taken = np.arange(1, confidence.size + 1)[ends]
    wrong = np.cumsum(1 - correct[order])[ends]
    return taken / max(confidence.size, 1), wrong / np.maximum(taken, 1)


def area_under_risk(confidence: Floats, correct: Floats) -> float | None:
    """Mean risk over all coverages (AURC), cases of equal confidence sharing the risk of their group: 0 is best.

    Source: Geifman, Uziel and El-Yaniv (2019), ICLR."""
    if not confidence.size:
        return None
    coverage, risk = risk_coverage(confidence, correct)
    return float(np.sum(np.diff(coverage, prepend=0.0) * risk))


def reliability(confidence: Floats, correct: Floats, bins: int = BINS) -> list[tuple[float, float, int]]:
    """The reliability curve: mean confidence, share right and number of values of each bin of equal mass.

    Source: DeGroot and Fienberg (1983), The Statistician 32."""
    member = equal_mass_bins(confidence, bins)
    return [
        (float(confidence[member == b].mean()), float(correct[member == b].mean()), int((member == b).sum()))
        for b in np.unique(member)
    ]


def cheapest_threshold(confidence: Floats, correct: Floats, *, error: float, look: float) -> tuple[float, float, float]:
    """The confidence from which on it is cheapest to act without a look, what a case then costs on average, and what it
    costs when every case is looked at.

    `error` is the cost of one wrong action, `look` that of a person's look at one case (which then is right). The cost
    at threshold t is Σ over cases of (error · wrong if confidence ≥ t else look) / cases; t = ∞ looks at everything.
    Source: expected-cost thresholds, Elkan (2001), IJCAI; Chow (1970), IEEE Trans. Inf. Theory 16."""
    if not confidence.size:
        return float("inf"), look, look
    levels = np.append(np.unique(confidence), np.inf)
    acted = confidence[None, :] >= levels[:, None]
    costs = np.where(acted, error * (1 - correct), look).mean(axis=1)
    best = len(costs) - 1 - int(np.argmin(costs[::-1]))
    return float(levels[best]), float(costs[best]), look
