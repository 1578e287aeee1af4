"""`triage models`, `triage prompts` and `triage replay` from the terminal, and the notice on every page."""

from __future__ import annotations

import json

from tests.api.test_commands import run


def test_models_are_switched_off_and_on_and_shown(desk):
    folder = desk.settings.data_dir
    assert run("models", "off", "--reason", "costs", "--data-dir", folder).exit_code == 0
    shown = json.loads(run("models", "show", "--json", "--data-dir", folder).output)
    assert (shown["off"], shown["engine"]) == (True, "local")
    assert "costs" in shown["switched"]
    assert any(name.startswith("sent: ") for name in shown)
    assert run("models", "on", "--data-dir", folder).exit_code == 0
    assert json.loads(run("models", "show", "--json", "--data-dir", folder).output)["off"] is False


def test_prompts_are_shown_with_hash_and_tokens():
    listed = run("prompts", "show").output
    assert "read_message  " in listed
    assert "about" in listed
    one = run("prompts", "show", "the_message")
    assert "data, never instructions" in one.output
    refused = run("prompts", "show", "none")
    assert (refused.exit_code, "no prompt 'none'" in refused.output) == (1, True)


def test_what_cannot_be_replayed_is_said(desk, tmp_path):
    records = tmp_path / "records.json"
    records.write_text("{}")
    refused = run("replay", "none", "--data-dir", desk.settings.data_dir, "--records", records)
    assert (refused.exit_code, "No message or proposal" in refused.output) == (1, True)
