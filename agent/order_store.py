"""The order store: what the order book needs of every record, in one SQLite file that follows a reader.

It is made anew from all records when it knows nothing, when its format is another or when the reader cannot say what
changed; otherwise the records that changed are replaced. It is derived data: a file that turns out to be damaged is made
anew as well, by the query that met the damage.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from agent.order_rows import SOURCES, Source, Tables, tables_of
from tools.records import ChangeFeed, RecordReader, Row

logger = logging.getLogger(__name__)

FORMAT = "1"
PAGE = 20_000
CACHE_KIB = 64 * 1024
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES, _INDEXES = Path(__file__).with_name("order_store.sql").read_text(encoding="utf-8").split("-- indexes\n")
_COUNT_OPEN = """
UPDATE orders SET is_open = state <> 'cancel' AND EXISTS (
    SELECT 1 FROM lines WHERE lines.model = orders.model AND lines.order_id = orders.id AND lines.qty > lines.done
)
"""
_LIST_OPEN = """
INSERT INTO open_products
SELECT DISTINCT lines.product, COALESCE(orders.ordered, 0), orders.id, orders.model
FROM orders JOIN lines ON lines.model = orders.model AND lines.order_id = orders.id
WHERE orders.is_open AND lines.product IS NOT NULL
"""
_TOUCHED = "(orders.model, orders.id) IN (SELECT model, id FROM touched)"


class OrderStore:
    """Without a `path` the rows live in a temporary file that ends with the store. Safe to share between threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._reader: RecordReader | None = None
        self._connection = self._opened()

    @property
    def version(self) -> str | None:
        """The version of the records that the store holds; None before the first load."""
        return self._state("version")

    @property
    def letters(self) -> str:
        """The letters A-Z of the numbers that were ever held, in order."""
        return self._state("letters") or ""

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query. A list, set or other collection is given as one parameter, for `json_each(?)`.

        Raises RecordsError where the file is damaged and the records cannot be read to make it anew."""
        bound = [
            value if value is None or isinstance(value, (str, int, float)) else json.dumps(list(value))
            for value in parameters
        ]
        with self._lock:
            try:
                return self._connection.execute(sql, bound).fetchall()
            except sqlite3.DatabaseError as error:
                self._expect_damage(error)
                if self._reader is None:
                    raise
                self._load(self._reader, self._reader.version())
                return self._connection.execute(sql, bound).fetchall()

    def follow(self, reader: RecordReader) -> Collection[str] | None:
        """Make the store hold the reader's present records. Gives the models that changed (`[]`: none); None where all
        was read anew.

        Raises RecordsError if the records cannot be read; the store then holds what it held."""
        with self._lock:
            self._reader = reader
            version, held = reader.version(), self.version
            if held == version:
                return []
            changes = reader.changes_since(held) if held is not None and isinstance(reader, ChangeFeed) else None
            if changes is not None:
                try:
                    self._apply(reader, changes, version)
                    return [model for model, ids in changes.items() if ids]
                except sqlite3.DatabaseError as error:
                    self._expect_damage(error)
            self._load(reader, version)
            return None

    def _load(self, reader: RecordReader, version: str) -> None:
        """Everything anew, in a file of its own that takes the place of the old one when it is complete."""
        fresh = self._path.with_suffix(f".{os.getpid()}") if self._path else None
        if fresh:
            fresh.unlink(missing_ok=True)
        loading = sqlite3.connect(fresh or "", check_same_thread=False, isolation_level=None)
        try:
            _fill(loading, reader, version)
        except BaseException:
            loading.close()
            if fresh:
                fresh.unlink(missing_ok=True)
            raise
        if fresh and self._path:
            loading.close()
            Path(f"{self._path}-journal").unlink(missing_ok=True)  # it belongs to the file that goes
            os.replace(fresh, self._path)
            loading = self._opened()
        self._connection.close()
        self._connection = loading

    def _apply(self, reader: RecordReader, changes: Mapping[str, Collection[int]], version: str) -> None:
        db = self._connection
        letters = set(self.letters)
        pages = [
            (source, ids, tables_of(source, reader.read(source.model, ids, source.fields)))
            for source in SOURCES
            if (ids := sorted(changes.get(source.model, ())))
        ]
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute("CREATE TEMP TABLE touched (model INTEGER, id INTEGER, PRIMARY KEY (model, id))")
            for source, ids, tables in pages:
                self._touch(source, ids)
                for table, condition in source.owns:
                    db.executemany(f"DELETE FROM {table} WHERE {condition}", ((i,) for i in ids))
                _insert(db, tables, letters)
                self._touch(source, ids)
            db.execute(f"DELETE FROM open_products AS orders WHERE {_TOUCHED}")
            db.execute(f"{_COUNT_OPEN} WHERE {_TOUCHED}")
            db.execute(f"{_LIST_OPEN} AND {_TOUCHED}")
            _note(db, version, letters)
            db.execute("DROP TABLE touched")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # SQLite ends it by itself where the file cannot be read or written
                db.execute("ROLLBACK")
            raise

    def _touch(self, source: Source, ids: list[int]) -> None:
        """Note the orders of these records as they stand: before a change and after it they may be others."""
        if source.orders:
            self._connection.execute(f"INSERT OR IGNORE INTO touched {source.orders}", (json.dumps(ids),))

    def _opened(self) -> sqlite3.Connection:
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path or "", check_same_thread=False, isolation_level=None, timeout=60)
        try:
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        except sqlite3.DatabaseError as error:
            connection.close()
            self._expect_damage(error)
            os.unlink(self._path or "")
            return self._opened()
        return connection

    def _state(self, name: str) -> str | None:
        """What is noted under a name; None where nothing is, or the file is of another format, empty or damaged."""
        try:
            with self._lock:
                state = dict(self._connection.execute("SELECT name, value FROM state").fetchall())
        except sqlite3.OperationalError:  # no such table
            return None
        except sqlite3.DatabaseError as error:
            self._expect_damage(error)
            return None
        return state.get(name) if state.get("format") == FORMAT else None

    def _expect_damage(self, error: sqlite3.DatabaseError) -> None:
        """Logs that the file is damaged. Raises the error where it tells of anything else."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in DAMAGE:
            raise error
        logger.warning("The order store %s is damaged (%s); it is made anew from the records.", self._path, error)


def _fill(db: sqlite3.Connection, reader: RecordReader, version: str) -> None:
    """All of the reader's records, into an empty file."""
    db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    db.executescript(f"PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; {_TABLES}")
    db.execute("BEGIN")
    letters: set[str] = set()
    for source in SOURCES:
        for page in _pages(reader, source):
            _insert(db, tables_of(source, page), letters)
    db.execute(_COUNT_OPEN)
    db.execute(_LIST_OPEN)
    db.execute("COMMIT")
    db.executescript(f"{_INDEXES} ANALYZE;")
    _note(db, version, letters)


def _pages(reader: RecordReader, source: Source) -> Iterator[list[Row]]:
    page = reader.search_read(source.model, (), source.fields, limit=PAGE, order="id")
    while page:
        yield page
        if len(page) < PAGE:
            return
        page = reader.search_read(source.model, [("id", ">", page[-1]["id"])], source.fields, limit=PAGE, order="id")


def _insert(db: sqlite3.Connection, tables: Tables, letters: set[str]) -> None:
    """Adds the rows; `letters` gains the characters of the numbers among them."""
    for table, rows in tables.items():
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)
    letters.update(*(shape for *_, shape, _, _, _ in tables.get("numbers", ()) if shape))


def _note(db: sqlite3.Connection, version: str, letters: set[str]) -> None:
    state = {"version": version, "format": FORMAT, "letters": "".join(sorted(letters.intersection(ascii_uppercase)))}
    db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", state.items())
