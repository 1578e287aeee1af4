"""`triage handoff`: what the operator sees of what left the desk, and does about what did not."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from api.commands import app
from review import outbox
from review.outbox import Outcome
from review.targets import Target
from tests.review.desk import Desk
from tests.review.receiver import SECRET
from tests.review.test_outbox import approved, handoffs


@pytest.fixture
def dead(tmp_path, monkeypatch) -> str:
    """A desk with one dead letter; gives its event's id."""
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "handoff.yaml").write_text(
        f"targets:\n  erp:\n    url: https://erp.example/\n    secret_file: {tmp_path / 'secret'}\n"
    )
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TRIAGE_HANDOFF", str(tmp_path / "handoff.yaml"))
    desk = Desk(tmp_path / "data")
    target = Target(url="https://erp.example/", secret_file=tmp_path / "secret", attempts=1)
    outbox.register(desk.database, {"erp": target})
    approved(desk)
    outbox.settle(
        desk.database, outbox.take(desk.database, "erp", target), target, Outcome(422, "It answers 422: no line 97")
    )
    [row] = handoffs(desk)
    desk.database.close()
    return row.id


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["handoff", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_dead_letter_is_listed_with_its_reason_and_replayed_once(dead):
    assert f"{dead}  " in (shown := run("list", "--state", "dead"))
    assert "no line 97" in shown
    run("replay", dead)
    assert "has no dead letter" in run("replay", dead, code=1)
    [row] = json.loads(run("list", "--json"))["handoffs"]
    assert (row["id"], row["state"], row["delivery"], row["attempts"]) == (dead, "waiting", "waiting", 0)


def test_a_dead_letter_is_dropped_once(dead):
    run("drop", dead)
    assert "has no dead letter" in run("drop", dead, code=1)
    assert "dropped" in run("list")


def test_a_rotation_prints_the_new_secret_and_keeps_the_old(dead, tmp_path):
    printed = run("rotate", "erp", "--hours", "2").splitlines()[-1]
    lines = (tmp_path / "secret").read_text().splitlines()
    assert lines[0] == printed
    assert lines[1].startswith(f"{SECRET} until ")
    assert "has no target 'n8n'. It has: erp" in run("rotate", "n8n", code=1)


def test_an_unreadable_secret_is_said_in_a_sentence(dead, tmp_path):
    (tmp_path / "secret").write_text("?\n")
    assert "line 1 is not `whsec_` and Base64" in run("rotate", "erp", code=1)
