"""Loads what is exported for Inspect AI with the package itself, and compares every value that it reads.

    uv run --with inspect-ai python -m benchmarks.inspect_loading [SUITE]

Inspect brings some forty packages and is therefore no dependency, not even for development.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.inspect_export import write_dataset, write_log
from evals.predictions import PredictedException, Prediction
from evals.runs.file import End, Run, Try
from evals.runs.grade import grade, score_run
from evals.runs.made_of import header_of
from evals.runs.suite import Suite, load_suite

DEMO_SET = Path(__file__).parents[1] / "evals" / "suites" / "demo"


def invented(suite: Suite) -> Run:
    """A run over the suite, right in every second case, tried twice."""
    tries = []
    for number, case in enumerate(suite.labelled.cases):
        assert case.expected is not None
        found = [
            PredictedException(intent=e.intent, record=e.record, fields=e.fields, actions=e.actions, confidence=0.5)
            for e in case.expected.exceptions[number % 2 :]
        ]
        prediction = Prediction(id=case.id, exceptions=found, manual=case.expected.manual)
        tries += [
            Try(suite=suite.name, repeat=r, case=case, input=suite.inputs[case.id], prediction=prediction)
            for r in (0, 1)
        ]
    head = header_of([suite], engine="local", repeats=2, price=None).model_copy(
        update={"created_at": datetime.now(UTC)}
    )
    return Run(name="invented", header=head, tries=tries, end=End(seconds=1.0))


def main(suite_dir: Annotated[Path, typer.Argument(metavar="[SUITE]", help="A labelled suite.")] = DEMO_SET) -> None:
    """Export a suite and a run, read both with inspect_ai, and fail where a value differs."""
    from inspect_ai.dataset import json_dataset  # type: ignore[import-not-found,unused-ignore]
    from inspect_ai.log import read_eval_log  # type: ignore[import-not-found,unused-ignore]

    suite = load_suite(suite_dir)
    run = invented(suite)
    graded = grade(run)
    with tempfile.TemporaryDirectory() as folder:
        written = write_dataset(suite, Path(folder, "suite.jsonl"))
        data = json_dataset(str(Path(folder, "suite.jsonl")))
        assert [s.id for s in data] == [c.id for c in suite.labelled.cases], "ids differ"
        write_log(run, Path(folder, "log.json"))
        log: Any = read_eval_log(str(Path(folder, "log.json")))
    values = [sample.scores["triage"].value for sample in log.samples]
    assert values == ["C" if g.judged.right else "I" for g in graded], "scores differ"
    assert [s.epoch for s in log.samples] == [g.tried.repeat + 1 for g in graded], "epochs differ"
    whole = score_run(run).overall.figures["end_to_end"].value
    assert log.results.scores[0].metrics["end_to_end"].value == whole, "figures differ"
    typer.echo(f"{written} samples and {len(values)} scored tries read back alike, end to end {whole:.3f}.")


if __name__ == "__main__":
    typer.run(main)
