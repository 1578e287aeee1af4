"""`triage feedback …`: what people decided, put to use for measuring; and candidates beside live mail."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.options import DataDir, Json, Records, Refused, configured, existing, records_of

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Use what people decided to measure and to improve."
)

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A day, such as 2026-11-01 (UTC).")]
Models = Annotated[
    Path | None,
    typer.Option(
        help="Folder with the candidate's weights.json, calibration.json or prompts, in place of those at work."
    ),
]


@app.command()
def labels(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the suites and the queue of disagreements.")],
    split: Day,
    snapshot: Annotated[
        Path | None, typer.Option(help="Records snapshot to measure against (triage odoo snapshot).")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Turn decisions into labelled suites, redacted, split by time; what people disagree on goes to a queue."""
    from evals.decided.labels import export_labels
    from evals.labelled import LabelError
    from review.database import open_database
    from review.raw_store import RawStore

    settings = existing(configured(data_dir))
    database, store = open_database(settings), RawStore(settings.raw_dir)
    try:
        done = export_labels(settings, database, store, out, split=split.replace(tzinfo=UTC), records=snapshot)
    except LabelError as error:
        raise Refused(str(error)) from error
    for side, count in done.cases.items():
        typer.echo(f"{count} cases in {out / side}")
    for why, count in done.left_out.items():
        typer.echo(f"{count} left out: {why}")
    typer.echo(f"{done.waiting} wait in {out / 'queue.jsonl'} for a person to fill in what is expected.")


@app.command()
def drift(data_dir: DataDir = None, json: Json = False) -> None:
    """Show by week whether what comes in, and what people say to it, changes."""
    from evals.decided.drift import drift as weeks_of
    from evals.decided.drift import print_drift
    from review.database import open_database

    with open_database(existing(configured(data_dir))).read() as session:
        weeks = weeks_of(session)
    if json:
        import json as writer

        typer.echo(writer.dumps([week.model_dump(mode="json") for week in weeks], indent=1))
        return
    from rich.console import Console

    print_drift(weeks, Console())


@app.command()
def shadow(
    since: Day,
    out: Annotated[
        Path,
        typer.Option(help="Where to keep the differences. NAME.shadow.json in the folder of runs is seen at the desk."),
    ],
    engine: Annotated[str, typer.Option(help="Which engine reads beside the one at work.")] = "local",
    models: Models = None,
    page: Annotated[Path | None, typer.Option(help="Also write them as one HTML page, with the messages.")] = None,
    records: Records = None,
    data_dir: DataDir = None,
) -> None:
    """Let a candidate read live mail beside the engine at work and show the differences. The queue is not touched."""
    from rich.console import Console
    from rich.progress import Progress

    from evals.decided.shadow import print_shadow, reader_of, save
    from evals.decided.shadow import shadow as run_shadow
    from evals.engines import engine_named
    from evals.labelled import LabelError
    from review.database import open_database
    from review.raw_store import RawStore

    settings = existing(configured(data_dir, records=records))
    reader, _ = records_of(settings, records)
    database, store = open_database(settings), RawStore(settings.raw_dir)
    try:
        candidate = engine_named(engine, reader, models=models)
    except LabelError as error:
        raise Refused(str(error)) from error
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("messages")
        run = run_shadow(
            database,
            store,
            candidate,
            name=engine,
            since=since.replace(tzinfo=UTC),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    save(run, out)
    if page is not None:
        from evals.viewer.page import page as html
        from evals.viewer.shadowed import shadow_content

        page.write_text(html(shadow_content(run, reader_of(store)), out.stem), "utf-8")
    print_shadow(run, Console())
