"""How fast the log takes entries, beside bare inserts of the same texts in the same run, on SQLite and PostgreSQL.

    uv run python -m benchmarks.log_appends [--entries 2000] [--at-once 50]

Each transaction is synced to disk, once with one entry and once with `--at-once` of them. PostgreSQL is left out where it
is not installed (Debian: `apt-get install postgresql`). Compare ratios between machines, not rates.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text

from review import log
from review.database import Database
from tests.postgres_server import Postgres, binary

CONTENT = {"who": "Robin", "role": "reviewer", "difference": [], "decided": {"text": "x" * 1500}}
BODY = log.canonical(CONTENT)


def logged(database: Database, at_once: int) -> None:
    with database.write() as session:
        log.append_all(session, "bench", [(f"subject-{n}", CONTENT) for n in range(at_once)])


def bare(database: Database, at_once: int) -> None:
    """The same transaction, with one insert of the text for each entry and nothing else."""
    with database.write() as session:
        session.execute(text("INSERT INTO bare (said) VALUES (:said)"), [{"said": BODY}] * at_once)


def rate(work: Callable[[Database, int], None], database: Database, entries: int, at_once: int) -> float:
    began = time.perf_counter()
    for _ in range(entries // at_once):
        work(database, at_once)
    return entries / (time.perf_counter() - began)


def measure(name: str, database: Database, entries: int, at_once: int) -> None:
    with database.write() as session:
        session.execute(text("CREATE TABLE bare (said TEXT)"))
    for size in (1, at_once):
        plain, ours = (rate(work, database, entries, size) for work in (bare, logged))
        typer.echo(f"{name}, {size} a transaction: log {ours:,.0f}/s, bare {plain:,.0f}/s, {ours / plain:.0%}")
    with database.read() as session:
        began = time.perf_counter()
        result = log.verify(session, database.head)
        seconds = time.perf_counter() - began
    typer.echo(f"{name}, verified: {result.entries / seconds:,.0f} entries/s, whole: {result.ok}")
    database.close()


def main(
    entries: Annotated[int, typer.Option(min=50)] = 2000, at_once: Annotated[int, typer.Option(min=2)] = 50
) -> None:
    with tempfile.TemporaryDirectory(prefix="log-bench-") as folder:
        measure("SQLite", Database(f"sqlite:///{folder}/log.db", Path(folder) / "a.head"), entries, at_once)
        if binary("initdb") is None:
            typer.echo("PostgreSQL is not installed.")
            return
        server = Postgres()
        try:
            measure("PostgreSQL", Database(server.database(), Path(folder) / "b.head"), entries, at_once)
        finally:
            server.close()


if __name__ == "__main__":
    typer.run(main)
