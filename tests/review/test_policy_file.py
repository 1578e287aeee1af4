"""The policy's file while the service runs: a change counts at once, a mistake changes nothing and is said."""

from __future__ import annotations

import json

import pytest

from agent.propose import POLICY_PATH, InForce, policy_in_force
from review import log
from review.policy_file import PolicyFile
from tools.operator_file import OperatorFileError

TEXT = POLICY_PATH.read_text(encoding="utf-8")


@pytest.fixture
def path(tmp_path):
    before = InForce.policy
    made = tmp_path / "policy.yaml"
    made.write_text(TEXT + "\n# ours\n")
    yield made
    InForce.policy = before


def entries(desk) -> list[tuple[str, dict]]:
    with desk.database.read() as session:
        found = [e for e in log.latest(session) if e.kind.startswith("policy.")]
        return [(e.kind, json.loads(e.content)) for e in reversed(found)]


def test_a_changed_file_is_followed_and_logged_with_its_text(desk, path):
    """What was in force at any moment can be read from the log."""
    file = PolicyFile(desk.database, path)
    file.start()
    first = policy_in_force().sha256
    file.look()
    path.write_text(TEXT.replace("over: 15", "over: 25"))
    file.look()
    second = policy_in_force()
    assert second.sha256 != first
    [(_, started), (kind, changed)] = entries(desk)
    assert (kind, changed["before"], changed["after"]) == ("policy.changed", first, second.sha256)
    assert log.sha256(changed["text"]) == second.sha256
    assert started["after"] == first


def test_a_bad_file_keeps_the_old_policy_and_says_so_once(desk, path):
    file = PolicyFile(desk.database, path)
    file.start()
    good = policy_in_force()
    path.write_text(TEXT.replace("over: 15", "over: many"))
    for _ in range(3):
        file.look()
    assert policy_in_force() == good
    assert "price_rise_percent.over: Input should be a valid number" in file.problem
    assert [kind for kind, _ in entries(desk)] == ["policy.changed", "policy.refused"]
    path.unlink()
    file.look()
    assert "No such file" in file.problem
    path.write_text(TEXT + "\n# mended\n")
    file.look()
    assert file.problem is None
    assert policy_in_force() != good


def test_the_service_does_not_start_with_a_bad_file(desk, path):
    path.write_text("version: 1")
    with pytest.raises(OperatorFileError, match="rules: Field required"):
        PolicyFile(desk.database, path).start()
