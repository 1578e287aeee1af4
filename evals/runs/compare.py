"""Compares two runs case by case: which cases can be compared, what changed, and whether that is more than chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, Field

from evals.labelled import LabelError
from evals.matching import JudgedCase
from evals.runs.file import CaseKey, Run, Try
from evals.runs.grade import Graded, Labels, grade, slices_of
from evals.runs.paired import Difference, McNemar, chances_of_loss, differences, mcnemar
from evals.runs.suite import label_digest, load_suites

SMALLEST_SLICE = 20
"""Slices with fewer cases are not compared."""
COMPARED_SLICES = ("suite", "intent", "language", "channel")
HEADLINES = ("end_to_end", "exception_f1")


class Comparison(BaseModel):
    """Two runs over the cases that they share. `left_out` says of each case that cannot be compared why; `relabelled`
    names the cases whose labels differ between the runs: both were graded by `labels_of`. `fixed` and `broken` are cases
    that are right in all tries of one run alone.

    `mcnemar` is None where a case was tried several times: its tries are not independent."""

    before: str
    after: str
    cases: int
    labels_of: str
    relabelled: list[str] = Field(default_factory=list)
    left_out: dict[str, str] = Field(default_factory=dict)
    differences: list[Difference] = Field(default_factory=list)
    slices: dict[str, dict[str, list[Difference]]] = Field(default_factory=dict)
    mcnemar: McNemar | None = None
    fixed: list[str] = Field(default_factory=list)
    broken: list[str] = Field(default_factory=list)

    def difference(self, figure: str) -> Difference | None:
        return next((d for d in self.differences if d.figure == figure), None)


def labels_from(folders: Sequence[Path]) -> dict[CaseKey, Labels]:
    """What suites on disk hold right now, to grade older runs by. Raises LabelError."""
    found = {}
    for suite in load_suites(folders):
        products = suite.labelled.product_keys()
        found.update({(suite.name, c.id): Labels(c, products) for c in suite.labelled.cases})
    return found


@dataclass(frozen=True)
class Pairing:
    """Two runs over the cases that they share, judged by the same labels."""

    before: list[Graded]
    after: list[Graded]
    labels_of: str
    relabelled: list[str]
    left_out: dict[str, str]

    def within(self, dimension: str, value: str) -> Pairing:
        """The cases of one slice."""

        def some(graded: Sequence[Graded]) -> list[Graded]:
            return [g for g in graded if (dimension, value) in slices_of(g)]

        return replace(self, before=some(self.before), after=some(self.after))

    def differences(self) -> list[Difference]:
        before, after = self._judged()
        return differences(before, after, before_cases=_cases(self.before), after_cases=_cases(self.after))

    def chances_of_loss(self) -> dict[str, float]:
        before, after = self._judged()
        return chances_of_loss(before, after, before_cases=_cases(self.before), after_cases=_cases(self.after))

    def _judged(self) -> tuple[list[JudgedCase], list[JudgedCase]]:
        return [g.judged for g in self.before], [g.judged for g in self.after]


def _cases(graded: Sequence[Graded]) -> list[CaseKey]:
    return [g.of for g in graded]


def pair(before: Run, after: Run, labels: Mapping[CaseKey, Labels] | None = None) -> Pairing:
    """Both runs graded by `labels` where they know a case, else by the labels of the later run.

    A case whose message or records differ between the runs is left out and named. Raises LabelError where no case is
    left."""
    left_out = incomparable(before, after)
    old, new = ([t for t in run.tries if name_of(t) not in left_out] for run in (before, after))
    if not old:
        raise LabelError(
            f"{before.name} and {after.name} share no case that can be compared: "
            f"{next(iter(left_out.values()), 'both are empty')}; run both on the same suite."
        )
    later = max((before, after), key=lambda run: run.header.created_at)
    held = {t.of: Labels(t.case, t.products) for t in later.tries} | dict(labels or {})
    return Pairing(
        before=grade(before.model_copy(update={"tries": old}), held),
        after=grade(after.model_copy(update={"tries": new}), held),
        labels_of="the given suites" if labels else later.name,
        relabelled=relabelled([*old, *new], held),
        left_out=left_out,
    )


def compare(before: Run, after: Run, labels: Mapping[CaseKey, Labels] | None = None) -> Comparison:
    """Compares two runs over the cases that `pair` finds. Raises what it raises."""
    paired = pair(before, after, labels)
    right_old, right_new = always_right(paired.before), always_right(paired.after)
    once = len(paired.before) == len(right_old) and len(paired.after) == len(right_new)
    names = sorted(right_new)
    return Comparison(
        before=before.name,
        after=after.name,
        cases=len(names),
        labels_of=paired.labels_of,
        relabelled=paired.relabelled,
        left_out=paired.left_out,
        differences=paired.differences(),
        slices=_slices(paired),
        mcnemar=mcnemar([right_old[n] for n in names], [right_new[n] for n in names]) if once else None,
        fixed=[f"{n[0]}/{n[1]}" for n in names if right_new[n] and not right_old[n]],
        broken=[f"{n[0]}/{n[1]}" for n in names if right_old[n] and not right_new[n]],
    )


def incomparable(before: Run, after: Run) -> dict[str, str]:
    """The cases of either run that the other cannot be held against, each with the reason."""
    old, new = ({t.of: t for t in run.tries} for run in (before, after))
    records = [{s.name: s.records_version for s in run.header.suites} for run in (before, after)]
    reasons = {}
    for of in sorted(old.keys() | new.keys()):
        name = f"{of[0]}/{of[1]}"
        if of not in old or of not in new:
            reasons[name] = f"only in {after.name if of not in old else before.name}"
        elif None in (old[of].input, new[of].input) or old[of].input != new[of].input:
            reasons[name] = "the message differs"
        elif old[of].case.received_at != new[of].case.received_at:
            reasons[name] = "the time of receipt differs"
        elif records[0].get(of[0]) != records[1].get(of[0]):
            reasons[name] = "the records differ"
        elif new[of].case.expected is None and old[of].case.expected is None:
            reasons[name] = "it has no labels"
    return reasons


def relabelled(tries: Sequence[Try], held: Mapping[CaseKey, Labels]) -> list[str]:
    """The cases that were run with other labels than those that they are graded by."""
    return sorted({name_of(t) for t in tries if label_digest(t.case) != label_digest(held[t.of].case)})


def name_of(tried: Try) -> str:
    return f"{tried.suite}/{tried.case.id}"


def always_right(graded: Sequence[Graded]) -> dict[CaseKey, bool]:
    """Whether each case is right in all of its tries."""
    right: dict[CaseKey, bool] = {}
    for g in graded:
        right[g.of] = right.get(g.of, True) and g.judged.right
    return right


def _slices(paired: Pairing) -> dict[str, dict[str, list[Difference]]]:
    """The headline differences of the slices that are large enough."""
    cases: dict[tuple[str, str], set[CaseKey]] = defaultdict(set)
    for g in paired.after:
        for name in slices_of(g):
            cases[name].add(g.of)
    found: dict[str, dict[str, list[Difference]]] = defaultdict(dict)
    for (dimension, value), of in sorted(cases.items()):
        if dimension in COMPARED_SLICES and len(of) >= SMALLEST_SLICE:
            within = paired.within(dimension, value).differences()
            found[dimension][value] = [d for d in within if d.figure in HEADLINES]
    return dict(found)
