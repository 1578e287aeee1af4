"""Calibration figures against hand-made examples and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from evals.calibration import brier, calibration_error, chance_error, coverage_at, equal_mass_bins

confidences = hnp.arrays(np.float64, st.integers(1, 200), elements=st.sampled_from([0.1, 0.25, 0.5, 0.8, 0.9, 1.0]))


def coverage(precision, confidence, correct, total=None):
    confidence, correct = np.array(confidence, float), np.array(correct, float)
    once = np.ones((1, len(confidence)), dtype=np.int64)
    return coverage_at(precision, confidence, correct, weights=once, total=total or len(confidence))[0]


def test_brier_is_that_of_scikit_learn():
    random = np.random.default_rng(1)
    confidence, correct = random.random(100), random.integers(0, 2, 100).astype(float)
    assert brier(confidence, correct) == pytest.approx(brier_score_loss(correct, confidence))


def test_calibration_error_is_that_of_scikit_learns_quantile_bins():
    random = np.random.default_rng(2)
    confidence = random.random(150)
    correct = (random.random(150) < confidence**2).astype(float)
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
