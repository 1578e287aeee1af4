"""Approving many at once: inside one class (intent) and one band of confidence, each item on its own.

Each is approved by the same function as one alone, with the version that was seen, and has its own result: one that moved
on, or that somebody has, does not keep the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from review.bands import band
from review.database import Database
from review.decision_rows import UNDO_WINDOW, find_row
from review.decisions import approve
from review.people import Person
from review.queue import View, view_of
from review.refusals import DecisionError
from review.schema import DecisionKind, ProposalState
from tools.records import RecordReader


class Seen(BaseModel):
    """An item as it stood in the list."""

    id: str
    version: int


class Outcome(BaseModel):
    """What became of one item. `status` and `detail` say why it was refused, as for one alone; of an approval `detail`
    says where others have to follow, and `version` is what undoing it names."""

    id: str
    approved: bool
    status: int
    detail: str | None = None
    version: int | None = None


class AnotherClass(DecisionError):
    """The item is not of the class and band that are approved together, or not in the ready view."""

    status = 422


def approve_all(
    database: Database,
    items: Sequence[Seen],
    *,
    intent: str,
    band_key: str,
    who: Person,
    records: RecordReader | None = None,
    undo: timedelta = UNDO_WINDOW,
) -> list[Outcome]:
    """Approves the items of the ready view that are of this class and band; a result for each, in their order."""
    outcomes = []
    for item in items:
        try:
            _check_class(database, item, intent, band_key)
            done = approve(database, item.id, version=item.version, who=who, records=records, undo=undo)
            more = done.kind == DecisionKind.endorse
            detail = "Somebody else has to approve it too." if more else None
            outcomes.append(Outcome(id=item.id, approved=True, status=200, detail=detail, version=done.version + more))
        except DecisionError as error:
            outcomes.append(Outcome(id=item.id, approved=False, status=error.status, detail=str(error)))
    return outcomes


def _check_class(database: Database, item: Seen, intent: str, band_key: str) -> None:
    with database.read() as session:
        row = find_row(session, item.id)
        if row.state != ProposalState.open or row.version != item.version:
            return  # refused, or known as a repetition, further on
        if row.intent != intent or band(row.confidence).key != band_key or view_of(row) is not View.ready:
            raise AnotherClass("This is of another kind than the others: decide on it by itself.")
