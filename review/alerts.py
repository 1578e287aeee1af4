"""Alerts: what is wrong with the service for longer than a moment, told once when it begins and once when it ends.

Each alert is a check that does not find all well. It stands in a row while it lasts, at the head of every page, in the
log, and goes to the operator's webhook, where one is set, until that has taken it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select

from review import log, readiness
from review.database import Database
from review.outbox import Attempt, Outcome
from review.readiness import Check, Finding, Status
from review.schema import AlertRow
from review.targets import Target
from review.webhook import deliver


class Alerts:
    """`look` runs the checks. `target` is where alerts go beside the page and the log."""

    def __init__(
        self,
        database: Database,
        checks: dict[str, Check],
        target: Target | None = None,
        send: Callable[[Attempt, Target], Outcome] = deliver,
    ) -> None:
        self._database, self._checks, self._target, self._send = database, checks, target, send

    def look(self) -> None:
        """Raises what is wrong and new, ends what is over, and tells what was not told yet."""
        _, found = readiness.look(self._checks)
        with self._database.read() as session:
            standing = {row.name: row for row in session.scalars(select(AlertRow).where(AlertRow.ended_at.is_(None)))}
        wrong = {name: finding for name, finding in found.items() if finding.status is not Status.ok}
        for name in wrong.keys() - standing.keys():
            self._raise(name, wrong[name])
        for name in standing.keys() - wrong.keys():
            self._end(standing[name].id)
        if self._target is not None:
            self._tell(self._target)

    def _raise(self, name: str, finding: Finding) -> None:
        with self._database.write() as session:
            row = AlertRow(id=f"alt_{secrets.token_hex(16)}", name=name, status=finding.status, said=finding.detail)
            row.raised_at = datetime.now(UTC)
            session.add(row)
            log.append(session, "alert.raised", name, {"status": finding.status, "said": finding.detail})

    def _end(self, alert_id: str) -> None:
        with self._database.write() as session:
            row = session.get_one(AlertRow, alert_id)
            row.ended_at = datetime.now(UTC)
            log.append(session, "alert.ended", row.name, {"raised_at": row.raised_at.isoformat()})

    def _tell(self, target: Target) -> None:
        """Until the endpoint takes it: a raised alert, and its end under an id of its own."""
        untold = (AlertRow.raise_told.is_(False)) | (AlertRow.ended_at.is_not(None) & AlertRow.end_told.is_(False))
        with self._database.read() as session:
            rows = list(session.scalars(select(AlertRow).where(untold).order_by(AlertRow.raised_at)))
        for row in rows:
            if not row.raise_told and not self._sent(target, row, "raised", row.raised_at):
                return
            ended = row.ended_at
            told_end = ended is not None and self._sent(target, row, "ended", ended)
            with self._database.write() as session:
                kept = session.get_one(AlertRow, row.id)
                kept.raise_told, kept.end_told = True, told_end

    def _sent(self, target: Target, row: AlertRow, what: str, at: datetime) -> bool:
        event_id = f"{row.id}_{what}"
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": "urn:exception-desk",
            "type": f"exception-desk.alert.{what}",
            "subject": row.name,
            "time": at.isoformat(),
            "datacontenttype": "application/json",
            "data": {"name": row.name, "status": row.status, "said": row.said},
        }
        return self._send(Attempt(event_id, "alerts", json.dumps(event), 1), target).delivered


def standing(database: Database) -> list[AlertRow]:
    """The alerts that last, oldest first."""
    with database.read() as session:
        lasting = select(AlertRow).where(AlertRow.ended_at.is_(None)).order_by(AlertRow.raised_at)
        return list(session.scalars(lasting))


def newest(database: Database, limit: int = 100) -> list[AlertRow]:
    """Alerts with those that ended, newest first; those that last are all there."""
    with database.read() as session:
        lasting_first = select(AlertRow).order_by(AlertRow.ended_at.is_not(None), AlertRow.raised_at.desc())
        return list(session.scalars(lasting_first.limit(limit)))


def sentence(database: Database) -> str | None:
    """What every page says of the alerts that last, or None."""
    return " ".join(row.said for row in standing(database)) or None
