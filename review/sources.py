"""How the places are where messages arrive by themselves: each folder of each mailbox, as its thread wrote it down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.database import Database
from review.readiness import Finding, Status
from review.schema import MailboxCursor
from review.settings import Settings
from tools.mailbox.accounts import ImapAccount

# A first load of a large folder is noted when it is done.
PATIENCE = timedelta(minutes=10)


class State(StrEnum):
    """failing: the last look met a problem. silent: no look was noted for far longer than the interval of looks."""

    working = "working"
    failing = "failing"
    silent = "silent"
    new = "new"


NEXT_STEP = {
    State.failing: "It is tried again by itself, after five minutes at most. `triage mailbox check {account}` tries "
    "each step now and says what to do.",
    State.silent: "Is the service running? Its log says what the thread of this folder does; a restart is safe.",
    State.new: "The first look is under way, or the service has not been started since this was connected.",
}


class Source(BaseModel):
    """A folder. `looked_at` is when it was last found well, `problem` what has been wrong since, in a sentence."""

    account: str
    folder: str
    state: State
    looked_at: datetime | None
    problem: str | None
    next_step: str


def sources(session: Session, settings: Settings) -> list[Source]:
    """Every folder that the settings connect, those in trouble first. Raises SettingsError for a file with a mistake."""
    now = datetime.now(UTC)
    rows = {(row.account, row.folder): row for row in session.scalars(select(MailboxCursor))}
    found = [
        _source(place, rows.get(place), timedelta(seconds=every), now) for place, every in _connected(settings).items()
    ]
    return sorted(found, key=lambda source: (source.state is State.working, source.account, source.folder))


def mailbox_check(database: Database, settings: Settings) -> Finding:
    """Mailboxes in trouble degrade: what came in before is worked on, and their mail waits where it is."""
    with database.read() as session:
        found = sources(session, settings)
    troubled = [source for source in found if source.state in (State.failing, State.silent)]
    if not troubled:
        return Finding(Status.ok)
    said = f"{len(troubled)} of {len(found)} folders that messages come from are in trouble: see the page Mailboxes."
    return Finding(Status.degraded, said)


def _connected(settings: Settings) -> dict[tuple[str, str], float]:
    """Account and folder of each, with the seconds between two looks."""
    places: dict[tuple[str, str], float] = {}
    for name, account in settings.mailbox_accounts().items():
        folders = account.folders if isinstance(account, ImapAccount) else [str(account.path)]
        places |= {(name, folder): account.poll_seconds for folder in folders}
    if settings.odoo_portal is not None:
        places[("odoo", "portal")] = settings.odoo_sync_seconds
    return places


def _source(place: tuple[str, str], row: MailboxCursor | None, every: timedelta, now: datetime) -> Source:
    looked_at, problem = (row.looked_at, row.problem) if row else (None, None)
    if problem:
        state = State.failing
    elif looked_at is None:
        state = State.new
    else:
        state = State.silent if now - looked_at > 2 * every + PATIENCE else State.working
    account, folder = place
    step = NEXT_STEP.get(state, "").format(account=account)
    return Source(account=account, folder=folder, state=state, looked_at=looked_at, problem=problem, next_step=step)
