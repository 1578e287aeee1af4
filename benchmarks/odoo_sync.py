"""What a live Odoo costs: the first load of the mirror beside bare paging, a poll without news, and one proposal.

    uv run python -m benchmarks.odoo_sync [--repeat N]

It reads the server of the `TRIAGE_ODOO_…` settings. The peer reads the same rows and fields by odoorpc alone: the ids of
a model by one search, then pages of 1,000, kept nowhere. Both take turns; compare the ratio, not the seconds.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console

from agent.held import read_held
from agent.impact import impact
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, SALE, Order
from agent.proposal import Fields, LineFields
from review.database import Database
from review.mirror import MirrorReader
from review.mirrored import MIRRORED
from review.settings import Settings
from review.sync import PAGE, sync
from tools.odoo.connect import connect
from tools.odoo.reader import OdooReader
from tools.odoo.settings import OdooSettings


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done


def bare_paging(settings: OdooSettings, fields: dict[str, list[str]]) -> int:
    """The peer: how many rows it read."""
    import odoorpc

    odoo = odoorpc.ODOO(settings.host, "jsonrpc+ssl" if settings.encrypted else "jsonrpc", settings.port, timeout=120)
    odoo.login(settings.database, settings.login, settings.key())
    context = {"active_test": False}
    rows = 0
    for model, names in fields.items():
        ids = odoo.execute_kw(model, "search", [[]], {"order": "id", "context": context})
        for start in range(0, len(ids), PAGE):
            page = odoo.execute_kw(model, "read", [ids[start : start + PAGE]], {"fields": names, "context": context})
            rows += len(page)
    return rows


def count_questions(reader: OdooReader) -> Counter[str]:
    """The questions that reach the server from now on, by model and method."""
    asked: Counter[str] = Counter()
    ask = reader._wire.call

    def call(model: str, method: str, *rest: Any, **named: Any) -> Any:
        asked[f"{model}.{method}"] += 1
        return ask(model, method, *rest, **named)

    reader._wire.call = call  # type: ignore[method-assign]
    return asked


def first_loads(settings: OdooSettings, live: OdooReader, folder: Path, repeat: int, console: Console) -> Database:
    """Loads an empty mirror and reads by the peer, in turns; gives the last mirror."""
    fields = {m: [n for n in names if n in live.fields_of(m)] for m, names in MIRRORED.items() if live.fields_of(m)}
    ours, peers = [], []
    for number in range(repeat):
        console.print(f"run {number + 1} of {repeat} …", style="dim")
        database = Database(f"sqlite:///{folder / f'{number}.db'}", folder / f"{number}.head")
        peer, rows = timed(lambda: bare_paging(settings, fields))
        own, done = timed(lambda database=database: sync(database, live))  # type: ignore[misc]
        ours.append(own)
        peers.append(peer)
        console.print(f"  bare paging {rows:,} rows in {peer:.1f} s; first sync {done.changed:,} rows in {own:.1f} s")
    held = MirrorReader(database)
    sizes = ", ".join(f"{held.search_count(m):,} {m}" for m in (PURCHASE, f"{PURCHASE}.line", SALE, f"{SALE}.line"))
    console.print(f"mirrored: {sizes}")
    console.print(f"first sync / bare paging: {median(o / p for o, p in zip(ours, peers, strict=True)):.2f} (median)")
    return database


def longest(book: OrderBook, model: str) -> Order:
    """The open order of most lines."""
    ids = [row["id"] for row in book.reader.search_read(model, fields=())]
    orders = [order for order in book.orders.many((model, i) for i in ids).values() if order.is_open]
    return max(orders, key=lambda order: (len(order.open_lines), order.id))


def one_proposal(live: OdooReader, database: Database, asked: Counter[str], console: Console) -> None:
    """The questions of compare and impact for the longest open purchase and sales order."""
    book = OrderBook(MirrorReader(database))
    for model in (PURCHASE, SALE):
        order = longest(book, model)
        stated = Fields(lines=[LineFields(line_id=line.id, date="2030-01-01") for line in order.lines])
        asked.clear()
        seconds, _ = timed(lambda: impact(live, book, read_held(live, book, order.key).order, stated))  # noqa: B023
        told = ", ".join(f"{count} {question}" for question, count in asked.items())
        console.print(f"{order.name}, {len(order.lines)} lines: {asked.total()} questions in {seconds:.2f} s ({told})")


def main(repeat: Annotated[int, typer.Option(min=1, help="How often both load everything.")] = 3) -> None:
    """First load beside bare paging, a poll without news, and the questions of one proposal."""
    console = Console(highlight=False)
    settings = Settings().odoo
    if settings is None:
        raise SystemExit("Name a server by TRIAGE_ODOO_URL, _DATABASE, _LOGIN and _KEY_FILE.")
    live = connect(settings)
    with tempfile.TemporaryDirectory(prefix="odoo-sync-") as folder:
        database = first_loads(settings, live, Path(folder), repeat, console)
        asked = count_questions(live)
        seconds, done = timed(lambda: sync(database, live))
        most = max(asked.values())
        console.print(
            f"poll: {asked.total()} questions of {len(MIRRORED)} models, {most} at most of one; {seconds:.2f} s"
        )
        console.print(f"  {done.read} rows looked at again, {done.changed} changed")
        one_proposal(live, database, asked, console)
        database.close()


if __name__ == "__main__":
    typer.run(main)
