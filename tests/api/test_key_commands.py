"""`triage keys`: made and shown once, listed without secrets, ended by id."""

from __future__ import annotations

import json

from review.api_keys import find_key
from tests.api.test_commands import run


def test_a_key_is_printed_once_and_never_listed(desk):
    folder = desk.settings.data_dir
    made = run("keys", "add", "n8n", "--scope", "email", "--scope", "portal", "--days", "30", "--data-dir", folder)
    assert made.exit_code == 0
    text = made.stdout.strip()
    key = find_key(desk.database, text)
    assert (key.name, key.scopes) == ("n8n", ["email", "portal"])
    listed = run("keys", "list", "--data-dir", folder)
    assert f"{key.id}  active" in listed.output
    assert text.split("_", 2)[2] not in listed.output
    [shown] = json.loads(run("keys", "list", "--json", "--data-dir", folder).output)
    assert (shown["id"], shown["state"]) == (key.id, "active")
    assert run("keys", "revoke", key.id, "--data-dir", folder).exit_code == 0
    assert "revoked" in run("keys", "list", "--data-dir", folder).output


def test_what_cannot_be_done_is_said(desk):
    folder = desk.settings.data_dir
    for words, said in ((("add", "x", "--scope", "all"), "no scope 'all'"), (("revoke", "none"), "no key 'none'")):
        result = run("keys", *words, "--data-dir", folder)
        assert (result.exit_code, said in result.output) == (1, True)
