"""A snapshot that is written answers as the reader did that it was written from."""

from __future__ import annotations

import json
import stat

import pytest

from tests.tools.reading_records import DATA, ReadsLikeOdoo
from tools.odoo.connect import connect
from tools.odoo.errors import Unreachable
from tools.odoo.export import write_snapshot
from tools.snapshot import SnapshotReader

WANTED = {model: sorted({name for row in rows for name in row}) for model, rows in DATA.items() if model != "_meta"}


@pytest.fixture
def written(settings, tmp_path):
    path = tmp_path / "records.json"
    counts = write_snapshot(
        connect(settings), {**WANTED, "stock.lot": ("name",)}, path, odoo="18.0", database="company"
    )
    assert counts == {model: len(DATA[model]) for model in WANTED}
    return path


class TestWritten(ReadsLikeOdoo):
    @pytest.fixture
    def reader(self, written):
        return SnapshotReader(written)


def test_the_file_says_where_it_is_from_and_is_its_owners_alone(written):
    content = json.loads(written.read_text(encoding="utf-8"))
    assert set(content) == {"_meta", *WANTED}
    assert (content["_meta"]["odoo"], content["_meta"]["database"]) == ("18.0", "company")
    assert SnapshotReader(written).as_of() is not None
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_a_broken_reading_leaves_the_file_as_it_was(settings, odoo, written, monkeypatch):
    before = written.read_bytes()
    reader = connect(settings)
    monkeypatch.setattr(reader, "search_read", lambda *args, **kwargs: (_ for _ in ()).throw(Unreachable("away")))
    with pytest.raises(Unreachable):
        write_snapshot(reader, WANTED, written, odoo="18.0", database="company")
    assert written.read_bytes() == before
