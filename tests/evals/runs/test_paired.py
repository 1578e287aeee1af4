"""Paired tests against scipy on random data, and the sentences that they are told in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap, permutation_test

from evals.runs.grade import grade
from evals.runs.paired import Difference, chance_of_loss, chances_of_loss, differences, exchanges, mcnemar
from tests.evals.runs.made import about, outcomes, run_of, tried

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


def compared(before, after, **rest):
    old, new = grade(outcomes(*before)), grade(outcomes(*after))
    found = differences(
        [g.judged for g in old],
        [g.judged for g in new],
        before_cases=[g.of for g in old],
        after_cases=[g.of for g in new],
        **rest,
    )
    return {d.figure: d for d in found}


@given(pairs)
def test_mcnemar_is_the_exact_binomial_test_on_the_cases_that_differ(outcome):
    before, after = zip(*outcome, strict=True)
    found = mcnemar(before, after)
    differing = found.only_before + found.only_after
    assert found.p == pytest.approx(binomtest(found.only_before, differing).pvalue if differing else 1.0)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**31))
def test_the_paired_bootstrap_agrees_with_scipys(seed):
    random = np.random.default_rng(seed)
    before, after = random.random(150) < 0.6, random.random(150) < 0.7
    found = compared(before, after, samples=4000)["end_to_end"]
    theirs = bootstrap(
        (before.astype(float), after.astype(float)),
        lambda a, b, axis=-1: b.mean(axis=axis) - a.mean(axis=axis),
        paired=True,
        method="percentile",
        n_resamples=4000,
        random_state=1,
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def lost(before, after, **rest):
    old, new = grade(outcomes(*before)), grade(outcomes(*after))
    sides = {"before_cases": [g.of for g in old], "after_cases": [g.of for g in new]}
    return chances_of_loss([g.judged for g in old], [g.judged for g in new], **sides, **rest)


@settings(max_examples=10, deadline=None)
@given(pairs)
def test_for_a_share_of_cases_the_randomization_test_is_the_exact_mcnemar_test(outcome):
    before, after = zip(*outcome, strict=True)
    worse = sum(b and not a for b, a in outcome)
    better = sum(a and not b for b, a in outcome)
    exact = binomtest(worse, worse + better, alternative="greater").pvalue if worse + better else 1.0
    assert lost(before, after)["end_to_end"] == pytest.approx(exact, abs=0.06)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_the_randomization_test_agrees_with_scipys(seed):
    """Of any number a case: how many of three tries are right. Whole numbers, so that ties are ties to both."""
    random = np.random.default_rng(seed)
    before, after = random.binomial(3, 0.7, 60), random.binomial(3, 0.65, 60)
    theirs = permutation_test(
        (after, before),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        alternative="less",
        n_resamples=4000,
        vectorized=True,
        rng=np.random.default_rng(1),
    )
    ours = chance_of_loss((1 - 2 * exchanges(60, 4000)) @ (after - before) / 60)
    assert ours == pytest.approx(theirs.pvalue, abs=0.04)


def test_the_side_on_which_a_figure_is_worse_is_known():
    bad, good = [True] * 30 + [False] * 70, [True] * 70 + [False] * 30
    worse, better = lost(good, bad), lost(bad, good)
    assert worse["end_to_end"] < 0.01 < 0.9 < better["end_to_end"]
    assert worse["selective_risk"] < 0.01 < 0.9 < better["selective_risk"]
    assert "manual_share" not in worse


def test_all_tries_of_a_case_change_sides_together():
    """Ten tries of one case are one outcome: what it lost may be chance, however often it was tried."""
    one = [tried(about(1), repeat=n) for n in range(10)]
    other = [tried(about(1), right=False, repeat=n) for n in range(10)]
    old, new = grade(run_of(*one)), grade(run_of(*other))
    sides = {"before_cases": [g.of for g in old], "after_cases": [g.of for g in new]}
    found = chances_of_loss([g.judged for g in old], [g.judged for g in new], **sides)
    assert found["end_to_end"] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("wrong", "alarm"), [(4, False), (5, True)])
def test_five_cases_lost_and_none_won_are_an_alarm_and_four_are_not(wrong, alarm):
    """One half to the fourth is 6 %, to the fifth 3 %."""
    after = [n >= wrong for n in range(100)]
    assert (lost([True] * 100, after)["end_to_end"] <= 0.05) is alarm


def test_a_clear_gain_and_a_clear_loss_are_told_as_such():
    bad, good = [True] * 30 + [False] * 70, [True] * 70 + [False] * 30
    gain, loss = compared(bad, good), compared(good, bad)
    assert gain["end_to_end"].verdict == gain["selective_risk"].verdict == "better"
    assert loss["end_to_end"].verdict == loss["selective_risk"].verdict == "worse"
    assert loss["end_to_end"].sentence.startswith("end to end: worse by 40.0 points, 95 % 3")


def test_equal_runs_show_no_difference():
    same = [True, False] * 20
    assert {d.verdict for d in compared(same, same).values()} == {"none shown"}


@pytest.mark.parametrize(
    ("figure", "values", "sentence"),
    [
        ("end_to_end", (0.031, 0.004, 0.059, "better"), "end to end: better by 3.1 points, 95 % 0.4 to 5.9"),
        ("exception_f1", (-0.05, -0.08, -0.02, "worse"), "exception F1: worse by 5.0 points, 95 % 2.0 to 8.0"),
        (
            "end_to_end",
            (0.004, -0.012, 0.02, "none shown"),
            "end to end: no difference shown (+0.4 points, 95 % -1.2 to +2.0)",
        ),
        ("manual_share", (-0.1, -0.2, -0.01, "differs"), "sent to manual: less by 10.0 points, 95 % 1.0 to 20.0"),
    ],
)
def test_a_difference_is_told_in_a_plain_sentence(figure, values, sentence):
    change, low, high, verdict = values
    made = Difference(figure=figure, before=0, after=0, difference=change, low=low, high=high, verdict=verdict)
    assert made.sentence == sentence


def test_runs_over_other_cases_are_refused():
    with pytest.raises(ValueError, match="same cases"):
        differences([], [], before_cases=["a"], after_cases=["b"])
