"""A records snapshot answers like Odoo's `search_read`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from tests.tools.reading_records import DATA, ReadsLikeOdoo
from tools.records import RecordsError, Row
from tools.rows import RowReader
from tools.snapshot import SnapshotReader


class TestSearch(ReadsLikeOdoo):
    @pytest.fixture
    def reader(self) -> SnapshotReader:
        return SnapshotReader(DATA)


def test_version_changes_with_the_records():
    changed = {**DATA, "purchase.order": DATA["purchase.order"][:2]}
    assert SnapshotReader(DATA).version() == SnapshotReader(json.loads(json.dumps(DATA))).version()
    assert SnapshotReader(DATA).version() != SnapshotReader(changed).version()


def test_reading_page_by_page_looks_at_no_row_twice():
    class Table(dict[int, Row]):
        def values(self) -> NoReturn:
            raise AssertionError("the whole table is looked through")

    table = Table({i: {"id": i} for i in (5, 3, 9, 7)})
    reader = RowReader({"sale.order": table})
    pages = [reader.search_read("sale.order", [("id", ">", after)], limit=2, order="id") for after in (0, 5, 9)]
    assert [[row["id"] for row in page] for page in pages] == [[3, 5], [7, 9], []]


def test_a_file_reads_like_the_object(tmp_path):
    path = tmp_path / "records.json"
    path.write_text(json.dumps(DATA), encoding="utf-8")
    assert SnapshotReader(path).search_read("res.partner") == SnapshotReader(DATA).search_read("res.partner")
    assert SnapshotReader(path).as_of() == datetime(2026, 5, 11, 9, tzinfo=UTC)


def test_a_missing_or_broken_file_names_the_next_step(tmp_path):
    with pytest.raises(RecordsError, match="Check the path"):
        SnapshotReader(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(RecordsError, match="Export the snapshot again"):
        SnapshotReader(tmp_path / "broken.json")
    with pytest.raises(RecordsError, match="model name"):
        SnapshotReader({"res.partner": {"id": 1}})
