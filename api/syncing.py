"""Bringing the mirror up to date while a person looks on: a bar for each model that is read in whole."""

from __future__ import annotations

from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.options import Refused
from review.database import Database
from review.exclusive import Busy
from review.settings import Settings
from review.sync import Synced, sync
from tools.records import RecordReader


def sync_shown(
    settings: Settings, database: Database, remote: RecordReader, console: Console, *, full: bool = False
) -> Synced:
    """Raises RecordsError when Odoo cannot be read; what was read until then is kept. Raises Refused while another process
    is at it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks = {}

        def show(model: str, read: int, total: int) -> None:
            if model not in tasks:
                tasks[model] = bar.add_task(model)
            bar.update(tasks[model], completed=read, total=total)

        every = timedelta(minutes=settings.odoo_reconcile_minutes)
        try:
            return sync(database, remote, full=full, reconcile_every=every, progress=show)
        except Busy as error:
            raise Refused(
                "Another process is reading Odoo into this mirror: `triage serve`, or another `triage odoo sync`. Nothing "
                "was done; try again when that one has ended."
            ) from error
