"""Target and evaluators for LangSmith's `evaluate()`, over a dataset that `triage eval langsmith push` made.

    from langsmith import evaluate
    from evals.langsmith.evaluators import EVALUATORS, SUMMARY_EVALUATORS, target

    evaluate(target("suites/ours"), data="ours", evaluators=EVALUATORS, summary_evaluators=SUMMARY_EVALUATORS)

They judge by the code that `triage eval run` is graded by, so that a figure means the same in both places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.labelled import Case, Expected
from evals.matching import JudgedCase, Tally, judge
from evals.predictions import Prediction
from evals.runs.file import Try

Json = dict[str, Any]


def target(suite: Path | str, engine: str = "local") -> Callable[[Json], Json]:
    """The product as what `evaluate()` runs: from an example's inputs to what is proposed for it, by the pipeline that
    `triage eval run` runs. The suite's folder gives messages and records. Raises LabelError for one that cannot be read."""
    from evals.runs.runner import Bench, Job
    from evals.runs.suite import load_suite

    loaded = load_suite(Path(suite))
    bench = Bench({loaded.name: loaded}, engine)

    def propose(inputs: Json) -> Json:
        tried, _ = bench.attempt(Job(loaded.name, inputs["id"], 0))
        return outcome(tried)

    return propose


def outcome(tried: Try) -> Json:
    """What a try came to, as the outputs of a LangSmith run: the prediction, and the keys of the products it names."""
    return {**tried.prediction.model_dump(mode="json", exclude={"id"}), "products": tried.products}


def case_figures(inputs: Json, outputs: Json | None, reference_outputs: Json) -> Json:
    """One case's scores: right as a whole, sent to manual, and F1 of (intent, record) pairs and of facts where there
    are any. They are defined as in `evals.matching` and `evals.figures`."""
    found = judged(inputs, outputs, reference_outputs)
    scores: dict[str, float | None] = {
        "end_to_end": float(found.right),
        "sent_to_manual": float(found.manual),
        "exception_f1": f1(found.exceptions) if found.counted else None,
        "fields_f1": f1(found.facts) if found.counted else None,
    }
    return _results(scores)


def run_figures(inputs: Sequence[Json], outputs: Sequence[Json | None], reference_outputs: Sequence[Json]) -> Json:
    """All figures over the whole dataset, by their names in `triage eval score --json`."""
    from evals.score import figures

    cases = [judged(*one) for one in zip(inputs, outputs, reference_outputs, strict=True)]
    group = figures(cases, cases=[j.case.id for j in cases])
    return _results({name: figure.value for name, figure in group.figures.items()})


EVALUATORS = [case_figures]
SUMMARY_EVALUATORS = [run_figures]


def judged(inputs: Json, outputs: Json | None, reference_outputs: Json) -> JudgedCase:
    """One example judged. A try that failed has no outcome, so nothing of it is right."""
    expected = Expected.model_validate(reference_outputs)
    case = Case(
        id=inputs["id"], channel=inputs["channel"], received_at=inputs["received_at"], raw="", expected=expected
    )
    said = outputs or {"error": "no outcome"}
    if said.get("error"):
        return judge(case, Prediction(id=case.id, error=said["error"]), {})
    products = {**reference_outputs.get("products", {}), **said.get("products", {})}
    return judge(case, Prediction.model_validate({**said, "id": case.id}), products)


def f1(tally: Tally) -> float | None:
    """2 · right / (expected + proposed); None where there is neither."""
    total = tally.expected + tally.proposed
    return 2 * tally.right / total if total else None


def _results(scores: Mapping[str, float | None]) -> Json:
    return {"results": [{"key": key, "score": score} for key, score in scores.items() if score is not None]}
