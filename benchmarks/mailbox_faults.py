"""Mail taken in while everything around it breaks, and how fast it is otherwise, beside bare imaplib2 in the same run.

    uv run python -m benchmarks.mailbox_faults faults [--faults 200] [--messages 2000] [--seed 1]
    uv run python -m benchmarks.mailbox_faults push   [--messages 200] [--seed 1]
    uv run python -m benchmarks.mailbox_faults load   [--messages 5000] [--seed 1]

A real Dovecot, a proxy that cuts connections, and the product's loops in a process of their own, which is killed with
SIGKILL. Needs Dovecot (Debian: `apt-get install dovecot-imapd`). Compare ratios between machines, not seconds.
"""

from __future__ import annotations

import hashlib
import imaplib
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from base64 import encodebytes
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from tests.mail_server import Dovecot, Proxy

app = typer.Typer(help=__doc__, rich_markup_mode=None)

ACCOUNT = """\
mailboxes:
  orders:
    host: 127.0.0.1
    port: {port}
    security: none
    user: ann
    password_env: MAIL_PASSWORD
    poll_seconds: {poll}
    timeout_seconds: 5
"""
SETTLE_SECONDS = 120.0

Seed = Annotated[int, typer.Option(help="The same seed, the same messages and faults.")]


def message(rnd: random.Random, number: int, kilobytes: float = 4.0) -> bytes:
    """A mail with an attachment-like body; each is different, a few are large."""
    if rnd.random() < 0.01:
        kilobytes = 300.0
    body = encodebytes(rnd.randbytes(int(kilobytes * 730))).replace(b"\n", b"\r\n")
    head = f"From: a@supplier.example\r\nTo: b@us.example\r\nSubject: Mail {number}\r\nMessage-ID: <{number}@bench>\r\n"
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + body


class Desk:
    """The data folder of the product's process, read from outside."""

    def __init__(self, folder: Path, port: int, poll: float) -> None:
        self.folder = folder
        self.mailboxes = folder / "mailboxes.yaml"
        self.mailboxes.write_text(ACCOUNT.format(port=port, poll=poll))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "benchmarks.mailbox_faults", "take-in", str(self.folder)]
        environment = {**os.environ, "MAIL_PASSWORD": Dovecot.password}
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def ids(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT id FROM messages")]

    def received(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT subject FROM log_entries WHERE kind = 'message.received'")]

    def cursor(self) -> int:
        return max((row[0] for row in self._rows("SELECT uid FROM mailbox_cursors")), default=0)

    def _rows(self, query: str) -> list[tuple[object, ...]] | list[tuple[str, ...]]:
        try:
            database = sqlite3.connect(f"file:{self.folder / 'triage.db'}?mode=ro", uri=True, timeout=30)
            with database:
                found = database.execute(query).fetchall()
            database.close()
            return found
        except sqlite3.OperationalError:
            return []  # not yet there


@contextmanager
def bench(poll: float) -> Iterator[tuple[Dovecot, Proxy, Desk]]:
    server = Dovecot()
    proxy = Proxy(server.port)
    with tempfile.TemporaryDirectory(prefix="mailbox-bench-", ignore_cleanup_errors=True) as folder:
        desk = Desk(Path(folder), proxy.port, poll)
        try:
            yield server, proxy, desk
        finally:
            desk.kill()
            proxy.close()
            server.close()


def in_the_mailbox(server: Dovecot) -> list[str]:
    """The hash of each message that the server holds."""
    found = []
    with server.client() as client:
        client.select("INBOX", readonly=True)
        _, answers = client.fetch("1:*", "(BODY.PEEK[])")
        for answer in answers:
            if isinstance(answer, tuple):
                found.append(hashlib.sha256(answer[1]).hexdigest())
    return found


def p(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@app.command("take-in", hidden=True)
def take_in(folder: Path) -> None:
    """The product's loops, as `triage serve` runs them, until the process is killed."""
    from review.database import open_database
    from review.mail_loops import MailLoops
    from review.raw_store import RawStore
    from review.settings import Settings

    settings = Settings(data_dir=folder, mailboxes=folder / "mailboxes.yaml")
    with MailLoops(open_database(settings), RawStore(folder / "raw"), settings.mailbox_accounts()):
        threading.Event().wait()


@app.command()
def faults(
    faults: Annotated[int, typer.Option(min=1)] = 200,
    messages: Annotated[int, typer.Option(min=1)] = 2000,
    seed: Seed = 1,
) -> None:
    """Kill our process, restart the server and cut connections at random while mail arrives; then count."""
    rnd = random.Random(seed)
    mails = [message(rnd, n) for n in range(messages)]
    serving = threading.Lock()  # the sender does not send to a server that is being restarted
    done = Counter[str]()
    with bench(poll=5) as (server, proxy, desk):
        began = time.monotonic()
        desk.start()

        def arrive() -> None:
            # Spread over the faults: the next message waits until its share of them has happened.
            for number, mail in enumerate(mails):
                while sum(done.values()) / faults < number / messages:
                    time.sleep(0.005)
                while True:
                    with serving, suppress(OSError, imaplib.IMAP4.error):
                        server.deliver(mail)
                        break
                    time.sleep(0.05)

        sender = threading.Thread(target=arrive, daemon=True)
        sender.start()
        for _ in range(faults):
            time.sleep(rnd.expovariate(1 / 0.6))
            kind = rnd.choices(["kill", "restart", "cut", "cut in a message"], [4, 2, 2, 2])[0]
            if kind == "kill":
                desk.kill()
                desk.start()
                time.sleep(rnd.uniform(0.0, 2.5))  # the next fault may hit it while it starts, loads or waits
            elif kind == "restart":
                with serving:
                    server.stop()
                    time.sleep(rnd.uniform(0.0, 0.3))
                    server.start()
            elif kind == "cut":
                proxy.cut()
            else:
                proxy.cut_after = rnd.randrange(500, 60_000)
                time.sleep(rnd.uniform(0.2, 1.5))
                proxy.cut_after = None
            done[kind] += 1
        sender.join(timeout=300)
        there = in_the_mailbox(server)
        end = time.monotonic() + SETTLE_SECONDS
        while len(desk.ids()) < len(set(there)) and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(1.0)
        report(desk, there, dict(done), time.monotonic() - began, seed, messages)


def report(desk: Desk, there: list[str], done: dict[str, int], seconds: float, seed: int, sent: int) -> None:
    ids, received = desk.ids(), desk.received()
    lost = set(there) - set(ids)
    strange = set(ids) - set(there)
    doubled = [i for i, times in Counter(received).items() if times > 1]
    raw = desk.folder / "raw"
    unreadable = [i for i in ids if hashlib.sha256((raw / i[:2] / i).read_bytes()).hexdigest() != i]
    typer.echo(f"seed {seed}: {sum(done.values())} faults in {seconds:.0f} s: {done}")
    typer.echo(f"sent {sent}, in the mailbox {len(there)} ({len(set(there))} different)")
    typer.echo(f"rows {len(ids)}, entries of receipt {len(received)}, cursor at UID {desk.cursor()}")
    typer.echo(f"lost {len(lost)}, doubled {len(doubled)}, never sent {len(strange)}, damaged {len(unreadable)}")
    if lost or doubled or strange or unreadable or len(ids) != len(received) or len(set(there)) != sent:
        raise typer.Exit(1)


@app.command()
def push(messages: Annotated[int, typer.Option(min=1)] = 200, seed: Seed = 1) -> None:
    """From the server's push (EXISTS, seen on the wire) to the committed row, in milliseconds."""
    rnd = random.Random(seed)
    pushed: list[float] = []
    with bench(poll=600) as (server, proxy, desk):
        server.deliver(message(rnd, 0))
        desk.start()
        while len(desk.ids()) < 1:
            time.sleep(0.01)
        time.sleep(2.0)
        told = re.compile(rb"\* (\d+) EXISTS")

        def heard(piece: bytes) -> None:
            if not pushed and told.search(piece):
                pushed.append(time.perf_counter())

        proxy.heard = heard
        from_push, from_delivery = [], []
        for number in range(1, messages + 1):
            time.sleep(rnd.uniform(0.0, 0.3))
            pushed.clear()
            server.deliver(message(rnd, number))
            delivered = time.perf_counter()
            while len(desk.ids()) < number + 1:
                time.sleep(0.002)
            now = time.perf_counter()
            from_push.append(now - pushed[0])
            from_delivery.append(now - delivered)
        for name, values in (("push → durable row", from_push), ("delivered → durable row", from_delivery)):
            figures = ", ".join(f"p{int(s * 100)} {1000 * p(values, s):.0f} ms" for s in (0.5, 0.95, 0.99))
            typer.echo(f"{name}: {figures}, most {1000 * max(values):.0f} ms ({messages} messages, seed {seed})")
        if p(from_push, 0.95) > 1.0:
            raise typer.Exit(1)


@app.command()
def load(messages: Annotated[int, typer.Option(min=1)] = 5000, seed: Seed = 1) -> None:
    """The first load of a full mailbox, durable, beside loops that only FETCH the same bodies and drop them."""
    from review.database import open_database
    from review.imap_loop import ImapLoop
    from review.mail_rows import SourceRows
    from review.raw_store import RawStore
    from review.settings import Settings
    from tools.mailbox.imap import connect

    warnings.simplefilter("ignore")
    import imaplib2

    rnd = random.Random(seed)
    os.environ["MAIL_PASSWORD"] = Dovecot.password
    with bench(poll=600) as (server, _, desk):
        desk.mailboxes.write_text(ACCOUNT.format(port=server.port, poll=600))
        server.deliver(*[message(rnd, n) for n in range(messages)])
        with server.client() as client:
            client.create("Large")
        server.deliver(b"Subject: large\r\n\r\n" + encodebytes(rnd.randbytes(22_000_000)), folder="Large")
        settings = Settings(data_dir=desk.folder, mailboxes=desk.mailboxes)
        account = settings.mailbox_accounts()["orders"]
        database, store = open_database(settings), RawStore(desk.folder / "raw")

        def ours(folder: str) -> float:
            loop = ImapLoop(SourceRows(database, store, "orders", folder), account, folder, None)
            with connect(account, None) as session:
                began = time.perf_counter()
                loop.look(session)
                return time.perf_counter() - began

        peers = (("imaplib2, 100 at once", imaplib2, 100), ("imaplib2, one by one", imaplib2, 1))
        rates = {}
        for name, library, batch in (*peers, ("imaplib, 100 at once", imaplib, 100)):
            rates[name] = messages / bare(library, server.port, "INBOX", messages, batch)
            seconds = bare(library, server.port, "Large", 1, 1)
            typer.echo(f"bare {name}: {rates[name]:,.0f} messages/s; one of 30 MB in {seconds:.2f} s")
        rate = messages / ours("INBOX")
        typer.echo(f"first load, durable: {rate:,.0f} messages/s; one of 30 MB in {ours('Large'):.2f} s")
        shares = {name: rate / rates[name] for name, _, _ in peers}
        typer.echo(", ".join(f"{share:.0%} of bare {name}" for name, share in shares.items()) + f" (seed {seed})")
        if len(desk.ids()) != messages + 1 or min(shares.values()) < 0.6:
            raise typer.Exit(1)


def bare(library: Any, port: int, folder: str, messages: int, batch: int) -> float:
    """Seconds for fetching all bodies of a folder with one of the libraries, and keeping none."""
    client = library.IMAP4("127.0.0.1", port, timeout=60)
    client.login("ann", Dovecot.password)
    client.select(folder, readonly=True)
    began = time.perf_counter()
    for first in range(1, messages + 1, batch):
        client.uid("FETCH", f"{first}:{min(first + batch - 1, messages)}", "(UID BODY.PEEK[])")
    seconds = time.perf_counter() - began
    client.logout()
    return seconds


if __name__ == "__main__":
    app()
