"""Comparing: what can be held against what, by which labels, and which cases changed sides."""

from __future__ import annotations

import pytest

from evals.labelled import LabelError
from evals.runs.compare import compare
from tests.evals.cases import case, label, order
from tests.evals.runs.made import DATE, about, outcomes, run_of, suite_info, tried


def test_cases_that_changed_sides_are_named():
    found = compare(outcomes(True, False, True), outcomes(True, True, False), None)
    assert (found.fixed, found.broken) == (["ours/c2"], ["ours/c3"])
    assert (found.mcnemar.only_before, found.mcnemar.only_after) == (1, 1)


def test_cases_that_cannot_be_compared_are_left_out_with_the_reason():
    before = run_of(tried(about(1)), tried(about(2)), tried(about(3)), tried(about(4), input=None), name="old")
    after = run_of(tried(about(1)), tried(about(2), input="another"), tried(about(4), input=None), name="new")
    found = compare(before, after)
    assert found.cases == 1
    assert found.left_out == {
        "ours/c2": "the message differs",
        "ours/c3": "only in old",
        "ours/c4": "the message differs",
    }


def test_other_records_make_a_case_another_case():
    with pytest.raises(LabelError, match="share no case that can be compared: the records differ"):
        compare(outcomes(True), run_of(tried(about(1)), suites=[suite_info(records_version="later")]))


def test_changed_labels_regrade_both_runs_and_are_named():
    """c1 was said to be about order 999, which `before` answered wrongly by the old label and rightly by the new."""
    old = run_of(tried(about(1), right=False), tried(about(2)), name="old")
    moved = case(label(DATE, order(999), actions=["update_delivery_date"]), id="c1")
    again = tried(moved).model_copy(update={"input": "hash of c1"})
    new = run_of(again, tried(about(2)), name="new", minutes=5)
    found = compare(old, new)
    assert (found.relabelled, found.labels_of) == (["ours/c1"], "new")
    assert (found.fixed, found.broken) == ([], [])
    backwards = compare(new, old)
    assert (backwards.relabelled, backwards.labels_of) == (["ours/c1"], "new")


def test_repeated_tries_have_no_mcnemar():
    twice = run_of(*(tried(about(1), repeat=r) for r in (0, 1)))
    found = compare(twice, twice)
    assert found.mcnemar is None
    assert found.cases == 1


def test_large_slices_are_compared_by_themselves():
    german = {"tags": {"language": "de"}}
    before = run_of(*(tried(about(n, **german), right=n > 15) for n in range(25)))
    after = run_of(*(tried(about(n, **german)) for n in range(25)))
    found = compare(before, after)
    assert {d.figure: d.verdict for d in found.slices["language"]["de"]} == {
        "end_to_end": "better",
        "exception_f1": "better",
    }
