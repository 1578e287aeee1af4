"""How long a day's briefing takes over 90 days of 2,000 messages, beside reading the same rows once.

    uv run python -m benchmarks.briefing [--days N] [--a-day N] [--rounds N] [--postgresql] [--keep FOLDER]

Rows are made up and put in by bulk. The peer is one plain pass over the columns that a briefing looks at, in the same run:
what no way of computing one could do without.
"""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import func, select

from benchmarks.briefing_rows import fill
from review.briefing.making import make
from review.briefing.window import DAY, Window
from review.database import Database, open_database
from review.schema import ProposalRow
from review.settings import Settings

END = datetime(2026, 11, 24, 6, tzinfo=UTC)
P = ProposalRow
LOOKED_AT = (P.created_at, P.closed_at, P.intent, P.lane, P.state, P.supplier, P.carrier, P.delay_days, P.products)
app = typer.Typer()


@app.command()
def run(
    days: Annotated[int, typer.Option(min=28)] = 90,
    a_day: Annotated[int, typer.Option(min=10)] = 2_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    seed: int = 7,
    postgresql: Annotated[bool, typer.Option(help="On PostgreSQL, run on a socket of its own.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Where a filled SQLite is kept and found again.")] = None,
) -> None:
    """Fills a database and makes the last day's briefing several times."""
    console = Console(highlight=False)
    # What the service has loaded long before it is asked for a briefing.
    import sklearn.linear_model  # noqa: F401

    with tempfile.TemporaryDirectory(prefix="briefing-") as made:
        if postgresql:
            from tests.postgres_server import Postgres

            server = Postgres()
            try:
                settings = Settings(data_dir=Path(made), database_url=server.database())
                _measure(open_database(settings), days, a_day, rounds, seed, console)
            finally:
                server.close()
        else:
            _measure(open_database(Settings(data_dir=keep or Path(made))), days, a_day, rounds, seed, console)


def _measure(database: Database, days: int, a_day: int, rounds: int, seed: int, console: Console) -> None:
    with database.read() as session:
        filled = session.scalar(select(func.count()).select_from(ProposalRow))
    if not filled:
        with console.status("Filling …"):
            fill(database, END, days, a_day, seed)
    took: dict[str, list[tuple[float, float]]] = {"briefing": [], "one pass": []}
    zone = Settings().time_zone
    for _ in range(rounds):
        with database.read() as session:
            began = time.perf_counter(), time.process_time()
            found = make(session, END.date(), Window(END - DAY, END), zone)
            took["briefing"].append((time.perf_counter() - began[0], time.process_time() - began[1]))
        with database.read() as session:
            began = time.perf_counter(), time.process_time()
            rows = sum(1 for _ in session.execute(select(*LOOKED_AT)))
            took["one pass"].append((time.perf_counter() - began[0], time.process_time() - began[1]))
    console.print(
        f"{database.engine.dialect.name}: {rows:,} exceptions of {days} days, seed {seed}; {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}; {len(found.facts)} figures, {len(found.drift)} drifts, {len(found.anomalies)} anomalies."
    )
    for name, times in took.items():
        seconds, cpu = (median(column) for column in zip(*times, strict=True))
        console.print(f"{name}: {seconds:.2f} s, of this process's CPU {cpu:.2f} s (median of {rounds})")
    ratio = median(t[0] for t in took["briefing"]) / median(t[0] for t in took["one pass"])
    console.print(f"A briefing takes {ratio:.2f} × one pass.")


if __name__ == "__main__":
    app()
