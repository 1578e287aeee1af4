"""`triage user …`, as an operator types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from api.commands import app


@pytest.fixture
def triage(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path))
    return lambda *words: CliRunner().invoke(app, ["user", *words])


def test_a_person_is_added_listed_reset_and_disabled(triage):
    added = triage("add", "Ann", "--role", "reviewer", "--role", "manager")
    assert (added.exit_code, "/sign-in/" in added.output) == (0, True)
    (ann,) = json.loads(triage("list", "--json").output)
    assert (ann["name"], ann["role"], ann["other_roles"], ann["active"]) == ("Ann", "reviewer", ["manager"], True)
    assert "/sign-in/" in triage("reset", "Ann").output
    assert triage("disable", "Ann").exit_code == 0
    assert "disabled" in triage("list").output


def test_a_mistake_is_said_in_a_sentence(triage):
    triage("add", "Ann")
    for words, said in ((("add", "Bo", "--role", "king"), "no role 'king'"), (("reset", "Eve"), "nobody called 'Eve'")):
        result = triage(*words)
        assert result.exit_code == 1
        assert said in str(result.exception) + result.output
