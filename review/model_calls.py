"""Every call of a language model as a row: budgets, rate, breaker and kill switch that all workers share.

A call's row is written before it is made, with what it may cost at most, so that two workers never spend the same rest of
a budget; afterwards the row says what it did cost and what came back. Each outcome is an entry of the log, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session, undefer

from agent.llm.failures import ModelFailure
from agent.llm.ledger import ModelCall, Spent, check_breaker, check_budget, check_rate, day_start
from agent.llm.limits import Limits
from review import log
from review.database import Database
from review.schema import ModelCallRow, ModelSwitchRow

PROBES_SEEN = 20


class DatabaseLedger:
    """The ledger of the service."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, call: ModelCall, limits: Limits) -> None:
        with self._database.write() as session:
            if session.get_bind().dialect.name == "postgresql":
                # SQLite has one writer; here a lock keeps two workers from spending the same rest of a budget.
                session.execute(text("SELECT pg_advisory_xact_lock(hashtext('triage.models'))"))
            if (switched := switch(session)) is not None and switched.off:
                raise ModelFailure(f"Models are switched off ({switched.reason or 'no reason given'}).", "off")
            waits = session.scalar(select(func.max(ModelCallRow.not_before)).where(ModelCallRow.model == call.model))
            if waits is not None and waits > call.at:
                said = "The model's endpoint asked to wait."
                raise ModelFailure(said, "busy", passing=True, retry_after=waits - call.at)
            newest = session.scalars(
                select(ModelCallRow)
                .where(ModelCallRow.model == call.model)
                .order_by(ModelCallRow.at.desc())
                .limit(limits.breaker_failures + PROBES_SEEN)
            )
            check_breaker([_call(row) for row in newest], call.at, limits)
            check_budget(spent_today(session, call.tenant, call.at), call, limits)
            last_minute = select(ModelCallRow.at).where(ModelCallRow.at > call.at - 60)
            check_rate(session.scalars(last_minute), call.at, limits)
            session.add(ModelCallRow(**vars(call)))

    def close(self, call: ModelCall) -> None:
        with self._database.write() as session:
            outcome = {name: value for name, value in vars(call).items() if name != "id"}
            session.execute(update(ModelCallRow).where(ModelCallRow.id == call.id).values(**outcome))
            content = {name: value for name, value in outcome.items() if name not in ("response", "message_id", "at")}
            answer = call.response and log.sha256(log.canonical(call.response))
            log.append(session, "model.called", call.message_id, {"call": call.id, **content, "response_hash": answer})


def spent_today(session: Session, tenant: str, now: float) -> Spent:
    """What a tenant has spent since the UTC day began, with what is under way."""
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(ModelCallRow.tokens_in + ModelCallRow.tokens_out), 0),
            func.coalesce(func.sum(ModelCallRow.cost), 0.0),
        ).where(ModelCallRow.tenant == tenant, ModelCallRow.at >= day_start(now))
    ).one()
    return Spent(*row)


def calls_for(session: Session, message_id: str) -> list[ModelCall]:
    """The calls that a message led to, oldest first, with what came back."""
    found = select(ModelCallRow).where(ModelCallRow.message_id == message_id).order_by(ModelCallRow.at)
    return [_call(row) for row in session.scalars(found.options(undefer(ModelCallRow.response)))]


def switch(session: Session) -> ModelSwitchRow | None:
    """The kill switch; None while nobody has touched it."""
    return session.get(ModelSwitchRow, 1)


def set_switch(database: Database, *, off: bool, by: str, reason: str = "") -> None:
    """Turns models off or on for every worker, from the next call on."""
    with database.write() as session:
        row = switch(session) or ModelSwitchRow(id=1)
        row.off, row.changed_by, row.reason, row.changed_at = off, by, reason, datetime.now(UTC)
        session.add(row)
        log.append(session, "models.off" if off else "models.on", "models", {"by": by, "reason": reason})


def notice(database: Database) -> str | None:
    """What the pages say while models are off."""
    with database.read() as session:
        row = switch(session)
    if row is None or not row.off:
        return None
    why = f" ({row.reason})" if row.reason else ""
    return f"Language models are switched off{why}; messages are read without them."


def _call(row: ModelCallRow) -> ModelCall:
    fields: dict[str, Any] = {name: getattr(row, name) for name in ModelCall.__dataclass_fields__ if name != "response"}
    loaded = vars(row).get("response")
    return ModelCall(**fields, response=loaded)
