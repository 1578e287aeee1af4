"""`triage odoo …`: connect a live Odoo, prove that it is only read, and take a snapshot of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.options import DataDir, Json, configured, odoo_of, proved_reader

if TYPE_CHECKING:
    from rich.progress import Progress

    from review.settings import Settings
    from tools.odoo.account import ProvedReader
    from tools.odoo.check import Check
    from tools.odoo.settings import OdooSettings

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Connect a live Odoo, which is only read.")


@app.command()
def check(json: Json = False) -> None:
    """Show what Odoo gives and prove that the account cannot write. Exit code 1 when something is wrong."""
    from dataclasses import asdict

    from review.mirrored import MIRRORED
    from tools.odoo.check import check as check_odoo
    from tools.odoo.connect import connect

    settings = odoo_of(configured())
    with _progress() as bar:
        task = bar.add_task("Asking Odoo …", total=None)
        found = check_odoo(
            settings, connect(settings), MIRRORED, lambda model: bar.update(task, description=f"Asking Odoo: {model}")
        )
    if json:
        import json as writer

        typer.echo(writer.dumps({**asdict(found), "can_write": found.can_write}, indent=2, ensure_ascii=False))
    else:
        _print(found, settings)
    if found.problems:
        raise typer.Exit(1)


@app.command("setup-script")
def setup_script(
    shell: Annotated[bool, typer.Option("--shell", help="Print the script for `odoo shell` alone.")] = False,
) -> None:
    """Print how an administrator of Odoo makes an account that can only read."""
    from tools.odoo.setup_script import shell_script, steps

    typer.echo(shell_script() if shell else steps(), nl=False)


@app.command("sync")
def sync_command(
    full: Annotated[bool, typer.Option("--full", help="Read every row again, not only what changed.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Bring the mirror of Odoo's records up to date. What was interrupted goes on where it stopped."""
    from rich.console import Console

    from api.syncing import sync_shown
    from review.database import open_database

    settings = configured(data_dir)
    live = _proved(settings)
    done = sync_shown(settings, open_database(settings), live, Console(stderr=True), full=full)
    typer.echo(f"{done.read} rows read; {done.changed} new or changed, {done.removed} gone.")


@app.command()
def snapshot(out: Annotated[Path, typer.Argument(help="The file to write (JSON).")]) -> None:
    """Write what is read of Odoo into a records snapshot, for `--records` and for labelled sets."""
    from review.mirrored import MIRRORED
    from tools.odoo.export import write_snapshot
    from tools.odoo.server import ask_server

    settings = configured()
    live, odoo = _proved(settings), odoo_of(settings)
    with _progress() as bar:
        task = bar.add_task("Reading Odoo …", total=len(MIRRORED))
        counts = write_snapshot(
            live,
            MIRRORED,
            out,
            odoo=ask_server(odoo).version,
            database=odoo.database,
            progress=lambda model, rows: bar.update(task, advance=1, description=f"{rows} {model}"),
        )
    typer.echo(f"{sum(counts.values())} rows of {len(counts)} models are in {out}. They are your company's data.")


def _proved(settings: Settings) -> ProvedReader:
    """The live Odoo once its account is known to only read, or to be allowed to write, which is then said."""
    live = proved_reader(settings)
    live.prove()
    if live.notice:
        typer.secho(live.notice, fg=typer.colors.RED, err=True)
    return live


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        yield bar


def _print(found: Check, settings: OdooSettings) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"Odoo {found.version} at {found.url}, database {settings.database}", highlight=False)
    if not settings.encrypted:
        console.print("  Not encrypted: the key can be read on the way. Use https beyond one machine.", highlight=False)
    clock = "unknown" if found.skew is None else f"{found.skew:+.0f} s from this machine's"
    console.print(f"  Its clock: {clock}", highlight=False)
    console.print(f"  Account: {found.login} (user {found.user_id})", highlight=False)
    console.print(f"  Companies: {', '.join(found.companies) or 'none'}", highlight=False)
    table = Table("Model", "Rows", "May write", "Fields that it lacks")
    for model in found.models:
        rows = "not installed" if not model.installed else "may not read" if not model.readable else f"{model.rows}"
        table.add_row(model.model, rows, ", ".join(model.writes) or "no", ", ".join(model.lacking))
    console.print(table)
    for problem in found.problems:
        typer.secho(problem, fg=typer.colors.RED, err=True)
    if not found.problems:
        console.print("All is well: what is needed can be read, and the account cannot write.", highlight=False)
