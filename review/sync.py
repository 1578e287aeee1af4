"""Keeping the mirror of Odoo's records: a first load, then what changed by `write_date`, now and then a reconciliation.

`write_date` is the start of the transaction that wrote a row, and is given in whole seconds. A row can therefore show up
minutes after its date, and two writes can bear the same one. So each poll asks again for the last minutes before the
newest date seen, and a row counts as changed by its content. Once those minutes have passed without news, nothing at or
before that date can still be on its way. Deletions, and transactions longer than that, leave no trace in it: they are
found by comparing ids and dates of all rows.

Pages are cut by id, never by position, so that rows which come or go meanwhile shift nothing. Each page is one
transaction together with the place that was reached: killed anywhere, the next run goes on from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review.database import Database
from review.exclusive import exclusive
from review.mirrored import MIRRORED, MOVING
from review.schema import MirrorModel, MirrorRemoval, MirrorRow
from tools.records import RecordReader, Row
from tools.rows import comodel, is_to_many

OVERLAP = timedelta(minutes=5)
SURELY_PAST = timedelta(hours=1)  # far beyond any difference between Odoo's clock and ours
PAGE = 1_000

Progress = Callable[[str, int, int], None]


@dataclass
class Synced:
    """What a run did: rows that were read, that came or changed, and that went."""

    read: int = 0
    changed: int = 0
    removed: int = 0


def sync(
    database: Database,
    remote: RecordReader,
    *,
    full: bool = False,
    reconcile_every: timedelta = timedelta(hours=1),
    progress: Progress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Synced:
    """Brings the mirror up to date; one call a model when nothing has changed.

    `full` reads every row again; a full reading that was interrupted is gone on with. `progress` is told a model, the
    rows read of it so far and their number. Raises RecordsError when Odoo cannot be read; what was read until then is
    kept. Raises Busy while another process does this."""
    run = _Run(database, remote, now, progress)
    with exclusive(database, "odoo-sync"):
        run.begin(full=full)
        for model, fields in MIRRORED.items():
            run.bring_up_to_date(model, fields)
        for model in MIRRORED:
            run.reconcile(model, reconcile_every)
    return run.done


@dataclass
class _Run:
    database: Database
    remote: RecordReader
    now: Callable[[], datetime]
    progress: Progress | None
    done: Synced = field(default_factory=Synced)
    followed: set[tuple[str, int]] = field(default_factory=set)

    def begin(self, *, full: bool) -> None:
        """Marks the models that are to be read in whole: new ones, those with other fields, or all of them."""
        with self.database.read() as session:
            states = {state.model: state for state in session.scalars(select(MirrorModel))}
        interrupted = any(state.loading_after is not None for state in states.values())
        for model, fields in MIRRORED.items():
            known = states.get(model)
            if known is None or known.fields != list(fields) or (full and not interrupted):
                self._begin_load(model, fields)

    def bring_up_to_date(self, model: str, fields: tuple[str, ...]) -> None:
        with self.database.read() as session:
            state = session.get_one(MirrorModel, model)
        if state.loading_after is not None:
            self._load(model, fields, state.loading_after)
        self._poll(model, fields, state)

    def reconcile(self, model: str, every: timedelta) -> None:
        """Finds what no poll can: rows that are gone, and rows that a very long transaction wrote."""
        started = self.now()
        with self.database.read() as session:
            state = session.get_one(MirrorModel, model)
            if state.reconciled_at is not None and started - state.reconciled_at < every:
                return
            # Read before Odoo is asked, so that a row which another process adds meanwhile is not taken for gone.
            dates = select(MirrorRow.id, MirrorRow.write_date).where(MirrorRow.model == model)
            held = dict(session.execute(dates).all())
        gone, different = set(held), []
        for page in self._pages(model, (), ("write_date",)):
            gone.difference_update(row["id"] for row in page)
            different += [row["id"] for row in page if held.get(row["id"], "") != _write_date(row)]
        for ids in _parts(different):
            self._store(model, self.remote.read(model, ids, MIRRORED[model]))
        for ids in _parts(sorted(gone)):
            self._store(model, [], ids)
        with self.database.write() as session:
            session.get_one(MirrorModel, model).reconciled_at = started

    def _begin_load(self, model: str, fields: tuple[str, ...]) -> None:
        # Asked before the first page: whatever changes while pages are read is then found by the poll that follows.
        newest = self.remote.search_read(model, fields=("write_date",), limit=1, order="write_date desc")
        with self.database.write() as session:
            state = session.get(MirrorModel, model) or MirrorModel(model=model, change=0)
            state.fields, state.loading_after = list(fields), 0
            self._take_newest(state, _write_date(*newest))
            session.add(state)

    def _load(self, model: str, fields: tuple[str, ...], after: int) -> None:
        started = self.now()
        read = self.remote.search_count(model, [("id", "<=", after)]) if self.progress and after else 0
        total = self.remote.search_count(model) if self.progress else 0
        for page in self._pages(model, (), fields, after):
            ids = {row["id"] for row in page}
            last = max(ids, default=after)
            in_range = MirrorRow.id <= last if len(page) == PAGE else MirrorRow.id > after
            with self.database.read() as session:
                held = select(MirrorRow.id).where(MirrorRow.model == model, MirrorRow.id > after, in_range)
                gone = set(session.scalars(held)) - ids
            self._store(model, page, sorted(gone), loading_after=last)
            after, read = last, read + len(page)
            if self.progress:
                self.progress(model, read, max(total, read))
        with self.database.write() as session:
            state = session.get_one(MirrorModel, model)
            state.loading_after, state.reconciled_at = None, started

    def _poll(self, model: str, fields: tuple[str, ...], state: MirrorModel) -> None:
        started = self.now()
        domain: list[Any] = []
        if state.newest is not None:
            newest = _moment(state.newest)
            start = newest + timedelta(seconds=1) if state.settled else newest - OVERLAP
            domain = [("write_date", ">=", start.strftime("%Y-%m-%d %H:%M:%S"))]
        dates = {state.newest}
        for page in self._pages(model, domain, fields):
            self._store(model, page)
            dates.update(map(_write_date, page))
        latest = max(filter(None, dates), default=None)
        with self.database.write() as session:
            state = session.get_one(MirrorModel, model)
            if latest != state.newest:
                self._take_newest(state, latest)
            elif state.newest_seen_at is not None and started - state.newest_seen_at >= OVERLAP:
                state.settled = True
            state.synced_at = started

    def _take_newest(self, state: MirrorModel, latest: str | None) -> None:
        """An old date is settled at once, or else an import of long ago, all of one date, would be read over and over."""
        now = self.now()
        state.newest, state.newest_seen_at = latest, now
        state.settled = latest is not None and now - _moment(latest) > SURELY_PAST

    def _pages(self, model: str, domain: Sequence[Any], fields: Sequence[str], after: int = 0) -> Iterator[list[Row]]:
        """Rows in the order of their ids; the last page is shorter than the others, and may be empty."""
        while True:
            beyond = [("id", ">", after)] if after else []
            page = self.remote.search_read(model, [*domain, *beyond], fields, limit=PAGE, order="id")
            self.done.read += len(page)
            yield page
            if len(page) < PAGE:
                return
            after = page[-1]["id"]

    def _store(self, model: str, rows: list[Row], gone: Sequence[int] = (), **reached: int) -> None:
        """Takes over what differs of the rows, in one transaction with the removals and the place that was reached."""
        digests = {row["id"]: _digest(row) for row in rows}
        with self.database.read() as session:
            held = select(MirrorRow.id, MirrorRow.digest).where(
                MirrorRow.model == model, MirrorRow.id.in_(list(digests))
            )
            known = dict(session.execute(held).all())
            changed = [row for row in rows if known.get(row["id"]) != digests[row["id"]]]
            renamed = _renamed(session, model, [row for row in changed if row["id"] in known])
        # Before the new name is kept: killed in between, the next run sees the rename again.
        self._follow(model, renamed)
        if not changed and not gone and not reached:
            return
        with self.database.write() as session:
            state = session.get_one(MirrorModel, model)
            if changed or gone:
                state.change = _next_mark(session, self.now())
                _upsert(
                    session, MirrorRow, [_mirrored(model, row, digests[row["id"]], state.change) for row in changed]
                )
                session.execute(delete(MirrorRow).where(MirrorRow.model == model, MirrorRow.id.in_(gone)))
                _upsert(session, MirrorRemoval, [{"model": model, "id": i, "change": state.change} for i in gone])
            state.loading_after = reached.get("loading_after", state.loading_after)
        self.done.changed += len(changed)
        self.done.removed += len(gone)

    def _follow(self, model: str, renamed: list[int]) -> None:
        """Reads the rows again that show a name which changed: their own `write_date` does not move with it."""
        fresh = [record_id for record_id in renamed if (model, record_id) not in self.followed]
        self.followed.update((model, record_id) for record_id in fresh)
        if not fresh:
            return
        for other, fields in MIRRORED.items():
            for name in fields:
                if comodel(other, name) == model and not is_to_many(name) and self._has(other, name):
                    for ids in _parts(fresh):
                        for page in self._pages(other, [(name, "in", ids)], fields):
                            self._store(other, page)

    def _has(self, model: str, field: str) -> bool:
        """Whether this Odoo has the field: a domain may name no other."""
        with self.database.read() as session:
            row = session.scalars(select(MirrorRow.content).where(MirrorRow.model == model).limit(1)).first()
        return row is not None and field in row


def _renamed(session: Session, model: str, rows: list[Row]) -> list[int]:
    """Ids of rows that the mirror holds under another display name."""
    now = {row["id"]: row.get("display_name") for row in rows}
    held = select(MirrorRow.id, MirrorRow.content).where(MirrorRow.model == model, MirrorRow.id.in_(list(now)))
    return [record_id for record_id, was in session.execute(held) if was.get("display_name") != now[record_id]]


def _next_mark(session: Session, now: datetime) -> int:
    """A mark beyond all that were given. The clock is in it so that a mirror which was restored from a backup gives
    none a second time."""
    latest = session.scalar(select(func.max(MirrorModel.change))) or 0
    return max(latest + 1, int(now.timestamp() * 1_000_000))


def _mirrored(model: str, row: Row, digest: str, change: int) -> dict[str, Any]:
    write_date = _write_date(row)
    return {
        "model": model, "id": row["id"], "write_date": write_date, "digest": digest, "content": row, "change": change
    }  # fmt: skip


def _upsert(session: Session, table: type[MirrorRow | MirrorRemoval], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = postgresql.insert(table) if on_postgresql else sqlite.insert(table)
    taken_over = {name: statement.excluded[name] for name in rows[0] if name not in ("model", "id")}
    session.execute(statement.on_conflict_do_update(index_elements=["model", "id"], set_=taken_over), rows)


def _write_date(row: Row | None = None) -> str | None:
    return str(row["write_date"]) if row and row.get("write_date") else None


def _moment(write_date: str) -> datetime:
    return datetime.fromisoformat(write_date).replace(tzinfo=UTC)


def _digest(row: Row) -> str:
    lasting = {name: value for name, value in row.items() if name not in MOVING}
    return hashlib.sha256(json.dumps(lasting, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
