"""The mirror is searched like any other reader of records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from review import mirror
from review.mirror import MirrorReader
from review.schema import MirrorModel, MirrorRow
from tests.review.desk import START, Desk
from tests.tools.reading_records import DATA, ReadsLikeOdoo
from tools.records import Row


def filled(folder: Path, data: dict[str, Any]) -> Desk:
    desk = Desk(folder)
    with desk.database.write() as session:
        for model, rows in data.items():
            if model != "_meta":
                session.add(MirrorModel(model=model, fields=[], synced_at=START, change=1))
                session.add_all(MirrorRow(model=model, id=row["id"], digest="", content=row, change=1) for row in rows)
    return desk


class TestSearch(ReadsLikeOdoo):
    @pytest.fixture
    def reader(self, tmp_path: Path) -> Iterator[MirrorReader]:
        desk = filled(tmp_path, DATA)
        yield MirrorReader(desk.database)
        desk.database.close()


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Gains how many rows are read from the database, question by question."""
    counts: list[int] = []
    whole = mirror._rows

    def counting(*asked: Any) -> dict[int, Row]:
        rows = whole(*asked)
        counts.append(len(rows))
        return rows

    monkeypatch.setattr(mirror, "_rows", counting)
    return counts


@pytest.mark.parametrize(
    ("domain", "read"),
    [
        ([("id", "in", [80, 71])], 2),
        ([("order_id", "=", 7)], 2),
        ([("order_id", "in", [8]), ("product_qty", ">", 1)], 1),
        (["|", ("order_id", "=", 7), ("id", "=", 80)], 3),
        (["|", ("order_id", "=", 8), ("product_qty", ">", 9)], 3),
        (["|", ("order_id", "=", 8), "!", ("id", "=", 8)], 3),
        (["&", ("order_id", "=", 7), ("product_qty", ">", 9)], 2),
        ([("order_id.partner_id", "=", 4)], 3),
    ],
)
def test_the_database_narrows_what_it_can(tmp_path, monkeypatch, domain, read):
    """Look-ups by id and by a many2one do not read the whole model."""
    desk = filled(tmp_path, DATA)
    counts = counted(monkeypatch)
    MirrorReader(desk.database).search_read("purchase.order.line", domain)
    assert counts[0] == read
    desk.database.close()


def test_a_page_is_read_alone(tmp_path, monkeypatch):
    """Of the rows after an id, as many as are asked for: reading a model page by page costs what its rows cost."""
    desk = filled(tmp_path, DATA)
    counts = counted(monkeypatch)
    reader = MirrorReader(desk.database)
    ids = [row["id"] for row in reader.search_read("purchase.order.line", order="id")]
    first = reader.search_read("purchase.order.line", (), ("name",), limit=1, order="id")
    rest = reader.search_read("purchase.order.line", [("id", ">", ids[0])], ("name",), limit=1, order="id")
    assert [row["id"] for row in (*first, *rest)] == ids[:2]
    reader.search_read("purchase.order.line", [("product_qty", ">", 1)], limit=1, order="id")
    assert counts == [len(ids), 1, 1, len(ids)]
    desk.database.close()


def test_a_reader_keeps_the_version_at_which_it_was_opened(tmp_path):
    desk = filled(tmp_path, DATA)
    opened = MirrorReader(desk.database)
    with desk.database.write() as session:
        session.get_one(MirrorModel, "res.partner").change += 1
    assert opened.version() == opened.version() != MirrorReader(desk.database).version()
    desk.database.close()


def test_what_stands_on_a_reader_grows_old_only_once_the_mirror_has_moved_on(tmp_path):
    desk = filled(tmp_path, DATA)
    opened = MirrorReader(desk.database)
    later = START + timedelta(minutes=7)

    def sync(changes: int) -> None:
        with desk.database.write() as session:
            for state in session.scalars(select(MirrorModel)):
                state.synced_at, state.change = later, state.change + changes

    sync(changes=0)
    assert opened.as_of() == later
    sync(changes=1)
    assert opened.as_of() == START
    assert MirrorReader(desk.database).as_of() == later
    desk.database.close()


def test_the_rows_are_as_old_as_the_model_that_was_read_longest_ago(tmp_path):
    desk = filled(tmp_path, DATA)
    with desk.database.write() as session:
        session.get_one(MirrorModel, "res.partner").synced_at = START - timedelta(hours=2)
    assert MirrorReader(desk.database).as_of() == START - timedelta(hours=2)
    with desk.database.write() as session:
        session.get_one(MirrorModel, "purchase.order").synced_at = None
    assert MirrorReader(desk.database).as_of() is None
    desk.database.close()
