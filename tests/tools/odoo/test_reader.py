"""The live reader answers as a snapshot does, whatever the version and protocol."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tools.odoo.odoo_server import OdooServer, running
from tests.tools.reading_records import DATA, ReadsLikeOdoo
from tools.odoo import reader as reading
from tools.odoo.connect import connect
from tools.odoo.errors import CallForbidden
from tools.odoo.reader import OdooReader
from tools.snapshot import SnapshotReader


@pytest.fixture
def reader(settings) -> OdooReader:
    return connect(settings)


class TestSearch(ReadsLikeOdoo):
    """The suite that the snapshot and the mirror pass as well."""


def test_a_model_outside_of_the_table_is_refused_and_one_that_is_not_installed_is_empty(reader):
    with pytest.raises(CallForbidden):
        reader.search_read("res.groups")
    assert reader.search_read("stock.lot") == []
    assert reader.read("stock.lot", [1]) == []
    assert reader.search_count("stock.lot") == 0


@pytest.mark.parametrize("limit", [None, 0, 1, 3, 4, 7, 100])
@pytest.mark.parametrize("order", [None, "name desc"])
def test_pages_together_are_the_whole(reader, monkeypatch, limit, order):
    monkeypatch.setattr(reading, "PAGE", 2)
    expected = SnapshotReader(DATA).search_read("res.partner", order=order, limit=limit)
    assert reader.search_read("res.partner", order=order, limit=limit) == expected


def test_what_fits_a_page_is_one_question(reader, odoo):
    reader.search_read("res.partner", limit=1)
    before = len(odoo.calls)
    assert len(reader.search_read("res.partner")) == 4
    assert len(odoo.calls) == before + 1


def test_sets_may_stand_in_a_domain(reader):
    assert [row["id"] for row in reader.search_read("res.partner", [("id", "in", {4, 1})])] == [1, 4]


def test_version_moves_with_a_write(settings_of):
    def version(write_date: str) -> str:
        rows = {"purchase.order": [{"id": 7, "write_date": write_date}]}
        with running(OdooServer(SnapshotReader(rows))) as server:
            return connect(settings_of(url=server.url)).version()

    assert version("2026-05-01 08:00:00") == version("2026-05-01 08:00:00")
    assert version("2026-05-01 08:00:00") != version("2026-05-01 08:00:01")


def test_only_the_companies_that_are_set_are_asked_for(settings, odoo, monkeypatch):
    seen = []
    run = odoo.run
    monkeypatch.setattr(
        odoo, "run", lambda model, method, ids, given: (seen.append(given), run(model, method, ids, given))[1]
    )
    connect(replace(settings, companies=(3, 5))).search_read("res.partner", limit=1)
    assert seen[-1]["context"] == {"lang": "en_US", "active_test": False, "allowed_company_ids": [3, 5]}


def test_a_field_that_went_away_fails_one_question_only(reader, odoo):
    assert reader.search_read("res.partner", fields=["email"], limit=1)
    odoo.reader = SnapshotReader({"res.partner": [{"id": 1, "name": "Nordlys AS"}]})
    with pytest.raises(Exception, match="email"):
        reader.search_read("res.partner", fields=["email"], limit=1)
    assert reader.search_read("res.partner", fields=["email", "name"], limit=1) == [{"id": 1, "name": "Nordlys AS"}]
