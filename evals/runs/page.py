"""Writes a page of measured figures from kept runs: what was run and by what, each figure with its interval, and the slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evals.quality import table
from evals.report import NAMES, interval, number
from evals.runs.file import Run
from evals.runs.grade import RunScore, score_run
from evals.runs.suite import SuiteInfo
from evals.score import Figure, Group

SMALLEST_SLICE = 10
"""Slices with fewer cases are left out: their intervals say nothing."""
SLICED = ("exception_f1", "fields_f1", "end_to_end", "manual_share", "selective_risk")
DIMENSIONS = {"language": "language", "channel": "channel", "tag": "kind of message"}
HEAD = """# Measured runs

Written by `triage eval page`; do not edit. Each run was made by `triage eval run`, so by the pipeline that the service runs.
Intervals are 95 %: Wilson's for shares of cases, else the percentile bootstrap over whole cases. The cheap baseline reads by
keywords and exact references. [Evaluating](evaluating.md) says what each figure means.
"""


def write(runs: Sequence[Run], out: Path) -> None:
    """Writes the page; a run that is not complete says so."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join([HEAD, *(_section(run, score_run(run)) for run in runs)]), encoding="utf-8")


def _section(run: Run, score: RunScore) -> str:
    head = run.header
    made = f"{head.created_at:%Y-%m-%d} at commit `{head.commit}` (code `{head.code}`), engine `{head.engine}`"
    tries = (
        f"{len(run.tries)} tries of {score.overall.cases} cases" if head.repeats > 1 else f"{score.overall.cases} cases"
    )
    failed = (
        f"{len(score.product)} tries failed in the product, {len(score.infrastructure)} for want of a file or server"
    )
    complete = "" if run.end else " The run is not complete."
    parts = [
        f"## {run.name}",
        f"Run on {made}: {tries}; {failed}.{complete}",
        "\n".join(_suite(suite) for suite in head.suites),
        _figures(score),
    ]
    if len(score.suites) > 1:
        parts.append("### By suite\n\n" + _slices("suite", score.suites))
    for dimension, name in DIMENSIONS.items():
        shown = {
            value: group for value, group in score.slices.get(dimension, {}).items() if group.cases >= SMALLEST_SLICE
        }
        if len(shown) > 1:
            parts.append(f"### By {name}\n\n" + _slices(name, shown))
    return "\n\n".join(parts) + "\n"


def _suite(suite: SuiteInfo) -> str:
    versions = f"data `{suite.data_version}`, labels `{suite.label_version}`"
    return f"- `{suite.name}`: {suite.title or suite.name}, {suite.cases} cases; {versions}; licence: {suite.license}. {suite.provenance}".rstrip()


def _figures(score: RunScore) -> str:
    rows = [
        [NAMES[name], number(figure.value), interval(figure), number(score.baseline.figures.get(name, Figure()).value)]
        for name, figure in score.overall.figures.items()
    ]
    rows.append(["area under the risk-coverage curve", number(score.area_under_risk), "", ""])
    rows += [[f"right in all of {k} tries", number(f.value), interval(f), ""] for k, f in score.pass_k.items() if k > 1]
    return table(["figure", "value", "95 %", "cheap baseline"], rows)


def _slices(name: str, groups: dict[str, Group]) -> str:
    rows = [
        [value, str(group.cases), *(_told(group.figures.get(figure, Figure())) for figure in SLICED)]
        for value, group in groups.items()
    ]
    return table([name, "cases", *(NAMES[figure].removesuffix(" (headline)") for figure in SLICED)], rows)


def _told(figure: Figure) -> str:
    return (
        f"{number(figure.value)} ({interval(figure)})"
        if figure.value is not None and figure.low is not None
        else number(figure.value)
    )
