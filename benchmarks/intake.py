"""How many carrier events a second the intake takes from real HTTP clients, beside a bare endpoint that only inserts.

    uv run python -m benchmarks.intake [--events N] [--clients N] [--seed N]

Both are served by uvicorn in processes of their own, on one machine, in turns, to the same clients in another process.
The peer is a FastAPI endpoint that inserts the body into one SQLite table, one transaction a request, with the same
durability (WAL, synchronous=FULL). The intake also checks a key, keeps the raw bytes as a synced file, and chains its
log; compare ratios between machines, not seconds.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import socket
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from rich.console import Console
from rich.table import Table


def event(rng: random.Random, number: int) -> bytes:
    """A tracker update as EasyPost sends it, with ten scans: about 2 KB."""
    scans = [
        {
            "object": "TrackingDetail",
            "message": rng.choice(["Departed facility", "Arrived at facility", "Out for delivery"]),
            "status": "in_transit",
            "status_detail": "departed_facility",
            "datetime": f"2026-11-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:00:00Z",
            "tracking_location": {"city": rng.choice(["Gent", "Lyon", "Graz"]), "country": "BE"},
        }
        for _ in range(10)
    ]
    tracker = {"tracking_code": f"1Z{number:012}", "carrier": "UPS", "status": "in_transit", "tracking_details": scans}
    return json.dumps({"object": "Event", "id": f"evt_{number}", "result": tracker}).encode()


def serve_peer(folder: Path, listener: socket.socket) -> None:
    import uvicorn

    app = FastAPI()
    connection = sqlite3.connect(folder / "peer.db", check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB)")
    turn = threading.Lock()

    def insert(body: bytes) -> int | None:
        with turn:
            return connection.execute("INSERT INTO events (body) VALUES (?)", (body,)).lastrowid

    @app.post("/", status_code=202)
    async def take(request: Request) -> dict[str, int | None]:
        return {"id": await run_in_threadpool(insert, await request.body())}

    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def serve_intake(folder: Path, listener: socket.socket) -> None:
    import uvicorn

    from api.app import create_app
    from review.settings import Settings

    app = create_app(Settings(data_dir=folder))
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


async def post_all(url: str, headers: dict[str, str], bodies: list[bytes], clients: int) -> list[float]:
    """Posts every body once and gives the seconds that each took. Raises when one is not taken."""
    waiting = iter(bodies)
    taken: list[float] = []

    async def client() -> None:
        async with httpx.AsyncClient(timeout=60) as http:
            for body in waiting:
                started = time.perf_counter()
                response = await http.post(url, content=body, headers=headers)
                taken.append(time.perf_counter() - started)
                if response.status_code != 202:
                    raise RuntimeError(f"{url} answered {response.status_code}: {response.text[:300]}")

    await asyncio.gather(*(client() for _ in range(clients)))
    return taken


def measure(kind: str, bodies: list[bytes], clients: int) -> tuple[float, float, float]:
    """Events a second, and the median and 95th percentile of their seconds, over a fresh server of this kind."""
    with tempfile.TemporaryDirectory() as name:
        folder, headers, path = Path(name), {"Content-Type": "application/json"}, "/"
        if kind == "intake":
            headers["Authorization"] = f"Bearer {new_key(folder)}"
            path = "/intake/carrier/easypost"
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
        target = serve_intake if kind == "intake" else serve_peer
        server = multiprocessing.get_context("fork").Process(target=target, args=(folder, listener), daemon=True)
        server.start()
        listener.close()
        asyncio.run(post_all(url, headers, bodies[:1], 1))  # waits until it serves
        started = time.perf_counter()
        seconds = sorted(asyncio.run(post_all(url, headers, bodies[1:], clients)))
        total = time.perf_counter() - started
        server.terminate()
        server.join()
        if kind == "intake":
            check(folder, len(bodies))
    return len(seconds) / total, seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]


def new_key(folder: Path) -> str:
    from review.api_keys import Scope, add_key
    from review.database import open_database
    from review.settings import Settings

    database = open_database(Settings(data_dir=folder))
    _, text = add_key(database, "benchmark", [Scope.carrier], days=1)
    database.close()
    return text


def check(folder: Path, events: int) -> None:
    """Every event that was answered is there, row and bytes, and the log is whole."""
    from sqlalchemy import select

    from review import log
    from review.database import open_database
    from review.raw_store import RawStore
    from review.schema import MessageRow
    from review.settings import Settings

    database, store = open_database(Settings(data_dir=folder)), RawStore(folder / "raw")
    with database.read() as session:
        ids = session.scalars(select(MessageRow.id)).all()
        whole = log.verify(session, database.head).ok
    if len(ids) != events or not whole or any(not store.get(each) for each in ids[:200]):
        raise RuntimeError(f"{len(ids)} of {events} events are there; the log is {'whole' if whole else 'broken'}.")
    database.close()


def main(
    events: Annotated[int, typer.Option(help="Events posted to each.")] = 10_000,
    clients: Annotated[int, typer.Option(help="Connections at once.")] = 16,
    seed: Annotated[int, typer.Option(help="Seed of the events.")] = 1,
) -> None:
    """Post the same events to the peer and to the intake, and compare."""
    rng = random.Random(seed)
    bodies = [event(rng, number) for number in range(events + 1)]
    table = Table("", "events/s", "median ms", "p95 ms", title=f"{events:,} events, {clients} clients, seed {seed}")
    found = {kind: measure(kind, bodies, clients) for kind in ("peer", "intake")}
    for kind, (rate, middle, late) in found.items():
        table.add_row(kind, f"{rate:,.0f}", f"{middle * 1000:.1f}", f"{late * 1000:.1f}")
    ratios = [a / b for a, b in zip(found["intake"], found["peer"], strict=True)]
    table.add_row("intake / peer", *(f"{ratio:.2f}" for ratio in ratios))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
