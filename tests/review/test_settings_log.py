"""What the service runs with is an entry of the log when it changed, and only then."""

from __future__ import annotations

import json

import pytest

from review import log, settings_log
from review.settings_log import note_prompts, note_settings


def entries(desk, subject: str) -> list[dict]:
    with desk.database.read() as session:
        return [json.loads(entry.content) for entry in log.of_subject(session, subject)]


def test_settings_are_noted_when_they_change_and_without_a_password(desk):
    for url in (None, None, "postgresql://desk:hunter2@db/desk"):
        note_settings(desk.database, desk.settings.model_copy(update={"database_url": url}))
    first, second = entries(desk, "settings")
    assert "data_dir" in first["changed"]
    assert second["changed"] == ["database_url"]
    assert second["after"]["database_url"] == "postgresql://desk:***@db/desk"


def test_prompts_are_noted_by_their_digests(desk, monkeypatch: pytest.MonkeyPatch):
    note_prompts(desk.database)
    note_prompts(desk.database)
    one, *others = settings_log.all_prompts()
    newer = [one.model_copy(update={"digest": "0" * 12}), *others]
    monkeypatch.setattr(settings_log, "all_prompts", lambda: newer)
    note_prompts(desk.database)
    first, second = entries(desk, "prompts")
    assert first["after"][one.name] == one.digest
    assert second["changed"] == [one.name]
