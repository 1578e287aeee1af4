"""Serving the desk from one process, and the demo that fills it with a company's messages."""

from __future__ import annotations

import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress
from rich.text import Text

from agent.triage import TriageEngine, build_engine
from api.app import create_app
from api.briefing.mail import send_due
from api.options import proved_reader
from api.sign_in import DEMO_PEOPLE, add_demo_people, sign_in_link
from api.syncing import sync_shown
from evals.labelled import Case, LabelledSet, load_labelled
from review import alert_checks
from review.alerts import Alerts
from review.briefing.mails import mail_check
from review.checkpoints import Checkpoints
from review.database import Database, open_database
from review.delivery_loop import DeliveryLoops
from review.erasure import erase_old
from review.escalation import escalate
from review.intake import Engine, receive, triage_message
from review.mail_loops import MailLoops
from review.mirror import MirrorReader, mirror_version, synced_at
from review.mirror_loop import MirrorLoop
from review.model_calls import DatabaseLedger
from review.model_settings import ModelSettings
from review.odoo_portal import OdooPortalLoop
from review.past_cases import DecidedCases
from review.people import anybody
from review.policy_file import PolicyFile
from review.raw_store import RawStore
from review.readiness import Check
from review.receipt_loop import ReceiptLoop
from review.renewed_engine import Follower, RenewedEngine
from review.service import TriageLoop
from review.settings import Settings
from review.settings_log import note_prompts, note_settings
from review.targets import Endpoints
from review.watch import Watch
from tools.embedding import Embedder
from tools.mailbox.accounts import Accounts
from tools.odoo.account import ProvedReader, WritingAccount
from tools.odoo.connect import connect
from tools.odoo.errors import OdooError
from tools.records import RecordReader
from tools.snapshot import SnapshotReader

CHECKPOINT_EVERY = timedelta(hours=1)
FIRST_SECONDS = 15.0
FIRST_MESSAGES = 6
DEMO_SUITE = Path(__file__).parents[1] / "evals" / "suites" / "demo"


def run(app: FastAPI, listener: socket.socket) -> None:
    """Serves until Ctrl-C or SIGTERM."""
    config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    app.state.stopping = lambda: server.should_exit
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def serve(settings: Settings, listener: socket.socket, snapshot: RecordReader | None, console: Console) -> None:
    """Serves the desk, takes mail in and triages what is received, in one process: over the snapshot, or over a mirror
    of the live Odoo that the settings name."""
    accounts, endpoints = settings.mailbox_accounts(), settings.endpoints()
    database = open_database(settings)
    store = RawStore(settings.raw_dir)
    odoo: RecordReader | None = None
    if snapshot is not None:
        with console.status("Loading the engine …"):
            local = build_engine(snapshot, index_dir=settings.index_dir)
            engine: Engine = ModelSettings.load().engine_over(local, DatabaseLedger(database), DecidedCases(database))
        follow: AbstractContextManager[object] = nullcontext()
        app = create_app(settings, database=database, records=snapshot)
    else:
        odoo = live = proved(settings, console)
        engine, follow = mirrored_engine(settings, database, live, console)
        app = create_app(settings, database=database, records=live, mirrored=True, notice=lambda: live.notice)
    loop = TriageLoop(database, store, engine, authserv_id=settings.authserv_id)
    note_settings(database, settings)
    settings.check_mail()
    note_prompts(database)
    duties = regular_duties(settings, database, store, endpoints, app.state.checks)
    mails = [partial(send_due, database, settings)] if settings.briefing_readers else []
    deliveries = DeliveryLoops(database, endpoints.targets)
    receipts = ReceiptLoop(database, odoo, timedelta(hours=settings.receipt_hours))
    with (
        follow,
        loop as triage,
        mail_loops(settings, accounts, database, store, triage.wake),
        deliveries,
        receipts,
        Watch(duties),
        Watch(mails, every=20.0),
    ):
        if accounts:
            console.print(f"Mail is taken in from {', '.join(accounts)}.", highlight=False)
        if endpoints.targets:
            console.print(f"Approved decisions go to {', '.join(endpoints.targets)}.", highlight=False)
        console.print(f"The desk is at {settings.public_url} (Ctrl-C stops it).", highlight=False)
        if not anybody(database):
            console.print("Nobody can sign in yet: `triage sign-in NAME` prints a link.", highlight=False)
        run(app, listener)


def regular_duties(
    settings: Settings, database: Database, store: RawStore, endpoints: Endpoints, checks: dict[str, Check]
) -> list[Callable[[], object]]:
    """What is done every few seconds: the policy's file followed, escalations, checkpoints, erasures, alerts.

    Raises OperatorFileError for a policy that cannot be used."""
    model = ModelSettings.load()
    checks = {
        **checks,
        "briefing": partial(mail_check, database),
        "dead letters": partial(alert_checks.dead_letters, database),
        "endpoints": partial(alert_checks.endpoints, database, endpoints.targets),
        "log": alert_checks.LogCheck(database),
        "queue": partial(alert_checks.overdue, database, timedelta(hours=settings.overdue_hours)),
    }
    if accounts := settings.mailbox_accounts():
        patience = timedelta(hours=settings.mailbox_silent_hours)
        checks["silence"] = partial(alert_checks.silence, database, accounts, patience)
    if model.base_url is not None:
        checks["model spend"] = partial(alert_checks.model_spend, database, model.tenant, model.endpoint().limits)
    duties: list[Callable[[], object]] = [
        partial(escalate, database),
        partial(Checkpoints(settings.data_dir).make_due, database, CHECKPOINT_EVERY),
    ]
    if settings.retention_days is not None:
        duties.append(partial(erase_old, database, store, timedelta(days=settings.retention_days)))
    if settings.policy is not None:
        policy = PolicyFile(database, settings.policy)
        policy.start()
        duties.insert(0, policy.look)
        checks["policy"] = partial(alert_checks.policy_file, policy)
    return [*duties, Alerts(database, checks, endpoints.alerts).look]


def proved(settings: Settings, console: Console) -> ProvedReader:
    """The live Odoo, once its account is known to only read. While Odoo is away nothing is known: it is asked again
    before the first row is read.

    Raises RecordsError for an account that can write, unless the settings allow one."""
    live = proved_reader(settings)
    try:
        with console.status("Checking the Odoo account …"):
            live.prove()
    except WritingAccount:
        raise
    except OdooError as error:  # the mirror serves meanwhile
        console.print(f"Odoo cannot be read for now. {error}", highlight=False)
    return live


def mail_loops(
    settings: Settings, accounts: Accounts, database: Database, store: RawStore, on_mail: Callable[[], None]
) -> MailLoops:
    """What takes messages in: from the mailboxes, and from Odoo's portal where an account for it is set."""
    loops = MailLoops(database, store, accounts, on_mail)
    if settings.odoo_portal is not None:
        reader, every = connect(settings.odoo_portal), settings.odoo_sync_seconds
        loops.loops.append(OdooPortalLoop(database, store, reader, every, on_mail))
    return loops


def mirrored_engine(
    settings: Settings, database: Database, live: RecordReader, console: Console
) -> tuple[Engine, AbstractContextManager[object]]:
    """An engine over the mirror, which is filled first if it is not yet complete, and what follows Odoo while it runs.

    Raises RecordsError when Odoo cannot be read and there is no mirror yet."""
    if synced_at(database) is None:
        console.print("Odoo's records are read for the first time.", highlight=False)
        sync_shown(settings, database, live, console)
    with console.status("Loading the engine …"):
        folder = settings.index_dir
        folder.mkdir(parents=True, exist_ok=True)
        embedder = Embedder(folder / "embeddings.sqlite")

        models, ledger = ModelSettings.load(), DatabaseLedger(database)

        def build(mirror: RecordReader, index_dir: Path) -> Follower:
            local = build_engine(mirror, index_dir=index_dir, embedder=embedder, live=live)
            return models.engine_over(local, ledger, DecidedCases(database))

        version = mirror_version(database)
        engine = RenewedEngine(lambda: MirrorReader(database), build, folder)
    every = timedelta(minutes=settings.odoo_reconcile_minutes)
    loop = MirrorLoop(
        database, live, engine.renew, renewed=version, every=settings.odoo_sync_seconds, reconcile_every=every
    )
    return engine, loop


def serve_demo(
    settings: Settings,
    listener: socket.socket,
    console: Console,
    *,
    arrive_every: float,
    browser: bool,
    build: Callable[[RecordReader], TriageEngine] = build_engine,
) -> None:
    """Loads the demo company, triages up to half of its messages, then serves; the others arrive one by one.

    On a slow machine the link comes after `FIRST_SECONDS`, once `FIRST_MESSAGES` are there."""
    labelled = load_labelled(DEMO_SUITE, labels=False)
    reader = SnapshotReader(DEMO_SUITE / "records.json")
    database = open_database(settings)
    store = RawStore(settings.raw_dir)
    add_demo_people(database)
    with console.status("Loading the engine …"):
        engine = build(reader)
    here = 0
    ready_by = time.monotonic() + FIRST_SECONDS
    with Progress(console=console, transient=True) as bar:
        for case in bar.track(labelled.cases[: len(labelled.cases) // 2], description="Reading messages"):
            take(database, store, labelled, case, engine)
            here += 1
            if here >= FIRST_MESSAGES and time.monotonic() > ready_by:
                break
    app = create_app(settings, database=database, records=reader)
    link = sign_in_link(database, settings, next(iter(DEMO_PEOPLE)))
    show_link(console, link, here, len(labelled.cases) - here)
    stop = threading.Event()
    with TriageLoop(database, store, engine) as triage:
        arrivals = threading.Thread(
            target=arrive,
            args=(database, store, labelled, labelled.cases[here:], arrive_every, stop, triage.wake),
            daemon=True,
        )
        arrivals.start()
        if browser:
            threading.Timer(0.5, webbrowser.open, [link]).start()
        run(app, listener)
        stop.set()
        arrivals.join(timeout=10)
    database.close()


def take(database: Database, store: RawStore, labelled: LabelledSet, case: Case, engine: TriageEngine) -> None:
    """Receives and triages one message of the suite."""
    triage_message(database, store, receive_case(database, store, labelled, case), engine)


def receive_case(database: Database, store: RawStore, labelled: LabelledSet, case: Case) -> str:
    return receive(database, store, labelled.raw(case), case.channel, case.received_at)


def arrive(
    database: Database,
    store: RawStore,
    labelled: LabelledSet,
    cases: list[Case],
    seconds: float,
    stop: threading.Event,
    on_mail: Callable[[], None],
) -> None:
    """One message every so many seconds, until all are there or `stop` is set."""
    for case in cases:
        if stop.wait(seconds):
            return
        receive_case(database, store, labelled, case)
        on_mail()


def show_link(console: Console, link: str, here: int, coming: int) -> None:
    text = Text.assemble(
        f"{here} messages wait on the desk, {coming} more arrive while you look.\n",
        "Open this link to sign in (it works once):\n\n",
        (link, "bold underline"),
        "\n\nCtrl-C ends the demo; nothing of it stays.",
    )
    if console.is_terminal:
        console.print(Panel(text, title="Exception Desk", expand=False))
    else:
        console.print(f"{here} messages wait on the desk, {coming} more arrive.", highlight=False)
        console.print(link, soft_wrap=True, highlight=False)
