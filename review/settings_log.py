"""What the service runs with stands in the log, once for each change: its settings, and the prompts that models are told.
Secrets are in files, and stay there."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from prompts.library import all_prompts
from review import log
from review.database import Database
from review.schema import LogEntry
from review.settings import Settings


def note_settings(database: Database, settings: Settings) -> None:
    """Adds an entry when the settings are not those of the last one. A password in the database's URL is left out."""
    after = settings.model_dump(mode="json")
    if settings.database_url is not None:
        from sqlalchemy import make_url

        after["database_url"] = make_url(settings.database_url).render_as_string(hide_password=True)
    _note(database, "settings", after)


def note_prompts(database: Database) -> None:
    """Adds an entry when the prompts are not those of the last one: the digest of each, by its name."""
    _note(database, "prompts", {prompt.name: prompt.digest for prompt in all_prompts()})


def _note(database: Database, what: str, after: dict[str, Any]) -> None:
    kind = f"{what}.changed"
    with database.write() as session:
        last = select(LogEntry).where(LogEntry.kind == kind, LogEntry.subject == what)
        newest = session.scalars(last.order_by(LogEntry.seq.desc()).limit(1)).first()
        before = (json.loads(newest.content) or {}).get("after", {}) if newest else {}
        if before != after:
            changed = sorted(name for name in after.keys() | before.keys() if after.get(name) != before.get(name))
            log.append(session, kind, what, {"changed": changed, "after": after})
