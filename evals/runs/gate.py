"""Gates: rules that a run must keep before what it measured may ship.

    # gates.yaml
    rules:
      - figure: exception_f1        # any figure of `triage eval score --json`
        not_worse: true             # fails where it lost more than one of 20 runs that equal the baseline run would by chance
      - figure: end_to_end
        within: 0.03                # fails unless the interval excludes a loss of more than 3 points
      - figure: selective_risk
        at_most: 0.30               # fails where the figure itself is above (at_least: below)
        slice: {language: de}       # over these cases alone
    always_right: [demo/demo-0001]  # these cases must be right in every try
    never_break: true               # no case that the baseline run has right may be wrong
    infrastructure_at_most: 0       # more tries than this that failed for want of a server: no verdict

A gate says passed, failed, or that it cannot judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from evals.labelled import LabelError
from evals.report import NAMES
from evals.runs.compare import Pairing, always_right, name_of, pair
from evals.runs.file import Failure, Run
from evals.runs.grade import Graded, grade, slices_of
from evals.runs.paired import LOWER_IS_BETTER, NEITHER, Difference
from evals.score import Figure, figures


class Outcome(IntEnum):
    """What a gate ends with; the value is the command's exit code."""

    passed = 0
    failed = 1
    cannot_judge = 2

    @property
    def said(self) -> str:
        return {0: "passed", 1: "FAILED", 2: "unknown"}[self.value]


class Rule(BaseModel):
    """One rule about one figure, over all cases or a slice (one dimension: value). See the module's text."""

    model_config = ConfigDict(extra="forbid")

    figure: str
    at_least: float | None = None
    at_most: float | None = None
    not_worse: bool = False
    within: float | None = Field(default=None, ge=0)
    slice: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _makes_sense(self) -> Rule:
        if self.figure not in NAMES:
            raise ValueError(f"there is no figure {self.figure!r}; choose one of: {', '.join(NAMES)}")
        if self.at_least is None and self.at_most is None and not self.not_worse and self.within is None:
            raise ValueError(f"the rule on {self.figure} asks nothing; give at_least, at_most, not_worse or within")
        if self.paired and self.figure in NEITHER:
            raise ValueError(f"neither more nor less of {self.figure} is better; give at_least or at_most")
        if len(self.slice) > 1:
            raise ValueError("a slice has one dimension and its value")
        return self

    @property
    def paired(self) -> bool:
        """Whether the rule needs a baseline run."""
        return self.not_worse or self.within is not None

    @property
    def where(self) -> str:
        return "".join(f" of {dimension} {value}" for dimension, value in self.slice.items())


class Rules(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: list[Rule] = Field(default_factory=list)
    always_right: list[str] = Field(default_factory=list)
    never_break: bool = False
    infrastructure_at_most: int = Field(default=0, ge=0)


class Check(BaseModel):
    """One rule's outcome and the sentence that explains it."""

    outcome: Outcome
    said: str


class Verdict(BaseModel):
    checks: list[Check]

    @property
    def outcome(self) -> Outcome:
        """Failed where a rule is broken; else no verdict where one could not be judged."""
        found = {check.outcome for check in self.checks}
        return next((o for o in (Outcome.failed, Outcome.cannot_judge) if o in found), Outcome.passed)


def load_rules(file: Path) -> Rules:
    """Raises LabelError for a file that cannot be read or a rule that makes no sense."""
    try:
        return Rules.model_validate(yaml.safe_load(file.read_text("utf-8")) or {})
    except OSError as error:
        raise LabelError(f"{file} cannot be read ({error.strerror}); give the file of rules.") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise LabelError(f"{file}: {error}") from error


def gate(run: Run, rules: Rules, baseline: Run | None = None) -> Verdict:
    """Judges a run by rules, and beside `baseline` where one is given.

    Raises LabelError where there are no rules, or the two runs share no case that can be compared."""
    if not rules.rules and not rules.always_right and not rules.never_break:
        raise LabelError("The rules ask nothing; write at least one into the file.")
    graded = grade(run)
    paired = pair(baseline, run) if baseline is not None else None
    checks = [_complete(run, rules.infrastructure_at_most)]
    for rule in rules.rules:
        if rule.at_least is not None or rule.at_most is not None:
            checks.append(_absolute(rule, [g for g in graded if rule.slice.items() <= set(slices_of(g))], run))
        if rule.paired:
            checks.append(check_paired(rule, paired))
    checks += [_always_right(name, graded) for name in rules.always_right]
    if rules.never_break:
        checks.append(_never_break(paired))
    return Verdict(checks=checks)


def _complete(run: Run, allowed: int) -> Check:
    away = sum(t.failure is Failure.infrastructure for t in run.tries)
    if run.end is None:
        return Check(outcome=Outcome.cannot_judge, said="The run is not complete; continue it with the same command.")
    if away > allowed:
        said = f"{away} tries failed for want of a file or server ({allowed} allowed); run again to repeat these alone."
        return Check(outcome=Outcome.cannot_judge, said=said)
    return Check(outcome=Outcome.passed, said=f"The run is complete, {away} tries failed for want of a file or server.")


def _absolute(rule: Rule, graded: Sequence[Graded], run: Run) -> Check:
    """The rule's bounds against the figure itself."""
    intents_only = bool(graded) and all(g.tried.suite in run.only_intents for g in graded)
    group = figures([g.judged for g in graded], only_intents=intents_only, cases=[g.of for g in graded])
    value = group.figures.get(rule.figure, Figure()).value
    name = f"{NAMES[rule.figure]}{rule.where}"
    if value is None:
        return Check(outcome=Outcome.cannot_judge, said=f"{name} has no value on these {group.cases} cases.")
    bounds = [f"at least {rule.at_least:g}"] if rule.at_least is not None else []
    bounds += [f"at most {rule.at_most:g}"] if rule.at_most is not None else []
    low, high = rule.at_least, rule.at_most
    kept = (low is None or value >= low) and (high is None or value <= high)
    said = f"{name} is {value:.3f} on {group.cases} cases, {' and '.join(bounds)} wanted"
    return Check(outcome=Outcome.passed if kept else Outcome.failed, said=said)


ALARMS = 0.05
"""The share of runs, as good as the baseline run, that `not_worse` may fail."""
NO_BASELINE = "needs a baseline run; give one with --baseline"


def check_paired(rule: Rule, paired: Pairing | None) -> Check:
    """The rule against the difference from the baseline."""
    name = f"{NAMES[rule.figure]}{rule.where}"
    if paired is None:
        return Check(outcome=Outcome.cannot_judge, said=f"The rule on {name} {NO_BASELINE}.")
    for dimension, value in rule.slice.items():
        paired = paired.within(dimension, value)
    found = next((d for d in paired.differences() if d.figure == rule.figure), None)
    if found is None:
        return Check(outcome=Outcome.cannot_judge, said=f"{name} has no value in one of the runs.")
    said, failed = f"{name}: {change_of(found)}", False
    if rule.not_worse:
        chance = paired.chances_of_loss()[rule.figure]
        failed = chance <= ALARMS
        said += f"; of runs as good as the baseline {100 * chance:.1f} % lose as much by chance"
    if rule.within is not None:
        worst = found.high if rule.figure in LOWER_IS_BETTER else -found.low
        failed = failed or worst > rule.within
        said += f"; a loss of up to {100 * max(0.0, worst):.1f} points is not excluded, {100 * rule.within:g} allowed"
    return Check(outcome=Outcome.failed if failed else Outcome.passed, said=said)


def change_of(found: Difference) -> str:
    points = f"{100 * found.difference:+.1f} points, 95 % {100 * found.low:+.1f} to {100 * found.high:+.1f}"
    return f"{found.before:.3f} before, {found.after:.3f} now ({points})"


def _always_right(name: str, graded: Sequence[Graded]) -> Check:
    tries = [g for g in graded if name_of(g.tried) == name]
    if not tries:
        return Check(outcome=Outcome.cannot_judge, said=f"{name} must always be right and is not in the run.")
    wrong = [g for g in tries if not g.judged.right]
    said = f"{name} is right in {len(tries) - len(wrong)} of {len(tries)} tries, and must always be"
    return Check(outcome=Outcome.failed if wrong else Outcome.passed, said=said)


def _never_break(paired: Pairing | None) -> Check:
    if paired is None:
        return Check(outcome=Outcome.cannot_judge, said=f"That nothing may break {NO_BASELINE}.")
    before, after = always_right(paired.before), always_right(paired.after)
    broken = [f"{suite}/{case}" for (suite, case), right in sorted(before.items()) if right and not after[suite, case]]
    said = f"{len(broken)} cases that were right are wrong now{': ' + ', '.join(broken[:10]) if broken else ''}"
    return Check(outcome=Outcome.failed if broken else Outcome.passed, said=said)
