"""`triage odoo …`, and a service that does not start with an account that can write."""

from __future__ import annotations

import ast
import json

import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.commands import app
from review.database import open_database
from review.exclusive import exclusive
from review.people import add_person
from review.settings import Settings, SettingsError
from tests.api.conftest import Browser
from tests.api.test_pages import text_of
from tests.tools.odoo.odoo_server import DATABASE, KEY, LOGIN, OdooServer, running
from tests.tools.reading_records import DATA
from tools.odoo.access import MODELS
from tools.snapshot import SnapshotReader

COMPANY = {**DATA, "res.company": [{"id": 1, "name": "Fjell AS"}]}


@pytest.fixture
def odoo(monkeypatch, tmp_path):
    key = tmp_path / "odoo.key"
    key.write_text(KEY)
    with running(OdooServer(SnapshotReader(COMPANY))) as server:
        named = {"URL": server.url, "DATABASE": DATABASE, "LOGIN": LOGIN, "KEY_FILE": str(key), "TIMEOUT": "5"}
        for name, value in named.items():
            monkeypatch.setenv(f"TRIAGE_ODOO_{name}", value)
        monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path / "data"))
        yield server


def triage(*words: str):
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


class TestCheck:
    def test_all_is_well(self, odoo):
        run = triage("odoo", "check")
        assert run.exit_code == 0
        assert "Odoo 18.0" in run.output
        assert "Companies: Fjell AS" in run.output
        assert "the account cannot write" in run.output

    def test_an_account_that_can_write_is_an_error(self, odoo):
        odoo.groups = frozenset({"base.group_user"})
        run = triage("odoo", "check", "--json")
        assert run.exit_code == 1
        assert json.loads(run.stdout)["can_write"] is True
        assert "internal user" in json.loads(run.stdout)["problems"][0]

    def test_no_answer_and_no_login_are_one_sentence(self, odoo, monkeypatch):
        odoo.key = "another"
        run = triage("odoo", "check")
        assert (run.exit_code, "does not accept the login" in run.output) == (1, True)
        monkeypatch.setenv("TRIAGE_ODOO_URL", "http://127.0.0.1:1")
        run = triage("odoo", "check")
        assert (run.exit_code, "gives no whole answer" in run.output) == (1, True)

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("URL", "odoo.example.com", "Give scheme, host and port alone"),
            ("URL", "https://odoo.example.com/odoo", "Give scheme, host and port alone"),
            ("URL", "https://odoo.example.com:99999", "Give scheme, host and port alone"),
            ("LOGIN", "", "TRIAGE_ODOO_LOGIN must be too"),
            ("PROTOCOL", "soap", "TRIAGE_ODOO_PROTOCOL"),
            ("TIMEOUT", "0", "TRIAGE_ODOO_TIMEOUT"),
        ],
    )
    def test_a_setting_that_cannot_be_used_is_named(self, odoo, monkeypatch, name, value, said):
        monkeypatch.setenv(f"TRIAGE_ODOO_{name}", value)
        run = triage("odoo", "check")
        assert run.exit_code == 1
        assert said in run.output


def test_without_an_odoo_the_settings_are_named(monkeypatch):
    monkeypatch.delenv("TRIAGE_ODOO_URL", raising=False)
    run = triage("odoo", "check")
    assert (run.exit_code, "TRIAGE_ODOO_URL, TRIAGE_ODOO_DATABASE" in run.output) == (1, True)


def test_settings_give_the_server():
    settings = Settings(
        odoo_url="https://odoo.example.com/",
        odoo_database="d",
        odoo_login="l",
        odoo_key_file="k",
        odoo_companies=(1, 3),
    )
    assert settings.odoo is not None
    assert (settings.odoo.root, settings.odoo.companies) == ("https://odoo.example.com:443", (1, 3))
    assert Settings(odoo_url=None).odoo is None
    with pytest.raises(SettingsError, match="TRIAGE_ODOO_KEY_FILE"):
        _ = Settings(odoo_url="https://odoo.example.com", odoo_database="d", odoo_login="l").odoo


def test_the_setup_script_is_python_and_names_every_model():
    script = triage("odoo", "setup-script", "--shell").stdout
    listed = next(
        ast.literal_eval(node.value)
        for node in ast.parse(script).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MODELS"
    )
    assert tuple(listed) == MODELS
    steps = triage("odoo", "setup-script").stdout
    assert [model for model in MODELS if f"     {model}\n" not in steps] == []


def test_a_snapshot_is_written(odoo, tmp_path):
    run = triage("odoo", "snapshot", str(tmp_path / "records.json"))
    assert run.exit_code == 0, run.output
    written = SnapshotReader(tmp_path / "records.json")
    assert [row["name"] for row in written.search_read("purchase.order")] == ["P7", "P8", "P9"]


@pytest.mark.parametrize("command", [("sync",), ("snapshot", "records.json")], ids=lambda words: words[0])
class TestReading:
    """What reads many rows proves first that the account cannot write."""

    def test_nothing_is_read_with_an_account_that_writes(self, odoo, monkeypatch, tmp_path, command):
        monkeypatch.chdir(tmp_path)
        odoo.groups = frozenset({"base.group_user"})
        run = triage("odoo", *command)
        assert (run.exit_code, "is an internal user" in run.output) == (1, True)
        assert {method for _, _, method in odoo.calls}.isdisjoint({"search_read", "read"})

    def test_one_that_is_allowed_is_warned_of(self, odoo, monkeypatch, tmp_path, command):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TRIAGE_ODOO_ALLOW_WRITING_ACCOUNT", "true")
        odoo.groups = frozenset({"base.group_user"})
        run = triage("odoo", *command)
        assert (run.exit_code, "is an internal user" in run.output) == (0, True)


def test_two_do_not_read_into_one_mirror_at_once(odoo):
    settings = Settings()
    database = open_database(settings)
    with exclusive(database, "odoo-sync"):
        run = triage("odoo", "sync")
        assert (run.exit_code, "Another process is reading Odoo" in run.output) == (1, True)
    assert triage("odoo", "sync").exit_code == 0
    database.close()


class TestServing:
    def test_an_account_that_can_write_keeps_the_service_from_starting(self, odoo):
        odoo.rights = {"purchase.order": frozenset({"read", "write"})}
        run = triage("serve", "--port", "0")
        assert run.exit_code == 1
        assert "may write purchase.order" in run.output
        assert "TRIAGE_ODOO_ALLOW_WRITING_ACCOUNT" in run.output

    def test_every_page_shows_what_is_to_be_warned_of(self, desk):
        add_person(desk.database, "Robin", "supervisor")
        said = ["The Odoo account 'x' is an internal user."]
        browser = Browser(create_app(desk.settings, database=desk.database, notice=lambda: said[0]), "Robin")
        for path in ("/desk/ready", "/desk/manual", "/log"):
            assert text_of(browser.page(path), ".warning") == f"{said[0]} All alerts"
        said[0] = None
        assert text_of(browser.page("/desk/ready"), ".warning") == ""
