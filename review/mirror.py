"""Reading the mirror: Odoo's rows as they were last read, from tables of our own, so that matching needs no server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from review.database import Database
from review.schema import MirrorModel, MirrorRemoval, MirrorRow
from tools.records import Domain, Row
from tools.rows import RowReader, comodel, is_to_many, page_after

IDS_A_QUERY = 10_000
_VERSION = "mirror-"


class MirrorReader:
    """A `RecordReader` over the mirror that also tells changes. `version` stays that of the moment at which the reader was
    opened, so that what is built over it stays in use until something newer has been built. `as_of` is the age of what
    was there then: it moves on for as long as nothing changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened_at = synced_at(database)
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
            is_page = page_after(domain, order) is not None
            rows = RowReader(_Tables(session, model, domain, limit if is_page else None))
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

    def changes_since(self, version: str) -> Mapping[str, Collection[int]] | None:
        """Also what changed after this reader was opened. None for a version of another mirror: one from before any of
        these rows, or after all."""
        mark = version.removeprefix(_VERSION)
        if not version.startswith(_VERSION) or not mark.isdecimal():
            return None
        changed: dict[str, set[int]] = defaultdict(set)
        with self._database.read() as session:
            oldest = session.scalar(select(func.min(MirrorRow.change)))
            if oldest is None or not oldest <= int(mark) <= _latest_change(session):
                return None
            for table in (MirrorRow, MirrorRemoval):
                for model, record_id in session.execute(select(table.model, table.id).where(table.change > int(mark))):
                    changed[model].add(record_id)
        return changed

    def as_of(self) -> datetime | None:
        now = synced_at(self._database)
        return now if mirror_version(self._database) == self._version else self._opened_at


def mirror_version(database: Database) -> str:
    """A text that changes whenever a mirrored row comes, changes or goes."""
    with database.read() as session:
        return f"{_VERSION}{_latest_change(session)}"


def _latest_change(session: Session) -> int:
    return session.scalar(select(func.max(MirrorModel.change))) or 0


def synced_at(database: Database) -> datetime | None:
    """The moment up to which everything that happened in Odoo is known; None before the first load is complete."""
    with database.read() as session:
        moments = list(session.scalars(select(MirrorModel.synced_at)))
    known = [moment for moment in moments if moment is not None]
    return min(known) if moments and len(known) == len(moments) else None


class _Tables(Mapping[str, Mapping[int, Row]]):
    """The mirror's models, read when they are asked for. Of `model` only the rows that `domain` can match are read, and
    of these the first `limit` by id."""

    def __init__(self, session: Session, model: str, domain: Domain, limit: int | None = None) -> None:
        self._session = session
        self._narrowed = {model: (_conditions(model, domain), limit)}
        self._loaded: dict[str, dict[int, Row]] = {}

    def __getitem__(self, model: str) -> dict[int, Row]:
        if model not in self._loaded:
            self._loaded[model] = _rows(self._session, model, *self._narrowed.get(model, ([], None)))
        return self._loaded[model]

    def __iter__(self) -> Iterator[str]:
        return self._session.scalars(select(MirrorModel.model))

    def __len__(self) -> int:
        return self._session.scalar(select(func.count()).select_from(MirrorModel)) or 0


def _rows(
    session: Session, model: str, conditions: list[ColumnElement[bool]], limit: int | None = None
) -> dict[int, Row]:
    found = select(MirrorRow.id, MirrorRow.content).where(MirrorRow.model == model, *conditions).order_by(MirrorRow.id)
    return dict(session.execute(found.limit(limit)).all())


def _conditions(model: str, domain: Domain) -> list[ColumnElement[bool]]:
    """What the database can tell of a domain, so that rows which cannot match are not read.

    A domain that looks into other rows gets nothing: it may need any row of the model."""
    terms = list(domain)
    plain = [term for term in terms if not isinstance(term, str)]
    if any(len(term) != 3 or "." in str(term[0]) or term[1] in ("child_of", "parent_of") for term in plain):
        return []
    found = []
    while terms:
        found.append(_condition(model, terms))
    return [condition for condition in found if condition is not None]


def _condition(model: str, terms: list[Any]) -> ColumnElement[bool] | None:
    """Takes the next term with its operands; None where it may match any row."""
    term = terms.pop(0) if terms else "!"
    if term == "!":
        if terms:
            _condition(model, terms)
        return None
    if term in ("&", "|"):
        sides = [_condition(model, terms), _condition(model, terms)]
        known = [side for side in sides if side is not None]
        if term == "&":
            return and_(*known) if known else None
        return or_(*known) if len(known) == 2 else None
    return _narrowing(model, *term) if len(term) == 3 else None


def _narrowing(model: str, field: str, operator: str, value: Any) -> ColumnElement[bool] | None:
    """Look-ups by id, after an id, by the id of a many2one, and by plain text."""
    if (field, operator) == ("id", ">") and type(value) is int:
        return MirrorRow.id > value
    values = value if operator == "in" and isinstance(value, (list, tuple, set, frozenset)) else [value]
    if operator not in ("=", "in") or len(values) > IDS_A_QUERY:
        return None
    numbers, texts = all(type(v) is int for v in values), all(isinstance(v, str) and v for v in values)
    path: Any = (field, 0)
    found: ColumnElement[bool] | None = None
    if field == "id" and numbers:
        found = MirrorRow.id.in_(values)
    elif numbers and comodel(model, field) and not is_to_many(field):
        found = MirrorRow.content[path].as_integer().in_(values)
    elif texts and not comodel(model, field) and not field.endswith(("_id", "_ids")):
        found = MirrorRow.content[field].as_string().in_(values)
    return found
