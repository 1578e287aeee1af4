"""Calibration figures against hand-made examples and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, precision_recall_curve

from evals.calibration import (
    area_under_risk,
    brier,
    calibration_error,
    chance_error,
    cheapest_threshold,
    coverage_at,
    equal_mass_bins,
    reliability,
    risk_coverage,
    weighted_calibration_error,
)

confidences = hnp.arrays(np.float64, st.integers(1, 200), elements=st.sampled_from([0.1, 0.25, 0.5, 0.8, 0.9, 1.0]))


def coverage(precision, confidence, correct, total=None):
    confidence, correct = np.array(confidence, float), np.array(correct, float)
    once = np.ones((1, len(confidence)), dtype=np.int64)
    return coverage_at(precision, confidence, correct, weights=once, total=total or len(confidence))[0]


def drawn(seed, size):
    """Distinct confidences, and outcomes that are right less often than they say."""
    random = np.random.default_rng(seed)
    confidence = random.random(size)
    return confidence, (random.random(size) < confidence**2).astype(float)


@given(confidences, st.integers(0, 2**31))
def test_brier_is_that_of_scikit_learn(confidence, seed):
    correct = np.random.default_rng(seed).integers(0, 2, confidence.size).astype(float)
    assert brier(confidence, correct) == pytest.approx(brier_score_loss(correct, confidence, labels=[0, 1]))


@given(st.integers(0, 2**31), st.integers(1, 20))
def test_calibration_error_is_that_of_scikit_learns_quantile_bins(seed, each):
    """Where nothing ties and all bins are as large; what happens otherwise is the product's own and tested below."""
    confidence, correct = drawn(seed, 15 * each)
    observed, stated = calibration_curve(correct, confidence, n_bins=15, strategy="quantile")
    assert calibration_error(confidence, correct) == pytest.approx(np.mean(np.abs(observed - stated)))


def test_calibration_error_by_hand():
    """Two bins of two: (0.2 stated, 0.5 right) and (0.9 stated, 1 right): ½·0.3 + ½·0.1."""
    error = calibration_error(np.array([0.1, 0.3, 0.8, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]), bins=2)
    assert error == pytest.approx(0.2)


def test_one_shared_confidence_is_one_bin():
    """All at 0.75 and three of four right: no error, however the four are ordered."""
    assert calibration_error(np.full(4, 0.75), np.array([0.0, 1.0, 1.0, 1.0])) == pytest.approx(0.0)


@given(confidences)
def test_ties_stay_in_one_bin_and_bins_follow_the_order(confidence):
    bins = equal_mass_bins(confidence)
    assert bins.min() >= 0
    assert bins.max() < 15
    for value in np.unique(confidence):
        assert len(set(bins[confidence == value])) == 1
    assert (np.diff(bins[np.argsort(confidence, kind="stable")]) >= 0).all()


def test_bins_are_of_equal_mass_where_nothing_ties():
    assert np.bincount(equal_mass_bins(np.linspace(0, 1, 150))).tolist() == [10] * 15


def test_chance_error_at_300_is_about_what_the_contract_says():
    assert chance_error(np.random.default_rng(3).uniform(0.3, 1.0, 300)) == pytest.approx(0.09, abs=0.03)


def test_chance_error_shrinks_with_more_cases():
    confidence = np.random.default_rng(4).random(2000)
    assert chance_error(confidence) < chance_error(confidence[:200])


def test_a_calibrated_engine_stays_under_the_chance_value_in_95_of_100_runs():
    random = np.random.default_rng(5)
    confidence = random.random(300)
    bound = chance_error(confidence)
    under = [calibration_error(confidence, (random.random(300) < confidence).astype(float)) < bound for _ in range(400)]
    assert np.mean(under) == pytest.approx(0.95, abs=0.04)


def test_nothing_rated_has_no_calibration():
    nothing = np.array([])
    assert (brier(nothing, nothing), calibration_error(nothing, nothing), chance_error(nothing)) == (None, None, None)


def test_coverage_is_the_longest_surest_run_that_is_precise_enough():
    confidence, correct = [0.9, 0.8, 0.7, 0.6, 0.5], [1, 1, 0, 1, 1]
    assert coverage(0.8, confidence, correct) == 1.0
    assert coverage(0.9, confidence, correct) == 0.4
    assert coverage(0.8, confidence, correct, total=10) == 0.5


def test_coverage_never_splits_a_tie():
    assert coverage(1.0, [0.9, 0.8, 0.8], [1, 1, 0]) == pytest.approx(1 / 3)
    assert coverage(1.0, [0.8, 0.8], [1, 0]) == 0.0


def test_coverage_counts_a_redrawn_case_as_often_as_it_is_drawn():
    weights = np.array([[2, 1], [0, 3]])
    shares = coverage_at(0.6, np.array([0.9, 0.5]), np.array([1.0, 0.0]), weights=weights, total=3)
    assert shares.tolist() == pytest.approx([1.0, 0.0])


@given(confidences, st.integers(0, 2**31), st.sampled_from([0.5, 0.8, 0.95, 1.0]))
def test_coverage_is_what_scikit_learns_precision_curve_allows(confidence, seed, precision):
    correct = np.random.default_rng(seed).integers(0, 2, confidence.size).astype(float)
    precisions, _, thresholds = precision_recall_curve(correct, confidence)
    enough = [(confidence >= t).mean() for p, t in zip(precisions, thresholds, strict=False) if p >= precision - 1e-9]
    assert coverage(precision, confidence, correct) == pytest.approx(max(enough, default=0.0))


@given(st.integers(0, 2**31))
def test_the_reliability_curve_is_that_of_scikit_learns_quantile_bins(seed):
    confidence, correct = drawn(seed, 150)
    observed, stated = calibration_curve(correct, confidence, n_bins=15, strategy="quantile")
    found = reliability(confidence, correct)
    assert [c for c, _, _ in found] == pytest.approx(stated)
    assert [r for _, r, _ in found] == pytest.approx(observed)
    assert sum(n for _, _, n in found) == 150


@given(confidences)
def test_a_weight_of_one_each_gives_the_calibration_error_itself(confidence):
    correct = (np.arange(confidence.size) % 3 > 0).astype(float)
    once = np.ones((1, confidence.size), dtype=np.int64)
    assert weighted_calibration_error(confidence, correct, once)[0] == pytest.approx(
        calibration_error(confidence, correct)
    )


@given(confidences)
def test_the_risk_coverage_curve_is_what_each_threshold_takes(confidence):
    correct = (np.arange(confidence.size) % 2).astype(float)
    coverage, risk = risk_coverage(confidence, correct)
    for level, share, wrong in zip(sorted(set(confidence), reverse=True), coverage, risk, strict=True):
        taken = confidence >= level
        assert (share, wrong) == pytest.approx((taken.mean(), 1 - correct[taken].mean()))


@given(confidences, st.integers(0, 2**31))
def test_the_area_under_risk_is_the_mean_of_the_risks_at_each_cases_own_confidence(confidence, seed):
    correct = np.random.default_rng(seed).integers(0, 2, confidence.size).astype(float)
    own = [1 - correct[confidence >= c].mean() for c in confidence]
    assert area_under_risk(confidence, correct) == pytest.approx(np.mean(own))
    assert area_under_risk(confidence, np.ones_like(confidence)) == 0.0


@given(confidences, st.floats(0.1, 50), st.floats(0, 5))
def test_no_threshold_is_cheaper_than_the_cheapest(confidence, error, look):
    correct = (np.arange(confidence.size) % 4 > 0).astype(float)
    level, cost, all_looked_at = cheapest_threshold(confidence, correct, error=error, look=look)
    for other in [*confidence, np.inf]:
        acted = confidence >= other
        assert cost <= np.where(acted, error * (1 - correct), look).mean() + 1e-9
    assert cost <= all_looked_at + 1e-9
    assert all_looked_at == look
    assert cost == pytest.approx(np.where(confidence >= level, error * (1 - correct), look).mean())


def test_a_cheap_error_is_not_worth_a_look_and_a_dear_one_is():
    confidence, correct = np.array([0.9, 0.8, 0.3]), np.array([1.0, 1.0, 0.0])
    assert cheapest_threshold(confidence, correct, error=10, look=1)[:2] == pytest.approx((0.8, 1 / 3))
    assert cheapest_threshold(confidence, correct, error=0.5, look=1)[0] == pytest.approx(0.3)
    assert cheapest_threshold(confidence, np.zeros(3), error=10, look=1)[0] == np.inf
