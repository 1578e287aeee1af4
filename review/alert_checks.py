"""What raises alerts beside readiness: dead letters, endpoints that fail, a broken log, old items, spend, a bad policy."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from review import log, outbox
from review.database import Database
from review.policy_file import PolicyFile
from review.readiness import Finding, Status
from review.schema import DeliveryRow, DeliveryState, MailboxMessage, MessageRow, ProposalRow, ProposalState
from review.targets import Target

if TYPE_CHECKING:
    from agent.llm.limits import Limits

NEWEST_ENTRIES = 500  # of the log, looked at each time; the whole of it once in `WHOLE_LOG_EVERY`
WHOLE_LOG_EVERY = timedelta(days=1)
MOST_SPENT = 0.9  # of a day's budget
# What raises each alert, for the page. Those of readiness are watched too.
MEANING = {
    "dead letters": "An approved decision did not get through to a target.",
    "endpoints": "A target's endpoint has failed several times in a row.",
    "log": "The chain of the log is broken.",
    "queue": "Items are past their deadline for too long.",
    "odoo": "The records and the index over them are older than they may be.",
    "mailboxes": "A folder fails, or no look at it was noted for too long.",
    "silence": "A mailbox that messages used to come from has brought none for too long.",
    "model spend": "Most of a day's budget of the language model is spent.",
    "policy": "The policy's file cannot be used; the policy before it stays in force.",
    "briefing": "The briefing could not be sent to its readers.",
    "database": "The database does not answer.",
}


def dead_letters(database: Database) -> Finding:
    dead = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state == DeliveryState.dead)
    with database.read() as session:
        found = session.scalars(dead).one()
    if not found:
        return Finding(Status.ok)
    what = "1 approved decision" if found == 1 else f"{found} approved decisions"
    return Finding(Status.degraded, f"{what} did not get through: the page Outcomes says why.")


def endpoints(database: Database, targets: Mapping[str, Target]) -> Finding:
    """Endpoints that failed as often in a row as their target's `alert_after`."""
    for row in outbox.health(database):
        target = targets.get(row.name)
        if target is not None and row.failures >= target.alert_after:
            since = f"{row.failing_since:%Y-%m-%d %H:%M} UTC" if row.failing_since else "a while"
            said = f"The endpoint {row.name} has failed {row.failures} times since {since}. {row.problem or ''}"
            return Finding(Status.degraded, said.strip())
    return Finding(Status.ok)


def overdue(database: Database, patience: timedelta) -> Finding:
    """Open proposals that are past their deadline by more than `patience`."""
    late = (
        select(func.count(), func.min(ProposalRow.due_at))
        .select_from(ProposalRow)
        .where(ProposalRow.state == ProposalState.open, ProposalRow.due_at < datetime.now(UTC) - patience)
    )
    with database.read() as session:
        found, oldest = session.execute(late).one()
    if not found:
        return Finding(Status.ok)
    what = "1 item waits" if found == 1 else f"{found} items wait"
    return Finding(Status.degraded, f"{what} past the deadline, the oldest since {oldest:%Y-%m-%d %H:%M} UTC.")


def silence(database: Database, accounts: Collection[str], patience: timedelta) -> Finding:
    """Mailboxes that are looked at and were alive, and have brought nothing for longer than `patience`: a rule that moves
    mail elsewhere, or a sender's side that broke, looks like this."""
    newest = (
        select(MailboxMessage.account, func.max(MessageRow.stored_at))
        .join(MessageRow, MessageRow.id == MailboxMessage.message_id)
        .where(MailboxMessage.account.in_(accounts))
        .group_by(MailboxMessage.account)
    )
    with database.read() as session:
        quiet = sorted((at, name) for name, at in session.execute(newest) if datetime.now(UTC) - at > patience)
    if not quiet:
        return Finding(Status.ok)
    said = ", ".join(f"{name} (since {at:%Y-%m-%d %H:%M} UTC)" for at, name in quiet)
    return Finding(Status.degraded, f"No message has come in for long: {said}. Does mail still arrive there?")


class LogCheck:
    """Whether the log is whole: its end at each look, all of it now and then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._whole_at: float | None = None
        self._broken: Finding | None = None

    def __call__(self) -> Finding:
        whole = self._whole_at is None or time.monotonic() - self._whole_at > WHOLE_LOG_EVERY.total_seconds()
        with self._database.read() as session:
            result = log.verify(session, self._database.head, newest=None if whole else NEWEST_ENTRIES)
        if whole:
            self._whole_at, self._broken = time.monotonic(), None
        if not result.ok:
            said = f"The log is not whole: {result.problems[0].what} `triage audit verify` names every entry."
            self._broken = Finding(Status.failing, said)
        # What was found broken stays so until the whole log is looked at again, after a repair and a restart.
        return self._broken or Finding(Status.ok)


def model_spend(database: Database, tenant: str, limits: Limits) -> Finding:
    """A day's budget of the language model that is nearly or wholly spent; messages are then read without it."""
    from review.model_calls import spent_today

    with database.read() as session:
        spent = spent_today(session, tenant, time.time())
    budgets = (
        ("calls", spent.calls, limits.day_calls),
        ("tokens", spent.tokens, limits.day_tokens),
        ("cost", spent.cost, limits.day_cost),
    )
    for name, used, most in budgets:
        if most and used >= MOST_SPENT * most:
            return Finding(
                Status.degraded, f"Of today's budget of the language model, {used / most:.0%} is spent ({name})."
            )
    return Finding(Status.ok)


def policy_file(file: PolicyFile) -> Finding:
    if file.problem is None:
        return Finding(Status.ok)
    return Finding(Status.degraded, f"The policy stays as it was: its file cannot be used. {file.problem}")
