"""Putting an item off until a moment. A newer message of its conversation brings it back at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from review import log
from review.database import Database
from review.decision_rows import change, find_row
from review.people import Person
from review.refusals import DecisionError

LONGEST = timedelta(days=90)


class InvalidSnooze(DecisionError):
    """A moment that has passed, or that is too far away."""

    status = 422


def snooze(database: Database, proposal_id: str, *, version: int, who: Person, until: datetime) -> None:
    """Takes an open proposal out of the views until then. Raises InvalidSnooze, StaleDecision or Claimed."""
    now = datetime.now(UTC)
    if not now < until <= now + LONGEST:
        raise InvalidSnooze(f"Choose a moment from now on, at most {LONGEST.days} days ahead.")
    with database.write() as session:
        row = find_row(session, proposal_id)
        change(session, row, version, who)
        row.snoozed_until = until
        log.append(session, "proposal.snoozed", proposal_id, {"who": who.name, "until": until.isoformat()})


def wake(database: Database, proposal_id: str, *, who: Person) -> None:
    """Brings a snoozed proposal back now."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        if row.snoozed_until is not None:
            row.snoozed_until = None
            log.append(session, "proposal.woken", proposal_id, {"who": who.name})
