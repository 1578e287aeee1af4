"""The desk with 100,000 open and 1,000,000 decided proposals, used by 20 reviewers at once, on each database.

    uv run python -m benchmarks.queue [--open N] [--decided N] [--seconds N] [--write]

It fills a SQLite file and a PostgreSQL (Debian's `postgresql`, run on a socket of its own) with made-up rows by SQL, serves
the desk from one process beside each, and lets reviewers list, filter, search, open and decide with a second of thought
between requests. Times are those that a reviewer waits, over HTTP. `--write` puts the figures into
docs/performance-desk.md.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, NamedTuple

import httpx
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.queue_rows import REFERENCE, VOCABULARY, fill
from review.database import open_database
from review.people import add_person, new_sign_in_token
from review.settings import Settings

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance-desk.md"
MARKS = ("<!-- figures -->", "<!-- end of figures -->")
INTENTS = ("delivery_date_change", "price_change", "order_confirmation", "quantity_change", "complaint")
LANGUAGES = ("en", "de", "fr", "it", "es", "nl", "pl")
WORK = ("list", "filter", "search", "open", "decide")
app = typer.Typer()


class Figures(NamedTuple):
    """What one database gave: waiting times in seconds by kind of work, memory in MB at each quarter of the run,
    server CPU seconds for a request, and the time that filling took."""

    name: str
    waits: dict[str, list[float]]
    memory: list[float]
    cpu: float
    failures: int
    filled: float


@app.command()
def serve(data_dir: Path, url: str, port: int) -> None:
    """Serves the desk over a database that is filled. Used by `run`."""
    import uvicorn

    from api.app import create_app

    settings = Settings(data_dir=data_dir, database_url=url)
    uvicorn.run(create_app(settings), host="127.0.0.1", port=port, log_level="warning")


@app.command()
def run(
    open_: Annotated[int, typer.Option("--open", min=100, help="Open proposals.")] = 100_000,
    decided: Annotated[int, typer.Option(min=100, help="Decided ones.")] = 1_000_000,
    reviewers: Annotated[int, typer.Option(min=1)] = 20,
    seconds: Annotated[float, typer.Option(min=2, help="How long they work on each database.")] = 60.0,
    thought: Annotated[float, typer.Option(min=0, help="Seconds of thought between requests, on average.")] = 1.0,
    seed: int = 7,
    keep: Annotated[
        Path | None, typer.Option(help="A folder in which filled databases are kept and found again.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the figures into docs/performance-desk.md.")] = False,
) -> None:
    """Fills both databases and measures them in turn."""
    console = Console(highlight=False)
    results = []
    with tempfile.TemporaryDirectory(prefix="queue-") as made:
        folder = keep or Path(made)
        with _postgresql(folder) as postgresql:
            for name, url in (("SQLite", f"sqlite:///{folder / 'triage.db'}"), ("PostgreSQL", postgresql)):
                if url is None:
                    console.print("PostgreSQL is not installed here (Debian: postgresql); it is left out.")
                    continue
                settings = Settings(data_dir=folder / name, database_url=url)
                filled, tokens = _fill(settings, open_, decided, reviewers, console)
                with _server(settings, console) as (address, process):
                    work = _reviewers(address, process, tokens, seconds, thought, seed, open_ + decided)
                    waits, memory, cpu, failures = asyncio.run(work)
                results.append(Figures(name, waits, memory, cpu, failures, filled))
                _show(console, results[-1])
    if write:
        _write(results, open_, decided, reviewers, seconds, thought, seed)


def _fill(settings: Settings, open_: int, decided: int, reviewers: int, console: Console) -> tuple[float, list[str]]:
    """Fills the database unless it is filled; gives the seconds that it took and a sign-in token a reviewer."""
    database = open_database(settings)
    started = time.perf_counter()
    with console.status(f"Filling {database.engine.dialect.name} …"):
        fill(database, open_, decided)
    filled = time.perf_counter() - started
    names = [f"Reviewer {n}" for n in range(reviewers)]
    for name in names:
        add_person(database, name, "supervisor")
    tokens = [new_sign_in_token(database, name, hours=1) for name in names]
    database.close()
    return filled, tokens


@contextmanager
def _postgresql(folder: Path) -> Iterator[str | None]:
    """The URL of a PostgreSQL that runs while the block does; None where there is none."""
    from tests.postgres_server import Postgres, binary

    if binary("initdb") is None:
        yield None
        return
    server = Postgres()
    try:
        yield server.database()
    finally:
        server.close()


@contextmanager
def _server(settings: Settings, console: Console) -> Iterator[tuple[str, int]]:
    """The desk's address and process id, while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.queue", "serve", str(settings.data_dir), settings.url, str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                httpx.get(f"{address}/healthz", timeout=5).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


async def _reviewers(
    address: str, process: int, tokens: list[str], seconds: float, thought: float, seed: int, rows: int
) -> tuple[dict[str, list[float]], list[float], float, int]:
    """All sign in; after a few seconds of work the measuring begins."""
    waits: dict[str, list[float]] = defaultdict(list)
    failures: list[str] = []
    async with AsyncExitStack() as stack:
        clients = []
        for token in tokens:
            # No certificates are read: each client would take its own time for it.
            client = httpx.AsyncClient(base_url=address, timeout=60, follow_redirects=True, verify=False)
            clients.append(await stack.enter_async_context(client))
            await client.get(f"/sign-in/{token}")
        began = time.perf_counter() + min(5.0, seconds / 4)
        people = [
            asyncio.create_task(
                _reviewer(
                    client, random.Random(f"{seed} {number}"), number, began, seconds, thought, rows, waits, failures
                )
            )
            for number, client in enumerate(clients)
        ]
        await asyncio.sleep(began - time.perf_counter())
        cpu, memory = _cpu_of(process), [_memory_of(process)]
        for _ in range(4):
            await asyncio.sleep(seconds / 4)
            memory.append(_memory_of(process))
        cpu = _cpu_of(process) - cpu
        await asyncio.gather(*people)
    for failure in sorted(set(failures))[:5]:
        print(failure, file=sys.stderr)
    return waits, memory, cpu / max(sum(map(len, waits.values())), 1), len(failures)


async def _reviewer(
    client: httpx.AsyncClient,
    dice: random.Random,
    number: int,
    began: float,
    seconds: float,
    thought: float,
    rows: int,
    waits: dict[str, list[float]],
    failures: list[str],
) -> None:
    """One person's work: look at the queue, narrow it, look something up, open an item, decide on it."""
    csrf = (await client.get("/api/session")).json()["csrf"]
    at: dict[str, object] = {}
    while time.perf_counter() < began + seconds:
        for kind in WORK:
            await asyncio.sleep(dice.expovariate(1 / thought) if thought else 0)
            started = time.perf_counter()
            response = await _ask(client, kind, dice, at, csrf, rows)
            if began <= started < began + seconds:
                waits[kind].append(time.perf_counter() - started)
            if response.status_code != 200 and not (kind == "decide" and response.status_code in (409, 412)):
                failures.append(f"{kind}: {response.status_code} {response.text[:200]}")
            if kind == "list" and response.status_code == 200:
                # Each takes another one of the page, so that they do not decide on the same.
                at = response.json()["items"][2 * number]


async def _ask(
    client: httpx.AsyncClient,
    kind: str,
    dice: random.Random,
    at: dict[str, object],
    csrf: str,
    rows: int,
) -> httpx.Response:
    view = dice.choice(("ready", "ready", "check", "manual", "done"))
    query = {"view": view, "limit": "50"}
    if kind == "list":
        return await client.get("/api/proposals", params={"view": "ready", "limit": "50"})
    if kind == "filter":
        narrow = dice.choice(({"intent": dice.choice(INTENTS)}, {"language": dice.choice(LANGUAGES)}, {"band": "top"}))
        return await client.get("/api/proposals", params=query | narrow)
    if kind == "search":
        words = dice.choice((REFERENCE.format(dice.randrange(rows)), " ".join(dice.choices(VOCABULARY, k=2))))
        return await client.get("/api/proposals", params=query | {"q": words})
    path = f"/api/proposals/{at['id']}"
    if kind == "open":
        return await client.get(path)
    headers = {"X-CSRF-Token": csrf, "If-Match": f'"{at["version"]}"'}
    if dice.random() < 0.8:
        return await client.post(f"{path}/approve", headers=headers)
    return await client.post(f"{path}/reject", headers=headers, json={"reason": "already_done"})


def _memory_of(process: int) -> float:
    """Resident memory in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def _cpu_of(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _p95(waits: list[float]) -> float:
    return quantiles(waits, n=20)[-1] if len(waits) > 1 else waits[0]


def _show(console: Console, figures: Figures) -> None:
    table = Table(title=figures.name)
    for heading in ("work", "requests", "median ms", "p95 ms", "most ms"):
        table.add_column(heading, justify="right")
    for kind in WORK:
        waits = figures.waits[kind]
        table.add_row(kind, f"{len(waits)}", *(f"{1000 * f(waits):.0f}" for f in (median, _p95, max)))
    console.print(table)
    console.print(
        f"memory {' → '.join(f'{m:.0f}' for m in figures.memory)} MB; {1000 * figures.cpu:.1f} ms of CPU a request"
    )
    console.print(f"{figures.failures} requests failed; filled in {figures.filled:.0f} s")


def _write(
    results: list[Figures], open_: int, decided: int, reviewers: int, seconds: float, thought: float, seed: int
) -> None:
    lines = [
        f"{open_:,} open and {decided:,} decided proposals; {reviewers} reviewers for {seconds:.0f} s on each database, "
        f"{thought:g} s of thought between requests on average; seed {seed}. {os.cpu_count()} cores served the desk, the "
        f"database and the reviewers; load at the end {os.getloadavg()[0]:.1f}. Measured {datetime.now(UTC):%Y-%m-%d}.",
        "",
        "| work | " + " | ".join(f"{r.name}: requests | median | p95 | most" for r in results) + " |",
        "|---|" + "---:|---:|---:|---:|" * len(results),
    ]
    for kind in WORK:
        cells = [
            f"{len(r.waits[kind])} | " + " | ".join(f"{1000 * f(r.waits[kind]):.0f} ms" for f in (median, _p95, max))
            for r in results
        ]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    lines.append("")
    for r in results:
        memory = " → ".join(f"{m:.0f}" for m in r.memory)
        lines.append(
            f"{r.name}: the server's memory at each quarter {memory} MB; {1000 * r.cpu:.1f} ms of its CPU for a request; "
            f"{r.failures} requests failed."
        )
        lines.append("")
    before, _, rest = PAGE.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(before + "\n".join([MARKS[0], "", *lines]) + MARKS[1] + after)


if __name__ == "__main__":
    app()
