"""`triage eval run | show | compare | gate | …`: runs that are kept, graded, compared, gated on and looked at."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.options import EngineOption, JsonOption, refusals

if TYPE_CHECKING:
    from evals.runs.gate import Verdict

app = typer.Typer()

SuiteArguments = Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of labelled suites.")]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="File that `triage eval run` wrote.")]
LabelsOption = Annotated[
    list[Path] | None, typer.Option("--labels", help="Suite whose present labels are to grade by. Repeatable.")
]


@app.command()
def run(
    suites: SuiteArguments,
    out: Annotated[Path, typer.Option(help="The run file. One that holds part of this run is continued.")],
    engine: EngineOption = "local",
    repeat: Annotated[int, typer.Option(min=1, help="Tries of each case.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 1,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps embeddings between runs.")] = None,
    price: Annotated[float | None, typer.Option(min=0, help="What a million tokens cost, in your currency.")] = None,
    models: Annotated[
        Path | None,
        typer.Option(
            help="Folder with a candidate's weights.json, calibration.json or prompts, in place of those at work."
        ),
    ] = None,
) -> None:
    """Run an engine over suites and keep everything about it in one file."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with refusals():
        from evals.runs.runner import run as run_suites
        from evals.runs.suite import load_suites

        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("tries")
            made = run_suites(
                load_suites(suites),
                out,
                engine=engine,
                repeats=repeat,
                workers=workers,
                cache=cache,
                price=price,
                models=models,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    from evals.runs.report import summary

    typer.echo(summary(made, out), err=True)


@app.command()
def show(
    file: RunArgument,
    labels: LabelsOption = None,
    slices: Annotated[bool, typer.Option(help="Also print the figures by slice.")] = False,
    json: JsonOption = False,
) -> None:
    """Grade a run: figures with intervals, the cheap baseline beside them, failures apart."""
    with refusals():
        from evals.runs.compare import labels_from
        from evals.runs.file import read_run
        from evals.runs.grade import score_run

        scored = score_run(read_run(file), labels_from(labels) if labels else None)
    if json:
        typer.echo(scored.model_dump_json(indent=1))
        return
    from rich.console import Console

    from evals.runs.report import print_run

    print_run(scored, Console(), slices=slices)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A run.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The run to hold against it.")],
    labels: LabelsOption = None,
    json: JsonOption = False,
) -> None:
    """Say whether two runs differ by more than chance, and in which cases."""
    with refusals():
        from evals.runs.compare import compare as compare_runs
        from evals.runs.compare import labels_from
        from evals.runs.file import read_run

        found = compare_runs(read_run(before), read_run(after), labels_from(labels) if labels else None)
    if json:
        typer.echo(found.model_dump_json(indent=1))
        return
    from rich.console import Console

    from evals.runs.report import print_comparison

    print_comparison(found, Console())


@app.command()
def gate(
    file: RunArgument,
    rules: Annotated[Path, typer.Option(help="The rules (YAML).")],
    baseline: Annotated[Path | None, typer.Option(help="The run that rules compare with.")] = None,
    json: JsonOption = False,
) -> None:
    """Judge a run by rules. Exit code 0: all are kept. 1: one is broken. 2: no verdict is possible."""
    with refusals():
        from evals.runs.file import read_run
        from evals.runs.gate import gate as judge
        from evals.runs.gate import load_rules

        verdict = judge(read_run(file), load_rules(rules), read_run(baseline) if baseline else None)
    if json:
        typer.echo(verdict.model_dump_json(indent=1))
    else:
        _print(verdict)
    raise typer.Exit(verdict.outcome)


def _print(verdict: Verdict) -> None:
    for check in verdict.checks:
        typer.echo(f"{check.outcome.said:8} {check.said}")


@app.command()
def threshold(
    file: RunArgument,
    error: Annotated[float, typer.Option(min=0, help="What one wrong action that nobody looked at costs.")],
    look: Annotated[float, typer.Option(min=0, help="What a person's look at one case costs, in the same unit.")],
) -> None:
    """Pick the confidence from which on a look costs more than the errors that it would find."""
    with refusals():
        from evals.calibration import cheapest_threshold
        from evals.runs.file import read_run
        from evals.runs.grade import confidences, grade

        confidence, correct = confidences(grade(read_run(file)))
    level, cost, all_looked_at = cheapest_threshold(confidence, correct, error=error, look=look)
    acted = int((confidence >= level).sum())
    wrong = int((1 - correct)[confidence >= level].sum())
    typer.echo(
        f"Act without a look from confidence {level:.3f} on: {acted} of {len(confidence)} cases, {wrong} of them wrong; "
        f"{cost:.3f} a case, {all_looked_at:.3f} when every case is looked at."
        if acted
        else f"Look at every case: no confidence is high enough to pay, at {all_looked_at:.3f} a case."
    )


@app.command()
def view(
    file: RunArgument,
    against: Annotated[Path | None, typer.Option(help="An earlier run to hold it against, case by case.")] = None,
    labels: LabelsOption = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the page (default: beside the run).")] = None,
    texts: Annotated[bool, typer.Option(help="Put the messages' texts in, read from the suites' folders.")] = True,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Write a run, or two, as one HTML page that works offline, and open it."""
    from rich.console import Console
    from rich.progress import Progress

    with refusals(), Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        from evals.runs.compare import labels_from
        from evals.runs.file import read_run
        from evals.viewer.content import content
        from evals.viewer.page import page as html

        task = bar.add_task("cases")
        shown = content(
            run := read_run(file),
            read_run(against) if against else None,
            labels=labels_from(labels) if labels else None,
            texts=texts,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    out = out or file.with_suffix(".html")
    out.write_text(html(shown, run.name), encoding="utf-8")
    typer.echo(str(out))
    if browser:
        import webbrowser

        webbrowser.open(out.resolve().as_uri())


@app.command()
def page(
    files: Annotated[list[Path], typer.Argument(metavar="RUN…", help="Files that `triage eval run` wrote.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/quality-runs.md"),
) -> None:
    """Write a page of measured figures from runs, with what they were made of."""
    with refusals():
        from evals.runs.file import read_run
        from evals.runs.page import write

        write([read_run(file) for file in files], out)
    typer.echo(f"{out} written.", err=True)


class Kind(StrEnum):
    """The suites that can be made of another."""

    stress = "stress"
    abstention = "abstention"
    robustness = "robustness"
    injection = "injection"


@app.command()
def make(
    kind: Annotated[Kind, typer.Argument(help="Which suite to make.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; it must be empty.")],
    base: Annotated[Path, typer.Option(help="The suite whose records, and for stress whose mails, are used.")],
    attacks: Annotated[Path | None, typer.Option(help="Payloads for injection, one JSON object a line.")] = None,
    seed: Annotated[
        int, typer.Option(help="What is drawn for stress and injection; the same seed, the same bytes.")
    ] = 0,
    each: Annotated[int, typer.Option(min=1, help="Mails of each kind for stress, of each place for injection.")] = 20,
) -> None:
    """Make a suite: stressed mails, mails outside of the taxonomy, mails in hard envelopes, or mails with payloads."""
    with refusals():
        from evals.generated.abstention import make_abstention
        from evals.generated.attacked import make_injection
        from evals.generated.robustness import make_robustness
        from evals.generated.stress import make_stress
        from evals.labelled import LabelError
        from evals.runs.suite import load_suite

        suite = load_suite(base)
        if kind is Kind.stress:
            made = make_stress(suite, out, seed=seed, each=each)
        elif kind is Kind.abstention:
            made = make_abstention(suite, out)
        elif kind is Kind.robustness:
            made = make_robustness(suite, out)
        elif attacks is None:
            raise LabelError("An injection suite is made of payloads; give their file with --attacks.")
        else:
            made = make_injection(suite, out, attacks, seed=seed, each=each)
    typer.echo(f"{made} cases written to {out}.", err=True)


@app.command()
def export(
    source: Annotated[Path, typer.Argument(metavar="RUN|SUITE", help="A run file, or the folder of a suite.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write: .json for a run, .jsonl for a suite.")],
) -> None:
    """Write a run as an eval log, or a suite as a dataset, of Inspect AI."""
    with refusals():
        from evals.inspect_export import write_dataset, write_log
        from evals.runs.file import read_run
        from evals.runs.suite import load_suite

        made = write_dataset(load_suite(source), out) if source.is_dir() else write_log(read_run(source), out)
    typer.echo(f"{made} samples written to {out}.", err=True)


@app.command()
def promote(
    candidate: Annotated[
        Path, typer.Argument(metavar="CANDIDATE", help="Folder with weights.json, calibration.json or prompts.")
    ],
    file: Annotated[Path, typer.Option("--run", help="The run that was made with --models CANDIDATE.")],
    baseline: Annotated[Path, typer.Option(help="The run of what is at work.")],
    rules: Annotated[Path, typer.Option(help="The rules (YAML).")],
) -> None:
    """Put fitted weights, calibrators and prompts to work, through the gate alone. Exit codes are those of `gate`."""
    with refusals():
        from evals.decided.promote import promote as put_to_work
        from evals.runs.file import read_run
        from evals.runs.gate import load_rules

        verdict = put_to_work(candidate, read_run(file), read_run(baseline), load_rules(rules))
    _print(verdict)
    raise typer.Exit(verdict.outcome)
