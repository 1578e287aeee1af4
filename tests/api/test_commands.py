"""The command line: what it does, and one sentence with a next step where it cannot."""

from __future__ import annotations

import json
import socket
import threading
from io import StringIO
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from api.commands import app
from review.settings import Settings
from tests.review.desk import START, ScriptedEngine, date_change, mail
from tools.message import Channel
from tools.message_files import find_inbound


def run(*args: object):
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture
def filled(desk) -> Path:
    """A data directory with one message and its proposal."""
    desk.take(mail(), ScriptedEngine(date_change()))
    return desk.settings.data_dir


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.json"
    path.write_text("{}")
    return path


def test_ingest_keeps_each_message_once(tmp_path):
    """Mails, mailboxes, portal posts and carrier events, from files and folders."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.eml").write_bytes(mail())
    (tmp_path / "in" / "deep" / "same.EML").write_bytes(mail())
    (tmp_path / "in" / "b.json").write_text('{"provider": "generic", "payload": {}}')
    (tmp_path / "in" / "notes.txt").write_text("not a message")
    result = run("ingest", tmp_path / "in", "--data-dir", tmp_path / "data")
    assert (result.exit_code, result.output) == (0, "2 messages kept; `triage serve` triages them.\n")


def test_the_kind_and_time_of_a_file_are_read_from_it(tmp_path):
    """A mail's Date, a portal post's date (UTC); a carrier event names its provider."""
    (tmp_path / "a.eml").write_bytes(mail(Date="Mon, 23 Nov 2026 09:00:00 +0100"))
    (tmp_path / "b.json").write_text('{"model": "purchase.order", "date": "2026-11-23 08:00:00"}')
    (tmp_path / "c.json").write_text('{"provider": "karrio"}')
    (tmp_path / "d.json").write_text("broken {")
    box = b"".join(b"From x Mon Nov 23 08:00:00 2026\n" + mail(text=f"{n}") + b"\n" for n in range(2))
    (tmp_path / "e.mbox").write_bytes(box)
    found = list(find_inbound([tmp_path]))
    assert [m.channel for m in found] == [
        Channel.email,
        Channel.portal,
        Channel.carrier,
        Channel.portal,
        Channel.email,
        Channel.email,
    ]
    assert found[0].received_at == found[1].received_at == START
    assert all(m.received_at.tzinfo for m in found)


@pytest.mark.parametrize("id_of", ["message", "proposal"])
def test_show_prints_a_message_or_proposal(desk, filled, id_of):
    """By the start of its id, for people or as JSON."""
    whole = json.loads(run("show", desk.propose(), "--json", "--data-dir", filled).output)["message"]["id"]
    wanted = whole[:12] if id_of == "message" else f"{whole[:20]}-0"
    text = run("show", wanted, "--data-dir", filled).output
    assert "Delivery date change · Purchase order P00041" in text
    assert "2026-12-01 → 2026-12-14" in text
    assert json.loads(run("show", wanted, "--json", "--data-dir", filled).output)["kind"] == id_of


def test_markup_of_a_sender_is_not_markup_in_the_terminal(desk):
    """Neither Rich's brackets nor escape sequences reach the terminal."""
    proposal_id = desk.propose(date_change(reasons=["[bold red]x[/] \x1b[2J"]))
    output = run("show", proposal_id, "--data-dir", desk.settings.data_dir).output
    assert "[bold red]x[/] ⟦U+001B⟧[2J" in output
    assert "\x1b" not in output


def test_audit_verify_tells_by_its_exit_code(desk, filled):
    """0 while the chain is whole, 1 when it is broken, with the entry."""
    whole = run("audit", "verify", "--data-dir", filled)
    assert (whole.exit_code, whole.output.split(":")[0]) == (0, "The chain is whole")
    assert json.loads(run("audit", "verify", "--json", "--data-dir", filled).output)["problems"] == []
    desk.database.head.path.write_text('{"seq": 50, "entry_hash": "x"}')
    broken = run("audit", "verify", "--data-dir", filled)
    assert broken.exit_code == 1
    assert "Entry 50" in broken.output


def test_sign_in_prints_a_link_and_adds_the_person(tmp_path):
    """Whoever may run the command on the machine may let people in."""
    result = run("sign-in", "Ann", "--role", "purchasing", "--data-dir", tmp_path)
    assert result.output.startswith("http://127.0.0.1:8080/sign-in/")
    assert run("sign-in", "Ann", "--role", "king", "--data-dir", tmp_path).exit_code == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["ingest", "{folder}/mial.eml"], "Did you mean {folder}/mail.eml?"),
        (["ingest", "{folder}/notes.txt"], "is none of .eml, .json, .mbox"),
        (["message", "{folder}/mail.eml"], "give a snapshot with --records"),
        (["message", "{folder}/mial.eml", "--records", "{folder}/records.json"], "Did you mean"),
        (["message", "{folder}/mail.eml", "--records", "{folder}/record.json"], "record.json"),
        (["serve", "--data-dir", "{folder}/data"], "give a snapshot with --records"),
        (["audit", "verify", "--data-dir", "{folder}/nowhere"], "There is no desk in"),
        (["show", "abc", "--data-dir", "{folder}/nowhere"], "There is no desk in"),
        (["ingest", "{folder}/mail.eml", "--data-dir", "{folder}/mail.eml/x"], "Check the path"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path, records, args, says):
    """Exit code 1, the cause and the next step, and no trace."""
    (tmp_path / "mail.eml").write_bytes(mail())
    (tmp_path / "notes.txt").write_text("x")
    result = run(*[a.format(folder=tmp_path) for a in args])
    assert result.exit_code == 1
    assert says.format(folder=tmp_path) in result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_folder_without_permission_is_named(tmp_path, monkeypatch):
    """The file system's refusal, with the place."""

    def refuse(*args, **more):
        raise PermissionError(13, "Permission denied", str(tmp_path / "locked"))

    monkeypatch.setattr("review.database.open_database", refuse)
    result = run("ingest", tmp_path, "--data-dir", tmp_path / "locked")
    assert result.exit_code == 1
    assert f"No permission for {tmp_path / 'locked'}" in result.output


def test_settings_that_cannot_be_used_are_named(tmp_path, monkeypatch):
    """With the variable, or the database's own words."""
    monkeypatch.setenv("TRIAGE_PORT", "eighty")
    assert "TRIAGE_PORT: Input should be a valid integer" in run("sign-in", "Ann", "--data-dir", tmp_path).output
    monkeypatch.setenv("TRIAGE_PORT", "80")
    (tmp_path / "triage.db").write_text("this is not a database, but a text of some length" * 50)
    result = run("sign-in", "Ann", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "The database cannot be used: file is not a database" in result.output


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_port_that_cannot_be_is_refused_with_its_bound(command):
    result = run(command, "--port", 99999)
    assert result.exit_code == 2
    assert "65535" in result.output


def test_training_prints_the_digest_of_each_model(tmp_path, monkeypatch):
    """It passes on what to keep and where to keep embeddings."""
    asked = {}

    def train(**given):
        given.pop("progress")("fitting")
        asked.update(given)
        return {"calibration.json": "0123456789ab"}

    monkeypatch.setattr("evals.training.train", train)
    result = run("train", "--keep-intents", "--cache", tmp_path / "vectors")
    assert result.stdout == "calibration.json  0123456789ab\n"
    assert asked == {"cache": tmp_path / "vectors", "keep_intents": True}


def test_a_port_in_use_is_said_before_anything_is_loaded(tmp_path, records):
    """With the option that helps."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--records", records, "--data-dir", tmp_path, "--port", port)
    assert result.exit_code == 1
    assert f"Cannot listen at 127.0.0.1:{port}" in result.output
    assert "--port" in result.output


def test_the_demo_serves_half_and_the_rest_arrives(tmp_path, monkeypatch):
    """One link signs the visitor in; messages come one by one while the desk is open."""
    from api import serving
    from api.listening import claim_port

    settings = Settings(data_dir=tmp_path / "demo", port=0, demo=True)
    output = StringIO()
    monkeypatch.setattr(serving.uvicorn.Server, "install_signal_handlers", lambda self: None, raising=False)
    seen: dict[str, object] = {}

    def visit(app, listener):
        server = serving.uvicorn.Server(serving.uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        link = next(line for line in output.getvalue().splitlines() if "/sign-in/" in line)
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            seen["page"] = client.get(link).text
            base = settings.public_url
            first = client.get(f"{base}/api/pulse").json()
            seen["first"] = sum(first["counts"].values())
            for _ in range(600):
                now = client.get(f"{base}/api/pulse").json()
                if sum(now["counts"].values()) > seen["first"] + 2:
                    break
                threading.Event().wait(0.05)
            seen["later"] = sum(now["counts"].values())
        server.should_exit = True
        thread.join(timeout=20)

    monkeypatch.setattr(serving, "run", visit)
    serving.serve_demo(
        settings,
        claim_port(settings),
        Console(file=output),
        arrive_every=0.01,
        browser=False,
        build=lambda reader: ScriptedEngine(date_change()),
    )
    assert "Delivery date change" in str(seen["page"])
    assert seen["first"] >= 6
    assert seen["later"] > seen["first"]
