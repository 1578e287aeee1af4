"""`triage eval langsmith push | pull | experiment`: the only commands that send anything of a suite or run elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import refusals

app = typer.Typer(
    no_args_is_help=True,
    help="Suites as LangSmith datasets, runs as experiments. Messages leave the machine by these commands alone.",
)


@app.command()
def push(
    suite: Annotated[Path, typer.Argument(metavar="SUITE", help="Folder of a labelled suite.")],
    dataset: Annotated[str | None, typer.Option(help="Name of the dataset; the suite's without it.")] = None,
) -> None:
    """Bring a dataset up to a suite: messages, labels and tags. Records stay here."""
    with refusals():
        from evals.langsmith.connection import langsmith
        from evals.langsmith.datasets import push as send
        from evals.runs.suite import load_suite

        loaded = load_suite(suite)
        with langsmith() as client:
            done = send(client, loaded, dataset)
    others = f"; {done.others} more examples are no cases of it" if done.others else ""
    typer.echo(
        f"{dataset or loaded.name}: {done.added} added, {done.changed} changed, {done.unchanged} as before{others}."
    )


@app.command()
def pull(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Name of the dataset.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; it must be empty.")],
    records: Annotated[Path | None, typer.Option(help="The records that its labels were made by.")] = None,
) -> None:
    """Write a dataset as a suite, with the labels that people gave there."""
    with refusals():
        from evals.langsmith.connection import langsmith
        from evals.langsmith.datasets import pull as fetch

        with langsmith() as client:
            written = fetch(client, dataset, out, records)
    typer.echo(f"{written} cases written to {out}.")


@app.command()
def experiment(
    file: Annotated[Path, typer.Argument(metavar="RUN", help="File that `triage eval run` wrote.")],
    dataset: Annotated[
        str | None, typer.Option(help="Name of the dataset, for a run of one suite; the suite's without it.")
    ] = None,
) -> None:
    """Show a run as an experiment, beside the dataset of each of its suites."""
    with refusals():
        from evals.labelled import LabelError
        from evals.langsmith.connection import langsmith
        from evals.langsmith.experiments import upload
        from evals.runs.file import read_run

        run = read_run(file)
        suites = [suite.name for suite in run.header.suites]
        if dataset and len(suites) > 1:
            raise LabelError(f"The run is of {len(suites)} suites; leave out --dataset, so that each has its own.")
        with langsmith() as client:
            names = upload(client, run, {suites[0]: dataset} if dataset else None)
    for name in names:
        typer.echo(f"experiment {name}")
