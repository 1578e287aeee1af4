"""A kept run as LangSmith experiments, one for each of its suites: tries as runs with their steps, and the figures as feedback.

What is shown there was measured before: latency is what the try took, and nothing is run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from evals.labelled import LabelError
from evals.langsmith.datasets import by_case
from evals.langsmith.evaluators import case_figures, outcome
from evals.runs.file import Run, Try
from evals.runs.grade import score_run
from evals.runs.suite import SuiteInfo

if TYPE_CHECKING:
    from langsmith import Client
    from langsmith.schemas import Example

Json = dict[str, Any]


def upload(client: Client, run: Run, datasets: Mapping[str, str] | None = None) -> list[str]:
    """Uploads a run and gives the names of the experiments. `datasets` names a suite's dataset where it is not the suite's.

    Raises LabelError where a dataset lacks a case of the run or holds another message for it."""
    figures = score_run(run).suites
    prepared = []
    for suite in run.header.suites:
        dataset = client.read_dataset(dataset_name=(datasets or {}).get(suite.name, suite.name))
        tries = [tried for tried in run.tries if tried.suite == suite.name and tried.case.expected]
        prepared.append((suite, dataset, tries, _examples(by_case(client, dataset), tries, dataset.name)))
    names = []
    for suite, dataset, tries, examples in prepared:
        name = f"{run.name}-{suite.name}-{uuid4().hex[:8]}"
        project = client.create_project(
            name,
            reference_dataset_id=dataset.id,
            description=f"triage eval run of {suite.name}",
            metadata=_about(run, suite),
        )
        for tried in tries:
            _upload_try(client, tried, name, project.id, examples[tried.case.id])
        for key, figure in figures[suite.name].figures.items() if suite.name in figures else ():
            if figure.value is not None:
                client.create_feedback(
                    project_id=project.id, key=key, score=figure.value, comment=f"95 %: {figure.low} to {figure.high}"
                )
        client.update_project(project.id, end_time=datetime.now(UTC))
        names.append(name)
    return names


def _examples(held: Mapping[str, Example], tries: list[Try], dataset: str) -> dict[str, Example]:
    for tried in tries:
        example = held.get(tried.case.id)
        if example is None or (example.metadata or {}).get("sha256") != tried.input:
            what = "no example for" if example is None else "another message for"
            raise LabelError(f"The dataset {dataset!r} holds {what} {tried.case.id}; push the suite first.")
    return dict(held)


def _about(run: Run, suite: SuiteInfo) -> Json:
    head = run.header
    return {
        "engine": head.engine,
        "commit": head.commit,
        "code": head.code,
        "made": head.created_at.isoformat(timespec="seconds"),
        "data_version": suite.data_version,
        "label_version": suite.label_version,
        **{name: value for versions in run.versions.values() for name, value in versions.items()},
    }


def _upload_try(client: Client, tried: Try, project: str, project_id: UUID, example: Example) -> None:
    """One try as a trace, with feedback. A trace begins at its upload, since old ones are not taken everywhere."""
    root, began = uuid4(), datetime.now(UTC)
    said = outcome(tried)
    ended = began + timedelta(seconds=tried.prediction.seconds)
    client.create_run(
        tried.prediction.engine,
        {"id": tried.case.id},
        "chain",
        project_name=project,
        id=root,
        trace_id=root,
        dotted_order=_order(began, root),
        reference_example_id=example.id,
        start_time=began,
        end_time=ended,
        outputs=said,
        error=tried.prediction.error,
        extra={"metadata": _spent(tried)},
    )
    for name, start, end in _steps(tried, began):
        step = uuid4()
        client.create_run(
            name,
            {},
            "tool",
            project_name=project,
            id=step,
            trace_id=root,
            parent_run_id=root,
            dotted_order=f"{_order(began, root)}.{_order(start, step)}",
            start_time=start,
            end_time=end,
            outputs={},
        )
    assert tried.case.expected is not None
    inputs = {"id": tried.case.id, "channel": tried.case.channel, "received_at": tried.case.received_at}
    expected = {**tried.case.expected.model_dump(mode="json"), "products": tried.products}
    for result in case_figures(inputs, said, expected)["results"]:
        client.create_feedback(root, trace_id=root, session_id=project_id, start_time=began, **result)


def _steps(tried: Try, began: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    """The steps in the order in which they were taken, one after another."""
    for name, seconds in tried.spans.items():
        ended = began + timedelta(seconds=seconds)
        yield name, began, ended
        began = ended


def _spent(tried: Try) -> Json:
    said = tried.prediction
    return {"repeat": tried.repeat, "tokens": said.tokens, "model_calls": said.model_calls, "cost": tried.cost}


def _order(at: datetime, run: UUID) -> str:
    """A link of the chain by which LangSmith orders the runs of a trace."""
    return f"{at:%Y%m%dT%H%M%S%fZ}{run}"
