"""What has changed on the desk, in order: the log's own entries, by their numbers."""

from __future__ import annotations

import json

from pydantic import BaseModel
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from review.schema import LogEntry
from review.visibility import seen_subjects

MOST = 500
SHOWN = ("proposal.", "message.")


class Event(BaseModel):
    """One change. `id` is the entry's number: whoever has it asks for what came after. `subject` is the id of the
    proposal or message, `who` the person who did it, if one did."""

    id: int
    kind: str
    subject: str
    who: str | None


def newest(session: Session) -> int:
    """The number of the newest entry."""
    return session.execute(select(func.coalesce(func.max(LogEntry.seq), 0))).scalar_one()


def events(session: Session, after: int, limit: int = MOST) -> list[Event]:
    """What came after an entry, oldest first, of what the session's person sees."""
    shown = or_(*(LogEntry.kind.startswith(kind, autoescape=True) for kind in SHOWN))
    query = select(LogEntry).where(LogEntry.seq > after, shown).order_by(LogEntry.seq).limit(limit)
    found = session.scalars(query.options(joinedload(LogEntry.said))).all()
    seen = seen_subjects(session, [entry.subject for entry in found])
    return [
        Event(id=entry.seq, kind=entry.kind, subject=entry.subject, who=(json.loads(entry.content) or {}).get("who"))
        for entry in found
        if entry.subject in seen
    ]
