"""Both protocols: what they send, and what becomes of everything that a server or network was seen to answer."""

from __future__ import annotations

import logging
import socket
import traceback
from dataclasses import replace

import pytest

from tests.tools.odoo import odoo_server
from tests.tools.odoo.odoo_server import DENIED, KEY, TRACEBACK, Failed, OdooServer, running
from tests.tools.reading_records import DATA
from tools.odoo.connect import ChosenWire
from tools.odoo.errors import (
    AccessRefused,
    BadQuery,
    CallForbidden,
    LoginRefused,
    ModelMissing,
    NotOdoo,
    ServerFault,
    SettingUnusable,
    UnknownDatabase,
    Unreachable,
)
from tools.snapshot import SnapshotReader

QUESTION = {"domain": [], "fields": ["name"], "limit": 1, "order": "id"}


@pytest.fixture
def wire(settings) -> ChosenWire:
    return ChosenWire(settings)


def test_a_question_is_answered(wire, odoo, protocol):
    assert wire.call("purchase.order", "search_read", **QUESTION) == [{"id": 7, "name": "P7"}]
    assert wire.call("purchase.order", "read", [8], fields=["name"]) == [{"id": 8, "name": "P8"}]
    sent = "jsonrpc" if protocol == "odoorpc" else "json2"
    assert odoo.calls[-2:] == [(sent, "purchase.order", "search_read"), (sent, "purchase.order", "read")]


@pytest.mark.parametrize(
    ("model", "method"),
    [
        ("purchase.order", "write"),
        ("purchase.order", "button_confirm"),
        ("stock.picking", "action_assign"),
        ("res.partner", "_read"),
        ("res.partner", "has_group"),
        ("ir.config_parameter", "search_read"),
        ("purchase.order/../res.users", "read"),
    ],
)
def test_what_is_not_in_the_table_is_not_sent(wire, odoo, model, method):
    with pytest.raises(CallForbidden, match="Nothing was sent"):
        wire.call(model, method, [1])
    assert odoo.requests == 0


@pytest.mark.parametrize(
    ("failed", "error", "said"),
    [
        (Failed(*DENIED), LoginRefused, "Make a new API key"),
        (Failed("odoo.exceptions.AccessError", "You are not allowed to access 'Lot' (stock.lot).\n\nAsk"), AccessRefused, "stock.lot"),
        (Failed("builtins.ValueError", "Invalid field 'nope' on model 'res.partner'"), BadQuery, "'nope'"),
        (Failed("odoo.exceptions.UserError", "Object stock.lot doesn't exist"), ModelMissing, "Install the app"),
        (Failed("psycopg2.errors.UndefinedTable", "relation secret"), ServerFault, "UndefinedTable"),
        (Failed("psycopg2.OperationalError", "FATAL: too many connections on /var/run"), Unreachable, "cannot reach its database"),
        (Failed("psycopg2.pool.PoolError", "The Connection Pool Is Full"), Unreachable, "cannot reach its database"),
        (Failed("", ""), ServerFault, "no reason given"),
    ],
)  # fmt: skip
def test_exceptions_of_odoo_become_errors_that_name_the_next_step(wire, odoo, failed, error, said):
    odoo.answers["search_count"] = failed
    with pytest.raises(error, match=said) as caught:
        wire.call("res.partner", "search_count", domain=[])
    shown = "".join(traceback.format_exception(caught.value))
    assert TRACEBACK not in shown
    assert KEY not in shown
    assert "/var/run" not in shown


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (odoo_server.slow, Unreachable),
        (odoo_server.dropped, Unreachable),
        (odoo_server.cut, Unreachable),
        (odoo_server.babble, Unreachable),
        (odoo_server.page(200), NotOdoo),
        (odoo_server.page(302, Location="http://127.0.0.1:1/"), NotOdoo),
        (odoo_server.page(403), NotOdoo),
        (odoo_server.page(413), NotOdoo),
        (odoo_server.page(429, Retry_After="7"), Unreachable),
        (odoo_server.page(500), ServerFault),
        (odoo_server.page(502), Unreachable),
        (odoo_server.page(503), Unreachable),
        (odoo_server.page(504), Unreachable),
    ],
    ids=["slow", "dropped", "cut", "babble", *map(str, (200, 302, 403, 413, 429, 500, 502, 503, 504))],
)
def test_faults_of_the_network_become_errors(wire, odoo, fault, error):
    wire.call("res.users", "context_get")
    odoo.faults.append(fault)
    with pytest.raises(error):
        wire.call("res.partner", "search_count", domain=[])
    assert wire.call("res.partner", "search_count", domain=[]) == 4


@pytest.mark.parametrize("content", [[], {}, {"result": None, "error": {}}, {"error": {"code": 1}}, "text", 3])
def test_json_of_another_program_is_not_taken_for_odoo(settings_of, content):
    with running(OdooServer(SnapshotReader(DATA), faults=[odoo_server.other_json(content)])) as server:
        wire = ChosenWire(settings_of(url=server.url, protocol="odoorpc"))
        with pytest.raises((NotOdoo, ServerFault)):
            wire.call("res.partner", "search_count", domain=[])


def test_how_long_a_server_asks_to_be_left_alone_is_kept(wire, odoo):
    wire.call("res.users", "context_get")
    odoo.faults.append(odoo_server.page(429, Retry_After="7"))
    with pytest.raises(Unreachable) as caught:
        wire.call("res.partner", "search_count", domain=[])
    assert caught.value.retry_after == 7


def test_a_server_that_is_down_and_a_name_that_nobody_knows(settings_of):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for url in (closed, "http://odoo.invalid:8069"):
            for protocol in ("auto", "odoorpc", "json2"):
                with pytest.raises(Unreachable, match="can be reached"):
                    ChosenWire(settings_of(url=url, protocol=protocol)).call("res.users", "context_get")


def test_json2_on_an_older_odoo_is_told_from_an_answer(settings_of):
    with running(OdooServer(SnapshotReader(DATA), major=18)) as server, pytest.raises(NotOdoo, match="text/html"):
        ChosenWire(settings_of(url=server.url, protocol="json2")).call("res.users", "context_get")


def test_a_wrong_key_and_a_wrong_database(settings, odoo):
    odoo.key = "another"
    with pytest.raises(LoginRefused, match="no restart"):
        ChosenWire(settings).call("res.users", "context_get")
    with pytest.raises(UnknownDatabase, match="'other'"):
        ChosenWire(replace(settings, database="other")).call("res.users", "context_get")


def test_a_new_key_in_the_file_is_used_at_once(wire, odoo, key_file):
    wire.call("res.users", "context_get")
    odoo.key = "fedcba"
    with pytest.raises(LoginRefused):
        wire.call("res.users", "context_get")
    key_file.write_text("fedcba\n")
    assert wire.call("res.users", "context_get")["lang"] == "en_US"


def test_odoorpc_signs_in_once(settings_of):
    with running(OdooServer(SnapshotReader(DATA))) as server:
        wire = ChosenWire(settings_of(url=server.url, protocol="odoorpc"))
        for _ in range(3):
            wire.call("res.partner", "search_count", domain=[])
        assert server.logins == 1


@pytest.mark.parametrize(("major", "spoken"), [(17, "jsonrpc"), (18, "jsonrpc"), (19, "json2"), (20, "json2")])
def test_the_servers_version_chooses_the_protocol(settings_of, major, spoken):
    with running(OdooServer(SnapshotReader(DATA), major=major)) as server:
        ChosenWire(settings_of(url=server.url)).call("res.partner", "search_count", domain=[])
        assert server.calls[-1] == (spoken, "res.partner", "search_count")


@pytest.mark.parametrize("content", ["", "  \n", "two\nlines", "schlüssel"])
def test_a_key_file_without_a_key_is_said(settings, key_file, content):
    key_file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingUnusable, match="one line with an API key"):
        ChosenWire(settings).call("res.users", "context_get")
    key_file.unlink()
    with pytest.raises(SettingUnusable, match="cannot be read"):
        ChosenWire(settings).call("res.users", "context_get")


def test_no_key_is_logged(wire, caplog):
    caplog.set_level(logging.DEBUG)
    wire.call("res.partner", "search_count", domain=[])
    assert KEY not in caplog.text
    assert KEY not in "".join(str(record.args) for record in caplog.records)
