"""Views that a person keeps: a view with its filters under a name, for oneself or for all."""

from __future__ import annotations

import secrets

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from review.database import Database
from review.people import Person
from review.queue import Filters, View
from review.refusals import DecisionError
from review.schema import SavedView

MOST = 100


class TooManyViews(DecisionError):
    status = 409


def save(database: Database, *, who: Person, name: str, view: View, filters: Filters, shared: bool) -> SavedView:
    """Keeps a view; one of the same name of the same person is replaced. Raises TooManyViews."""
    with database.write() as session:
        mine = session.scalars(select(SavedView).where(SavedView.owner == who.name)).all()
        row = next((each for each in mine if each.name == name), None)
        if row is None:
            if len(mine) >= MOST:
                raise TooManyViews(f"{MOST} views are as many as are kept. Remove one first.")
            row = SavedView(id=secrets.token_hex(6), owner=who.name, name=name)
            session.add(row)
        row.view, row.filters, row.shared = view, filters.model_dump(exclude_defaults=True), shared
        return row


def remove(database: Database, view_id: str, *, who: Person) -> None:
    """Removes a view of one's own; another's stays."""
    with database.write() as session:
        row = session.get(SavedView, view_id)
        if row is not None and row.owner == who.name:
            session.delete(row)


def saved(session: Session, who: Person) -> list[SavedView]:
    """One's own views and those that others share, by name."""
    seen = or_(SavedView.owner == who.name, SavedView.shared)
    return list(session.scalars(select(SavedView).where(seen).order_by(SavedView.name, SavedView.id)))
