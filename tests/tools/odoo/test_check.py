"""What the check of a connection says, and the proof that an account only reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.tools.odoo.odoo_server import Failed, OdooServer, running
from tests.tools.reading_records import DATA
from tools.odoo import check as checking
from tools.odoo.account import ProvedReader, WritingAccount, writes
from tools.odoo.check import check
from tools.odoo.connect import connect
from tools.odoo.errors import LoginRefused, Unreachable
from tools.snapshot import SnapshotReader

COMPANY = {**DATA, "res.company": [{"id": 1, "name": "Fjell AS"}]}
WANTED = {"purchase.order": ("name", "product_uom"), "res.partner": ("name",)}
READ, ALL = frozenset({"read"}), frozenset({"read", "write", "create", "unlink"})


@pytest.fixture(params=[17, 18, 19])
def odoo(request):
    with running(OdooServer(SnapshotReader(COMPANY), major=request.param)) as server:
        yield server


@pytest.fixture
def settings(odoo, settings_of):
    return settings_of(url=odoo.url, timeout=5.0)


def test_all_is_well(odoo, settings):
    found = check(settings, connect(settings), WANTED)
    assert (found.problems, found.can_write) == ([], False)
    assert (found.version, found.companies) == (f"{odoo.major}.0", ["Fjell AS"])
    assert abs(found.skew) <= 2
    models = {model.model: model for model in found.models}
    assert (models["purchase.order"].rows, models["purchase.order"].lacking) == (3, ["product_uom"])
    assert not models["stock.lot"].installed


def test_an_internal_user_is_one_that_writes(odoo, settings):
    odoo.groups = frozenset({"base.group_user"})
    found = check(settings, connect(settings), WANTED)
    assert found.can_write
    assert "internal user" in found.problems[0]


def test_a_right_to_write_is_named(odoo, settings):
    odoo.rights = {"res.partner": READ | {"create"}, "purchase.order": ALL}
    found = check(settings, connect(settings), WANTED)
    assert found.can_write
    assert "res.partner (create); purchase.order (write, create, unlink)" in found.problems[0]
    assert writes(connect(settings)) == {
        "res.partner": ["create"],
        "purchase.order": ["write", "create", "unlink"],
    }


def test_what_may_not_be_read_is_named(odoo, settings):
    odoo.answers["search_count"] = Failed("odoo.exceptions.AccessError", "You are not allowed to access it")
    said = " ".join(check(settings, connect(settings), WANTED).problems)
    assert "may not read res.partner, purchase.order" in said
    assert "neither purchase nor sales orders" in said


def test_a_clock_that_is_wrong_is_named(odoo, settings, monkeypatch):
    asked = checking.ask_server

    def off(settings):
        return replace(asked(settings), skew=timedelta(minutes=-10))

    monkeypatch.setattr(checking, "ask_server", off)
    assert "clock is -600 s away" in check(settings, connect(settings), WANTED).problems[0]


def test_no_use_in_going_on_raises(odoo, settings):
    odoo.key = "another"
    with pytest.raises(LoginRefused):
        check(settings, connect(settings), WANTED)


class TestProof:
    def proved(self, settings, allow=False):
        return ProvedReader(connect(settings), allow_writing=allow, login=settings.login)

    def test_an_account_that_only_reads_is_read_with_and_leaves_nothing_to_say(self, settings):
        reader = self.proved(settings)
        assert reader.notice is not None
        assert reader.search_count("res.partner") == 4
        assert reader.notice is None

    def test_it_is_proved_once(self, odoo, settings):
        reader = self.proved(settings)
        reader.prove()
        before = len(odoo.calls)
        reader.prove()
        assert len(odoo.calls) == before

    @pytest.mark.parametrize(
        "read",
        [
            lambda reader: reader.search_read("res.partner"),
            lambda reader: reader.read("res.partner", [1]),
            lambda reader: reader.search_count("res.partner"),
            lambda reader: reader.version(),
            lambda reader: reader.prove(),
        ],
        ids=["search_read", "read", "search_count", "version", "prove"],
    )
    def test_nothing_is_read_with_one_that_writes(self, odoo, settings, read):
        odoo.rights = {"res.partner": ALL}
        said = r"may write, create, unlink res.partner\..*ALLOW_WRITING_ACCOUNT"
        with pytest.raises(WritingAccount, match=said):
            read(self.proved(settings))
        assert {method for _, _, method in odoo.calls}.isdisjoint({"search_read", "read", "search_count"})

    def test_where_it_is_allowed_it_is_said(self, odoo, settings):
        odoo.groups = frozenset({"base.group_user"})
        reader = self.proved(settings, allow=True)
        assert reader.search_count("res.partner") == 4
        assert "internal user" in reader.notice

    def test_without_an_answer_nothing_is_proved(self, settings):
        reader = self.proved(replace(settings, url="http://127.0.0.1:1", attempts=1))
        with pytest.raises(Unreachable):
            reader.search_count("res.partner")
        assert reader.notice is not None
