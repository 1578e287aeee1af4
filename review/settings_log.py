"""The settings that the service runs with stand in the log, once for each change. Secrets are in files, and stay there."""

from __future__ import annotations

import json

from sqlalchemy import select

from review import log
from review.database import Database
from review.schema import LogEntry
from review.settings import Settings

KIND = "settings.changed"


def note_settings(database: Database, settings: Settings) -> None:
    """Adds an entry when the settings are not those of the last one. A password in the database's URL is left out."""
    after = settings.model_dump(mode="json")
    if settings.database_url is not None:
        from sqlalchemy import make_url

        after["database_url"] = make_url(settings.database_url).render_as_string(hide_password=True)
    with database.write() as session:
        last = select(LogEntry).where(LogEntry.kind == KIND, LogEntry.subject == "settings")
        newest = session.scalars(last.order_by(LogEntry.seq.desc()).limit(1)).first()
        before = (json.loads(newest.content) or {}).get("after", {}) if newest else {}
        if before != after:
            changed = sorted(name for name in after.keys() | before.keys() if after.get(name) != before.get(name))
            log.append(session, KIND, "settings", {"changed": changed, "after": after})
