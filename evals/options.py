"""What the `triage eval` commands share: their options, and how they end on an input that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

SetArgument = Annotated[
    Path, typer.Argument(metavar="SET", help="Folder of a labelled set (cases.jsonl, raw/, records.json).")
]
PredictionsArgument = Annotated[
    Path, typer.Argument(metavar="PREDICTIONS", help="File that `triage eval predict` wrote.")
]
EngineOption = Annotated[str, typer.Option(help="Which engine decides.")]
IndexOption = Annotated[Path | None, typer.Option(help="Folder that keeps index and embeddings between runs.")]
CacheOption = Annotated[Path | None, typer.Option(help="File that keeps embeddings between runs.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


@contextmanager
def refusals() -> Iterator[None]:
    """An input that cannot be read ends the command with its sentence and exit code 2, without a trace."""
    from evals.labelled import LabelError

    try:
        yield
    except LabelError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
