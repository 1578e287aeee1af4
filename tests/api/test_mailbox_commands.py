"""`triage mailbox check` against a real server: what works, what does not, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.commands import app
from review.mail_rows import SourceRows
from tests.mail_server import Dovecot, installed
from tests.review.desk import Desk


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    if not installed():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    server = Dovecot()
    server.deliver(b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n")
    with server.client() as client:
        client.create('"Best&AOQ-tigungen"')
        client.create("Readable")
        client.setacl("Readable", "ann", "lr")
    yield server
    server.close()


@pytest.fixture
def checked(dovecot, tmp_path, monkeypatch):
    """Runs the check over an account on the server, with these fields changed."""
    secret = tmp_path / "secret"
    secret.write_text(Dovecot.password + "\n")
    secret.chmod(0o600)
    monkeypatch.delenv("TRIAGE_MAILBOXES", raising=False)

    def run(*options: str, **given: object) -> Result:
        fields = {
            "host": "127.0.0.1",
            "port": dovecot.tls_port,
            "ca_file": str(dovecot.certificate),
            "user": "ann",
            "password_file": str(secret),
            **given,
        }
        path = tmp_path / "mailboxes.yaml"
        path.write_text(json.dumps({"mailboxes": {"orders": fields}}, ensure_ascii=False))  # JSON is YAML
        where = ["--mailboxes", str(path), "--data-dir", str(tmp_path / "data")]
        return CliRunner().invoke(app, ["mailbox", "check", *where, *options])

    return run


def test_a_mailbox_that_works_is_told_step_by_step(checked):
    done = checked()
    assert done.exit_code == 0
    for said in (
        "TLSv1.3; the certificate holds until",
        "ann is signed in.",
        "The server pushes new mail.",
        "Has MOVE, UIDPLUS, CONDSTORE; lacks nothing.",
        "folder INBOX: 2 messages, UIDVALIDITY",
    ):
        assert said in done.output


def test_the_check_marks_nothing(checked, dovecot):
    checked(after_triage={"seen": True, "move_to": "Bestätigungen"})
    assert not any("Seen" in flags for flags in dovecot.flags())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "no-such-host.invalid"}, "✗ address: There is no host no-such-host.invalid"),
        ({"port": 9}, "✗ connection: 127.0.0.1:9 cannot be reached"),
        ({"ca_file": None}, "✗ connection: 127.0.0.1:"),
        ({"user": "bob"}, "refuses bob: [AUTHENTICATIONFAILED]"),
        ({"password_file": "/nowhere/secret"}, "✗ connection: The secret in /nowhere/secret cannot be read"),
        ({"folders": ["Bestatigungen"]}, "✗ folder Bestatigungen: The folder Bestatigungen cannot be opened"),
        ({"folders": ["Bestatigungen"]}, "Did you mean Bestätigungen?"),
        ({"folders": ["Elsewhere"]}, "There are: Bestätigungen, INBOX, Readable."),
        ({"after_triage": {"move_to": "Done"}}, "✗ folder Done: It is named by `after_triage.move_to` and does not"),
        ({"folders": ["Readable"], "after_triage": {"seen": True}}, "`after_triage` needs the rights s (RFC 4314)"),
    ],
)
def test_what_does_not_work_is_named_with_the_next_step(checked, given, said):
    done = checked(**given)
    assert done.exit_code == 1
    assert said in done.output


def test_a_secret_that_everybody_may_read_is_warned_of(checked, tmp_path):
    (tmp_path / "secret").chmod(0o644)
    done = checked()
    assert f"! secret: Everybody on this machine may read {tmp_path}/secret" in done.output
    assert done.exit_code == 0


def test_the_outcome_can_be_read_by_a_program(checked):
    done = checked("--json", folders=["INBOX", "Elsewhere"])
    levels = {finding["step"]: finding["level"] for finding in json.loads(done.stdout)["orders"]}
    assert (levels["folder INBOX"], levels["folder Elsewhere"]) == ("ok", "failed")


def test_what_the_service_met_is_told_too(checked, tmp_path):
    """The check signs in afresh and may succeed where the running service does not."""
    desk = Desk(tmp_path / "data")
    SourceRows(desk.database, desk.store, "orders", "INBOX").note("The disk is full.")
    desk.database.close()
    assert "! service: The service last found INBOX well: never. Since then: The disk is full." in checked().output


@pytest.mark.parametrize(
    ("fields", "said", "code"),
    [
        ({"kind": "folder", "path": "."}, "✓ folder: 1 messages in", 0),
        ({"kind": "folder", "path": "gone"}, "cannot be read (No such file or directory)", 1),
        ({"kind": "folder", "path": ".", "move_to": "done"}, "✓ move_to: Files are moved to", 0),
        ({"kind": "maildir", "path": "."}, "new cannot be read", 1),
    ],
)
def test_folders_of_files_are_checked_as_well(tmp_path, fields, said, code):
    (tmp_path / "a.eml").write_bytes(b"Subject: 1\n\n")
    (tmp_path / "b.tiff").write_bytes(b"II*")
    placed = {key: str(tmp_path / value) if key != "kind" else value for key, value in fields.items()}
    path = tmp_path / "mailboxes.yaml"
    path.write_text(json.dumps({"mailboxes": {"scans": {**placed, **({"quiet_seconds": 1e-6} if code == 0 else {})}}}))
    done = CliRunner().invoke(app, ["mailbox", "check", "--mailboxes", str(path), "--data-dir", str(tmp_path / "no")])
    assert said in done.output
    assert done.exit_code == code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "No mailboxes are configured: name their file with --mailboxes FILE"),
        (["check", "--mailboxes", "gone.yaml"], "There is no gone.yaml"),
        (["check", "--mailboxes", "bad.yaml"], "bad.yaml, line 2: mailboxes.a.host: Field required"),
        (["check", "other", "--mailboxes", "good.yaml"], "There is no mailbox 'other'. There are: scans."),
    ],
)
def test_a_check_that_cannot_begin_says_why(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRIAGE_MAILBOXES", raising=False)
    Path("bad.yaml").write_text("mailboxes:\n  a: {user: u, password_env: P}\n")
    Path("good.yaml").write_text("mailboxes:\n  scans: {kind: folder, path: .}\n")
    done = CliRunner().invoke(app, ["mailbox", *arguments])
    assert done.exit_code == 1
    assert said in done.output
    assert "Traceback" not in done.output


def test_the_service_does_not_start_with_a_file_that_it_cannot_use(tmp_path, monkeypatch):
    """A mailbox that is silently left out would be mail that nobody reads."""
    path = tmp_path / "mailboxes.yaml"
    path.write_text("mailboxes:\n  orders:\n    host: imap.example.com\n    usr: ann\n    password_env: P\n")
    monkeypatch.setenv("TRIAGE_MAILBOXES", str(path))
    records = Path(__file__).parents[2] / "evals" / "suites" / "demo" / "records.json"
    where = ["--records", str(records), "--data-dir", str(tmp_path / "data"), "--port", "0"]
    done = CliRunner().invoke(app, ["serve", *where])
    assert done.exit_code == 1
    assert "line 4: mailboxes.orders.usr: no such field; see docs/mailbox.md" in done.output
