"""Reading the mirror: Odoo's rows as they were last read, from tables of our own, so that matching needs no server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from review.database import Database
from review.schema import MirrorModel, MirrorRow
from tools.records import Domain, Row
from tools.rows import RowReader, comodel, is_to_many

IDS_A_QUERY = 10_000


class MirrorReader:
    """A `RecordReader` over the mirror. `version` stays that of the moment at which the reader was opened, so that what
    is built over it stays in use until something newer has been built."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = mirror_version(database)

    def search_read(
        self,
        model: str,
        domain: Domain = (),
        fields: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        with self._database.read() as session:
            rows = RowReader(_Tables(session, model, domain))
            return rows.search_read(model, domain, fields, limit=limit, order=order)

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        held: dict[int, Row] = {}
        with self._database.read() as session:
            for start in range(0, len(ids), IDS_A_QUERY):
                held |= _rows(session, model, [MirrorRow.id.in_(ids[start : start + IDS_A_QUERY])])
        return RowReader({model: held}).read(model, ids, fields)

    def search_count(self, model: str, domain: Domain = ()) -> int:
        with self._database.read() as session:
            return RowReader(_Tables(session, model, domain)).search_count(model, domain)

    def version(self) -> str:
        return self._version

    def as_of(self) -> datetime | None:
        return synced_at(self._database)


def mirror_version(database: Database) -> str:
    """A text that changes whenever a mirrored row comes, changes or goes."""
    with database.read() as session:
        return f"mirror-{session.scalar(select(func.coalesce(func.sum(MirrorModel.changes), 0)))}"


def synced_at(database: Database) -> datetime | None:
    """The moment up to which everything that happened in Odoo is known; None before the first load is complete."""
    with database.read() as session:
        moments = list(session.scalars(select(MirrorModel.synced_at)))
    known = [moment for moment in moments if moment is not None]
    return min(known) if moments and len(known) == len(moments) else None


class _Tables(Mapping[str, Mapping[int, Row]]):
    """The mirror's models, read when they are asked for. Of `model` only the rows that `domain` can match are read."""

    def __init__(self, session: Session, model: str, domain: Domain) -> None:
        self._session = session
        self._narrowed = {model: _conditions(model, domain)}
        self._loaded: dict[str, dict[int, Row]] = {}

    def __getitem__(self, model: str) -> dict[int, Row]:
        if model not in self._loaded:
            self._loaded[model] = _rows(self._session, model, self._narrowed.get(model, []))
        return self._loaded[model]

    def __iter__(self) -> Iterator[str]:
        return self._session.scalars(select(MirrorModel.model))

    def __len__(self) -> int:
        return self._session.scalar(select(func.count()).select_from(MirrorModel)) or 0


def _rows(session: Session, model: str, conditions: list[ColumnElement[bool]]) -> dict[int, Row]:
    found = select(MirrorRow.id, MirrorRow.content).where(MirrorRow.model == model, *conditions).order_by(MirrorRow.id)
    return dict(session.execute(found).all())


def _conditions(model: str, domain: Domain) -> list[ColumnElement[bool]]:
    """What the database can tell of a domain: look-ups by id, and by the id of a many2one, joined by 'and'.

    A domain that looks into other rows gets none: it may need any row of the model."""
    terms = [term for term in domain if term != "&"]
    if any(isinstance(t, str) or len(t) != 3 or "." in str(t[0]) or t[1] in ("child_of", "parent_of") for t in terms):
        return []
    found: list[ColumnElement[bool]] = []
    for field, operator, value in terms:
        ids = value if operator == "in" and isinstance(value, (list, tuple, set, frozenset)) else [value]
        if operator not in ("=", "in") or len(ids) > IDS_A_QUERY or not all(type(i) is int for i in ids):
            continue
        if field == "id":
            found.append(MirrorRow.id.in_(ids))
        elif comodel(model, field) and not is_to_many(field):
            path: Any = (field, 0)
            found.append(MirrorRow.content[path].as_integer().in_(ids))
    return found
