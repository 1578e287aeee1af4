"""Says where a run went wrong: each mistake with the step that made it, the message's new text, expected and found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.table import Table

from agent.proposal import RecordRef
from evals.labelled import Case, LabelledException, LabelledSet
from evals.matching import Fact, JudgedCase, RecordKey, case_facts, fields_right
from evals.predictions import PredictedException, Prediction
from evals.score import judge_all

SURE = 0.9
"""A wrong proposal at least this sure is a mistake of calibration too."""


class Step(StrEnum):
    """Where to look first. `policy` covers actions and the choice of the manual lane."""

    reading = "reading"
    intent = "intent"
    match = "match"
    line = "line"
    field = "field"
    policy = "policy"
    calibration = "calibration"


@dataclass(frozen=True)
class Mistake:
    case: Case
    step: Step
    expected: str
    found: str


def errors(labelled: LabelledSet, predictions: Sequence[Prediction]) -> list[Mistake]:
    """The mistakes of a run, in the order of the cases; a case may hold several."""
    products = labelled.product_keys()
    return [mistake for judged in judge_all(labelled, predictions) for mistake in _mistakes(judged, products)]


def _mistakes(judged: JudgedCase, products: Mapping[str, str]) -> Iterator[Mistake]:
    def mistake(step: Step, expected: str, found: str) -> Mistake:
        return Mistake(judged.case, step, expected, found)

    prediction = judged.prediction
    if prediction.error:
        yield mistake(Step.reading, "a prediction", prediction.error)
    elif judged.manual and not judged.labelled_manual and not prediction.exceptions:
        expected = judged.case.expected.exceptions if judged.case.expected else []
        yield mistake(Step.policy, "; ".join(map(named, expected)), "the manual lane")
    elif judged.labelled_manual and not judged.manual:
        yield mistake(Step.policy, "the manual lane", "; ".join(map(named, prediction.exceptions)) or "nothing")
    else:
        extra = [p.proposed for p in judged.pairs if p.expected is None and p.proposed]
        for pair in judged.pairs:
            if pair.expected is None:
                continue
            if pair.proposed is None:
                step, other = _missed(pair.expected, extra)
                if other:
                    extra.remove(other)
                yield mistake(step, named(pair.expected), named(other) if other else "nothing")
                continue
            if not fields_right(pair.expected, pair.proposed, products):
                wanted, given = case_facts([pair.expected], [pair.proposed], products)
                same_lines = {fact[1] for fact in wanted} - {None} == {fact[1] for fact in given} - {None}
                step = Step.field if same_lines else Step.line
                yield mistake(step, stated(wanted - given), stated(given - wanted))
            if not pair.actions_right:
                yield mistake(Step.policy, accepted(pair.expected), ", ".join(sorted(pair.proposed.actions)) or "none")
        for left in extra:
            yield mistake(Step.intent, "nothing", named(left))
    for pair in judged.pairs:
        if pair.proposed and not pair.right and pair.proposed.confidence >= SURE:
            yield mistake(
                Step.calibration, "a lower confidence", f"{pair.proposed.confidence:.2f}: {named(pair.proposed)}"
            )


def _missed(label: LabelledException, extra: list[PredictedException]) -> tuple[Step, PredictedException | None]:
    """The step that missed a label, and the proposal that stands in its place."""
    for proposal in extra:
        if proposal.intent == label.intent:
            return Step.match, proposal
    same_record = [p for p in extra if p.record == label.record]
    return Step.intent, next(iter(same_record or extra), None)


def named(exception: LabelledException | PredictedException) -> str:
    return f"{exception.intent} {_name(exception.record)}"


def _name(record: RecordRef | None) -> str:
    return f"{record.name} ({record.model} {record.id})" if record else "(no record)"


def stated(facts: Counter[Fact]) -> str:
    """Facts as a person reads them: `line 97 date = 2026-12-14; tracking = 1z999aa1`."""
    return "; ".join(_fact(*fact) for fact in facts) or "nothing more"


def _fact(record: RecordKey, line: Hashable, name: str, value: Hashable) -> str:
    if line is None:
        return f"{name} = {value}"
    return f"line {line}" if name == "line" else f"line {line} {name.removeprefix('lines.')} = {value}"


def accepted(label: LabelledException) -> str:
    sets = " or ".join(" + ".join(sorted(actions)) or "none" for actions in (label.actions, *label.alternatives))
    return sets + (f" (acceptable: {', '.join(sorted(label.acceptable_actions))})" if label.acceptable_actions else "")


def new_text(labelled: LabelledSet, case: Case, *, limit: int = 800) -> str:
    """What the sender wrote, as the product reads it; at most `limit` characters."""
    try:
        message = labelled.message(case)
    except Exception as error:  # the text is shown for orientation; a message that cannot be read is a mistake already
        return f"(cannot be read: {error})"
    text = f"{message.subject}\n{message.new_text}".strip()
    return text if len(text) <= limit else text[:limit] + " …"


def print_errors(labelled: LabelledSet, mistakes: Sequence[Mistake], console: Console, *, texts: bool = True) -> None:
    """Counts by step, tag and language, then each case with its text, what was expected and what was found."""
    console.print(count_table("step", Counter(m.step.value for m in mistakes)))
    for dimension in ("language", "tag"):
        counts = Counter(v for m in mistakes for d, v in m.case.slices() if d == dimension)
        console.print(count_table(dimension, counts))
    if not texts:
        return
    by_case: dict[str, list[Mistake]] = {}
    for mistake in mistakes:
        by_case.setdefault(mistake.case.id, []).append(mistake)
    for case_id, of_case in by_case.items():
        console.rule(case_id)
        console.print(new_text(labelled, of_case[0].case), markup=False, highlight=False)
        for mistake in of_case:
            console.print(f"[bold]{mistake.step.value}[/bold]")
            console.print(f"  expected: {mistake.expected}\n  found:    {mistake.found}", markup=False, highlight=False)


def count_table(dimension: str, counts: Counter[str]) -> Table:
    table = Table(dimension)
    table.add_column("mistakes", justify="right")
    for value, count in counts.most_common():
        table.add_row(value, str(count))
    return table
