"""What happens while a page is open, as server-sent events: each log entry once, also after a lost connection.

The number of a log entry is the event's id. A browser that comes back sends the last one it saw (`Last-Event-ID`) and
is told what it missed. Pages ask again for what they show; the events only say that there is something to ask for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel
from sqlalchemy import select

from api.endpoints import SignedIn
from review.database import Database
from review.schema import LogEntry

router = APIRouter(include_in_schema=False)
EVERY_SECONDS = 1.0
STREAM_SECONDS = 60.0  # then the browser comes back by itself, and whether it is still signed in is asked again
MOST = 200

Seq = Annotated[int, Query(ge=0, le=2**53)]


class News(BaseModel):
    """What happened. `subjects` are the ids of proposals and messages; `more`: so much that not all are named."""

    subjects: list[str]
    more: bool


@router.get("/api/live", response_class=EventSourceResponse)
async def live(
    request: Request,
    me: SignedIn,
    after: Seq = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**53)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Events named `news` for what was logged after entry `after`, or after the one that `Last-Event-ID` names."""
    state = request.app.state
    seen = after if last_event_id is None else last_event_id
    ends = time.monotonic() + STREAM_SECONDS
    yield ServerSentEvent(comment="connected", retry=1000)
    while time.monotonic() < ends and not state.stopping():
        entries = await run_in_threadpool(_since, state.database, seen)
        if entries:
            seen = entries[-1][0]
            subjects = list(dict.fromkeys(subject for _, subject in entries))
            yield ServerSentEvent(event="news", id=str(seen), data=News(subjects=subjects, more=len(entries) == MOST))
        await asyncio.sleep(EVERY_SECONDS)


def _since(database: Database, seq: int) -> list[tuple[int, str]]:
    with database.read() as session:
        query = select(LogEntry.seq, LogEntry.subject).where(LogEntry.seq > seq).order_by(LogEntry.seq).limit(MOST)
        return [(row.seq, row.subject) for row in session.execute(query)]
