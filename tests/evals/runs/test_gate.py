"""Gates: each kind of rule, and the three ways to end."""

from __future__ import annotations

import pytest

from evals.labelled import LabelError
from evals.runs.file import Failure
from evals.runs.gate import Outcome, Rules, gate, load_rules
from tests.evals.runs.made import about, outcomes, run_of, tried

GOOD = outcomes(*([True] * 80 + [False] * 20), name="good")
BAD = outcomes(*([True] * 50 + [False] * 50), name="bad", minutes=1)


def verdict(run, baseline=None, **rules):
    return gate(run, Rules.model_validate(rules), baseline)


def outcome(run, baseline=None, **rules):
    return verdict(run, baseline, **rules).outcome


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"figure": "end_to_end", "at_least": 0.8}, Outcome.passed),
        ({"figure": "end_to_end", "at_least": 0.81}, Outcome.failed),
        ({"figure": "selective_risk", "at_most": 0.2}, Outcome.passed),
        ({"figure": "selective_risk", "at_most": 0.19}, Outcome.failed),
        ({"figure": "end_to_end", "at_least": 0.8, "slice": {"channel": "email"}}, Outcome.passed),
        ({"figure": "end_to_end", "at_least": 0.8, "slice": {"language": "de"}}, Outcome.cannot_judge),
    ],
)
def test_a_bound_holds_the_figure_itself(rule, expected):
    assert outcome(GOOD, rules=[rule]) is expected


def test_not_worse_fails_only_where_the_loss_is_shown():
    rule = {"figure": "end_to_end", "not_worse": True}
    slightly = outcomes(*([True] * 79 + [False] * 21), name="slightly", minutes=1)
    assert outcome(BAD, GOOD, rules=[rule]) is Outcome.failed
    assert outcome(slightly, GOOD, rules=[rule]) is Outcome.passed
    assert outcome(GOOD, BAD, rules=[rule]) is Outcome.passed


def test_a_loss_that_chance_explains_is_told_with_its_chance():
    slightly = outcomes(*([True] * 78 + [False] * 22), name="slightly", minutes=1)
    found = verdict(slightly, GOOD, rules=[{"figure": "end_to_end", "not_worse": True}])
    said = found.checks[-1].said
    assert said.startswith("end to end: 0.800 before, 0.780 now (-2.0 points, 95 % ")
    assert "of runs as good as the baseline 2" in said


def test_within_fails_unless_a_larger_loss_is_excluded():
    few, many = (outcomes(*([True] * 9 * n + [False] * n)) for n in (2, 60))
    worse_few = outcomes(*([True] * 17 + [False] * 3), minutes=1)
    worse_many = outcomes(*([True] * 539 + [False] * 61), minutes=1)
    rule = {"figure": "end_to_end", "within": 0.03}
    assert outcome(worse_few, few, rules=[rule]) is Outcome.failed
    assert outcome(worse_many, many, rules=[rule]) is Outcome.passed


def test_a_figure_of_which_less_is_better_is_judged_so():
    assert outcome(BAD, GOOD, rules=[{"figure": "selective_risk", "within": 0.1}]) is Outcome.failed
    assert outcome(GOOD, BAD, rules=[{"figure": "selective_risk", "within": 0.0}]) is Outcome.passed


def test_a_paired_rule_without_a_baseline_cannot_be_judged():
    found = verdict(GOOD, rules=[{"figure": "end_to_end", "not_worse": True}])
    assert found.outcome is Outcome.cannot_judge
    assert "--baseline" in found.checks[-1].said


def test_a_case_that_must_always_be_right_holds_in_every_try():
    run = run_of(tried(about(1), True), tried(about(1), False, repeat=1), tried(about(2)))
    assert outcome(run, always_right=["ours/c2"]) is Outcome.passed
    assert outcome(run, always_right=["ours/c1"]) is Outcome.failed
    assert outcome(run, always_right=["ours/gone"]) is Outcome.cannot_judge


def test_never_break_names_what_broke():
    found = verdict(BAD, GOOD, never_break=True)
    assert found.outcome is Outcome.failed
    assert "30 cases that were right are wrong now: ours/c51" in found.checks[-1].said
    assert outcome(GOOD, BAD, never_break=True) is Outcome.passed


def test_infrastructure_failures_make_no_verdict_but_do_not_hide_a_broken_rule():
    run = run_of(tried(about(1)), tried(about(2), failure=Failure.infrastructure))
    kept, broken = {"figure": "end_to_end", "at_least": 0.1}, {"figure": "end_to_end", "at_least": 0.9}
    assert outcome(run, rules=[kept]) is Outcome.cannot_judge
    assert outcome(run, rules=[kept], infrastructure_at_most=1) is Outcome.passed
    assert outcome(run, rules=[broken]) is Outcome.failed


def test_a_run_that_is_not_complete_has_no_verdict():
    half = GOOD.model_copy(update={"end": None})
    assert outcome(half, rules=[{"figure": "end_to_end", "at_least": 0.1}]) is Outcome.cannot_judge


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [{figure: beauty, at_least: 1}]", "no figure 'beauty'"),
        ("rules: [{figure: end_to_end}]", "asks nothing"),
        ("rules: [{figure: end_to_end, atleast: 1}]", "atleast"),
        ("rules: [{figure: manual_share, not_worse: true}]", "neither more nor less"),
        ("rules: [", "rules.yaml: while parsing"),
    ],
)
def test_rules_that_make_no_sense_are_refused(tmp_path, text, said):
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(LabelError, match=said):
        load_rules(tmp_path / "rules.yaml")


def test_no_rules_are_no_gate():
    with pytest.raises(LabelError, match="ask nothing"):
        verdict(GOOD)
