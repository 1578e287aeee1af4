"""Intervals against published values and the normal approximation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from scipy.stats import bootstrap as scipy_bootstrap

from evals.intervals import bootstrap, reflected, resample, wilson


def test_wilson_is_the_published_interval():
    """15 of 148: 0.0624 to 0.1605. Source: Newcombe (1998), Statistics in Medicine 17, table I, method 3."""
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counted):
    right, total = counted
    theirs = binomtest(right, total).proportion_ci(method="wilson")
    assert wilson(right, total) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_an_interval_is_mirrored_at_its_figure_and_stays_above_zero():
    values = np.linspace(0.2, 0.4, 1001)
    assert reflected(0.25, values) == pytest.approx((0.5 - 0.395, 0.5 - 0.205))
    assert reflected(0.1, values) == (0.0, 0.0)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**31))
def test_the_bootstrap_of_a_ratio_of_sums_is_scipys(seed):
    random = np.random.default_rng(seed)
    counts = np.stack([random.integers(0, 4, 120), random.integers(4, 8, 120)], axis=1)
    theirs = scipy_bootstrap(
        (counts[:, 0], counts[:, 1]),
        lambda a, b, axis=-1: a.sum(axis=axis) / b.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(1),
    )
    low, high = bootstrap(resample(120, samples=4000, seed=7), counts, lambda s: s[:, 0] / s[:, 1])
    assert (low, high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.01)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**31))
def test_the_mirrored_interval_is_scipys_basic_bootstrap(seed):
    values = np.random.default_rng(seed).random(60) + 1
    theirs = scipy_bootstrap((values,), np.mean, method="basic", n_resamples=500, rng=np.random.default_rng(1))
    assert reflected(values.mean(), theirs.bootstrap_distribution) == pytest.approx(tuple(theirs.confidence_interval))


def test_wilson_is_closed_at_the_ends():
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(20, 20)[1] == 1.0


def test_nothing_counted_has_no_interval():
    assert wilson(0, 0) is None


def test_every_resample_draws_as_many_cases_as_there_are():
    drawn = resample(30, samples=50, seed=1)
    assert drawn.shape == (50, 30)
    assert (drawn.sum(axis=1) == 30).all()


def test_bootstrap_of_a_mean_agrees_with_the_normal_interval():
    values = np.random.default_rng(6).random(400)
    counts = np.stack([values, np.ones(400)], axis=1)
    low, high = bootstrap(resample(400, samples=2000, seed=7), counts, lambda s: s[:, 0] / s[:, 1])
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.005)


def test_the_same_seed_gives_the_same_interval():
    assert (resample(10, samples=5, seed=3) == resample(10, samples=5, seed=3)).all()
