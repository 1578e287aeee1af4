"""Approved decisions on their way to a receiver while everything breaks; then a count of what the receiver saw.

    uv run python -m benchmarks.handoff_faults [--faults 1000] [--decisions 1000] [--records 40] [--seed 1]

The product decides and delivers in a process of its own, which is killed with SIGKILL at random moments. The receiver
answers 500, too late or not at all, and closes connections before and after it has accepted. It verifies each signature.
Exit code 1 when an approved decision was not seen, one was seen that nobody made, an order was not kept, or the log is
not whole.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from agent.proposal import Fields, LineFields, RecordRef
from review import log, outbox
from review.database import Database, open_database
from review.decisions import approve
from review.delivery_loop import DeliveryLoops
from review.outbox import Attempt
from review.refusals import DecisionError
from review.schema import DecisionKind, DecisionRow, DeliveryState, HandoffRow, ProposalRow, ProposalState
from review.settings import Settings
from review.targets import Target
from review.webhook import deliver
from tests.review.desk import ROBIN, Desk, date_change
from tests.review.receiver import SECRET, Receiver

TIMEOUT = 0.25
SETTLE_SECONDS = 120.0
FAULTS = ((None, 50), (500, 12), (503, 6), (422, 6), ("slow", 6), ("drop", 10), ("cut", 10))
UNDO = timedelta(seconds=0.05)

app = typer.Typer(help=__doc__, rich_markup_mode=None)


@dataclass
class Seen:
    """What the receiver has accepted: `(id, record, sequence, digest)` in the order of arrival, and its faults."""

    accepted: list[tuple[str, str, str, str]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    forged: int = 0


def receive(pipe: Connection, seed: int) -> None:
    """The receiver's process: sends its URL, and answers each word: `seen`, `heal`."""
    rnd, lock, faults = random.Random(seed), threading.Lock(), Counter[str]()
    kinds, weights = zip(*FAULTS, strict=True)
    healed = threading.Event()

    def fault() -> int | str | None:
        with lock:
            kind = None if healed.is_set() else rnd.choices(kinds, weights)[0]
            if kind is not None:
                faults[str(kind)] += 1
            return kind

    with Receiver(fault, seconds=TIMEOUT * 1.5) as receiver:
        pipe.send(receiver.url)
        while (word := pipe.recv()) != "stop":
            if word == "heal":
                healed.set()
            accepted = [
                (r.id, r.event["partitionkey"], r.event["sequence"], log.sha256(log.canonical(r.event)))
                for r in list(receiver.accepted)
            ]
            pipe.send(Seen(accepted, Counter(faults), receiver.forged))


class Work:
    """The product's process: it decides, one after the other in random order, and delivers, until it is killed."""

    def __init__(self, folder: Path, target: Target) -> None:
        self.folder, self.target = folder, target

    def start(self, seed: int, pace: float, decisions: int) -> int:
        """Forks the process, and gives its id once it has made some decisions, or found none to make. `pace` is how many
        seconds pass between them."""
        readable, writable = os.pipe()
        if child := os.fork():
            os.close(writable)
            for _ in range(decisions):  # a life is measured in work, so that a slow machine gets on too
                os.read(readable, 1)
            os.close(readable)
            return child
        try:
            os.close(readable)
            self._run(random.Random(seed), pace, writable)
        finally:
            os._exit(1)

    def _run(self, rnd: random.Random, pace: float, told: int) -> None:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        database = open_database(Settings(data_dir=self.folder))
        with DeliveryLoops(database, {"erp": self.target}, pause=0.02):
            while True:
                time.sleep(rnd.expovariate(1 / pace))
                if (proposal_id := _any_open(database, rnd)) is not None:
                    with suppress(DecisionError):
                        approve(database, proposal_id, version=1, who=ROBIN, undo=UNDO)
                with suppress(OSError):  # nobody counts any more
                    os.write(told, b".")


def _any_open(database: Database, rnd: random.Random) -> str | None:
    with database.read() as session:
        is_open = select(ProposalRow.id).where(ProposalRow.state == ProposalState.open).order_by(ProposalRow.id)
        found = list(session.scalars(is_open.limit(50)))
    return rnd.choice(found) if found else None


@dataclass
class Outcome:
    """What was found at the end. All counts but `decisions`, `requests` and `repeated` should be 0."""

    kills: int
    faults: dict[str, int]
    decisions: int
    requests: int
    repeated: int
    lost: int
    invented: int
    changed: int
    out_of_order: int
    forged: int
    chain: list[str]

    @property
    def ok(self) -> bool:
        bad = self.lost + self.invented + self.changed + self.out_of_order + self.forged + len(self.chain)
        return bad == 0 and self.decisions > 0


def run(faults: int, decisions: int, records: int, seed: int, between: float = 0.25) -> Outcome:
    """Kills and faults until there were `faults` of both together and `decisions` decisions, then heals and counts."""
    rnd = random.Random(seed)
    here, there = multiprocessing.Pipe()
    receiver = multiprocessing.get_context("spawn").Process(target=receive, args=(there, seed), daemon=True)
    receiver.start()
    with tempfile.TemporaryDirectory(prefix="handoff-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        secret = folder / "secret"
        secret.write_text(SECRET)
        target = Target(
            url=here.recv(),
            secret_file=secret,
            allow_private=True,
            timeout_seconds=TIMEOUT,
            attempts=6,
            first_pause_seconds=0.01,
            longest_pause_seconds=0.1,
        )
        fill(folder / "data", decisions, records, rnd)
        # What a fork inherits it need not load, so that it is soon at work.
        deliver(Attempt("evt_0", "erp", "{}", 1), target.model_copy(update={"url": "http://127.0.0.1:9/"}))
        work, kills = Work(folder / "data", target), 0
        pace = between / 4
        while True:
            child = work.start(rnd.randrange(2**32), pace, rnd.randrange(1, 6))
            time.sleep(rnd.expovariate(1 / between))
            _kill(child)
            kills += 1
            seen = _ask(here, "seen")
            if kills + sum(seen.faults.values()) >= faults and not _left(folder / "data"):
                break
        _ask(here, "heal")
        child = work.start(0, pace, 1)
        _settle(folder / "data")
        _kill(child)
        seen = _ask(here, "seen")
        here.send("stop")
        receiver.join(10)
        return count(folder / "data", seen, kills)


def fill(folder: Path, decisions: int, records: int, rnd: random.Random) -> None:
    """Open proposals about a few records, so that many decisions concern the same one."""
    desk = Desk(folder)
    for number in range(decisions):
        record = RecordRef(model="purchase.order", id=rnd.randrange(records), name="P00041")
        # News of one sender, or the same of several, would replace each other.
        news = date_change(record, fields=Fields(lines=[LineFields(line_id=97, qty=float(number))]))
        desk.propose(news, sender=f"a{number}@supplier.example", subject=f"No. {number}")
    desk.database.close()


def count(folder: Path, seen: Seen, kills: int) -> Outcome:
    """Sets what the receiver saw beside what was approved."""
    database = open_database(Settings(data_dir=folder))
    with database.read() as session:
        queued = {row.id: row for row in session.scalars(select(HandoffRow))}
        approved = select(func.count()).select_from(DecisionRow).where(DecisionRow.kind == DecisionKind.approve)
        made = session.scalars(approved).one()
        chain = [problem.what for problem in log.verify(session, database.head).problems]
    database.close()
    ids = [event for event, *_ in seen.accepted]
    first = list({event: (record, number) for event, record, number, _ in reversed(seen.accepted)}.values())[::-1]
    in_order = {record: [n for r, n in first if r == record] for record in {r for r, _ in first}}
    return Outcome(
        kills=kills,
        faults=dict(seen.faults),
        decisions=made,
        requests=len(ids),
        repeated=len(ids) - len(set(ids)),
        lost=made - len(set(ids) & set(queued)),
        invented=len(set(ids) - set(queued)),
        changed=len({(event, digest) for event, *_, digest in seen.accepted}) - len(set(ids)),
        out_of_order=sum(numbers != sorted(numbers) for numbers in in_order.values()),
        forged=seen.forged,
        chain=chain,
    )


def _ask(pipe: Connection, word: str) -> Seen:
    pipe.send(word)
    answer: Any = pipe.recv()
    assert isinstance(answer, Seen)
    return answer


def _kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _left(folder: Path) -> int:
    """How many proposals are not decided. The database is closed again: a fork must not inherit a connection."""
    database = open_database(Settings(data_dir=folder))
    with database.read() as session:
        is_open = select(func.count()).select_from(ProposalRow).where(ProposalRow.state == ProposalState.open)
        found = session.scalars(is_open).one()
    database.close()
    return found


def _settle(folder: Path) -> None:
    """Waits until nothing is on its way, and replays dead letters as an operator would."""
    database = open_database(Settings(data_dir=folder))
    end = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end:
        with database.read() as session:
            stuck = outbox.listed(session, [DeliveryState.waiting, DeliveryState.dead], limit=100_000)
        if not stuck:
            break
        for row, delivery in stuck:
            if delivery is not None and delivery.state == DeliveryState.dead:
                outbox.replay(database, row.id, who="operator")
        time.sleep(0.1)
    database.close()


@app.command()
def main(
    faults: Annotated[int, typer.Option(min=1)] = 1000,
    decisions: Annotated[int, typer.Option(min=1)] = 1000,
    records: Annotated[int, typer.Option(min=1)] = 40,
    seed: Annotated[int, typer.Option(help="The same seed, the same proposals, kills and faults.")] = 1,
) -> None:
    began = time.monotonic()
    found = run(faults, decisions, records, seed)
    seconds = time.monotonic() - began
    total = found.kills + sum(found.faults.values())
    typer.echo(f"seed {seed}: {total} faults in {seconds:.0f} s: {found.kills} kills, receiver {found.faults}")
    typer.echo(f"decisions {found.decisions}, accepted {found.requests}, of them repeated {found.repeated}")
    typer.echo(
        f"lost {found.lost}, invented {found.invented}, other bytes under one id {found.changed}, "
        f"records out of order {found.out_of_order}, bad signatures {found.forged}"
    )
    typer.echo(f"chain {'whole' if not found.chain else found.chain}")
    if not found.ok:
        sys.exit(1)


if __name__ == "__main__":
    app()
