"""Whether the service can do its work: a list of named checks, each of which looks at one thing that the work needs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import text

from review.database import Database
from review.mirror import synced_at

logger = logging.getLogger(__name__)


class Status(StrEnum):
    """degraded: the service works, but not on the newest of what it should know. failing: it cannot work."""

    ok = "ok"
    degraded = "degraded"
    failing = "failing"


@dataclass(frozen=True)
class Finding:
    """What a check saw. `detail` is for anybody to read, so it names no content; `age_seconds` is of what was looked at."""

    status: Status
    detail: str = ""
    age_seconds: float | None = None


Check = Callable[[], Finding]


def look(checks: dict[str, Check]) -> tuple[Status, dict[str, Finding]]:
    """Runs every check. One that raises is failing; the service is as well as the worst of them."""
    found = {name: _found(name, check) for name, check in checks.items()}
    order = list(Status)
    return max((finding.status for finding in found.values()), key=order.index, default=Status.ok), found


def _found(name: str, check: Check) -> Finding:
    try:
        return check()
    except Exception:
        logger.warning("The check of the %s failed.", name, exc_info=True)
        return Finding(Status.failing, "It cannot be looked at. The service's own log says why.")


def database_check(database: Database) -> Finding:
    """Whether the database answers."""
    with database.read() as session:
        session.execute(text("SELECT 1"))
    return Finding(Status.ok)


def mirror_check(database: Database, stale_after: timedelta) -> Finding:
    """How old the mirror of Odoo is. An old one degrades: the desk goes on, with every proposal to be checked."""
    as_of = synced_at(database)
    if as_of is None:
        return Finding(Status.failing, "Odoo's records have not been read in whole yet.")
    age = datetime.now(UTC) - as_of
    if age > stale_after:
        said = f"Odoo has not been followed for {age.total_seconds() / 60:.0f} min: see `triage odoo check`."
        return Finding(Status.degraded, said, age.total_seconds())
    return Finding(Status.ok, age_seconds=age.total_seconds())
