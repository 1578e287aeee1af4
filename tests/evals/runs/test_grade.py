"""Grading: failures are wrong, repeats are one case, and the baseline stands beside."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.labelled import Expected
from evals.predictions import Prediction
from evals.runs.file import Failure
from evals.runs.grade import Labels, grade, pass_k, score_run
from tests.evals.cases import case, label
from tests.evals.runs.made import about, answer, outcomes, run_of, tried

ERROR = Prediction(id="c1", manual=True, error="RecordsError: away")


def test_figures_are_those_of_the_tries():
    scored = score_run(outcomes(True, True, True, False))
    assert scored.overall.figures["end_to_end"].value == 0.75
    assert scored.area_under_risk == pytest.approx(0.25)


def test_a_failed_try_is_wrong_even_where_the_manual_lane_is_right():
    manual = case(label("unclear"), id="c1", manual=True)
    (graded,) = grade(
        run_of(
            tried(about(1)).model_copy(update={"case": manual, "prediction": ERROR, "failure": Failure.infrastructure})
        )
    )
    assert not graded.judged.right
    assert graded.judged.manual


def test_failures_are_listed_by_who_is_to_blame():
    spoilt = {"prediction": ERROR, "failure": Failure.infrastructure}
    run = run_of(tried(about(1)).model_copy(update=spoilt), tried(about(2)), tried(about(3), failure=Failure.product))
    scored = score_run(run)
    assert scored.infrastructure == ["ours/c1 (try 1): RecordsError: away"]
    assert len(scored.product) == 1
    assert scored.overall.figures["end_to_end"].value == pytest.approx(1 / 3)


def test_the_baseline_is_scored_beside_the_run():
    run = run_of(*(tried(about(n), baseline=answer(about(n), right=n == 1)) for n in (1, 2)))
    scored = score_run(run)
    assert scored.baseline.figures["end_to_end"].value == 0.5
    assert scored.overall.figures["end_to_end"].value == 1.0


def test_slices_name_suite_and_vendors_with_enough_cases():
    small = [tried(about(9), vendor="rare.example")]
    run = run_of(*(tried(about(n), vendor="often.example") for n in range(1, 6)), *small)
    scored = score_run(run)
    assert set(scored.suites) == {"ours"}
    assert set(scored.slices["vendor"]) == {"often.example"}


def test_repeats_of_a_case_do_not_make_intervals_narrower():
    once = score_run(outcomes(*([True] * 30 + [False] * 10))).overall
    tries = [tried(about(n), n <= 30, repeat=r) for n in range(1, 41) for r in range(5)]
    five = score_run(run_of(*tries)).overall
    assert five.cases == once.cases == 40
    for name in ("end_to_end", "exception_f1", "coverage_at_95"):
        assert five.figures[name] == once.figures[name]


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=12))
def test_pass_k_is_the_share_of_choices_of_k_tries_that_are_all_right(cases):
    tries = [tried(about(n), right, repeat=r) for n, of in enumerate(cases) for r, right in enumerate(of)]
    found = pass_k(grade(run_of(*tries)))
    for k in (1, 2, 3):
        chosen = [np.mean([all(some) for some in combinations(of, k)]) for of in cases]
        assert found[k].value == pytest.approx(np.mean(chosen))


def test_other_labels_regrade_a_run():
    run = outcomes(True, False)
    moved = about(1).model_copy(update={"expected": Expected(exceptions=[label("auto_reply")])})
    scored = score_run(run, {("ours", "c1"): Labels(moved, {})})
    assert scored.overall.figures["end_to_end"].value == 0.0


def test_spend_adds_up_tokens_and_money():
    priced = run_of(
        tried(about(1)).model_copy(update={"prediction": answer(about(1)).model_copy(update={"tokens": 5000})}),
        price=2.0,
    )
    assert score_run(priced).spend.money == pytest.approx(0.01)
