"""Live changes: a stream of server-sent events that goes on where it was cut, and the same as a list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.endpoints import SignedIn
from api.problems import refusals
from review.database import Database
from review.feed import MOST, Event, events, newest

router = APIRouter(prefix="/api", responses=refusals(401, 403, 422))
LOOK_SECONDS = 1.0
BEAT_SECONDS = 15.0
STREAM_SECONDS = 600.0  # then the browser connects again, and whether it may is asked anew


@router.get("/changes")
def changes(
    request: Request,
    me: SignedIn,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> list[Event]:
    """What came after an event, oldest first."""
    with request.app.state.database.read() as session:
        return events(session, after, limit)


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream(
    request: Request, me: SignedIn, last_event_id: Annotated[str | None, Header(max_length=20)] = None
) -> StreamingResponse:
    """Changes as they happen, from `Last-Event-ID` on, else from now. `reset`: too many were missed; read the list anew."""
    database: Database = request.app.state.database
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else None
    return StreamingResponse(_events(request, database, after), media_type="text/event-stream")


async def _events(request: Request, database: Database, after: int | None) -> AsyncIterator[str]:
    def look(after: int | None) -> tuple[int, list[Event]]:
        with database.read() as session:
            now = newest(session)
            return now, [] if after is None or after >= now else events(session, after, MOST)

    clock = asyncio.get_running_loop().time
    ends, beat = clock() + STREAM_SECONDS, clock()
    stopping = request.app.state.stopping
    while clock() < ends and not stopping() and not await request.is_disconnected():
        now, found = await run_in_threadpool(look, after)
        if after is None or after > now:
            yield f"id: {now}\nevent: hello\ndata: {{}}\n\n"
        elif len(found) == MOST:
            yield f"id: {now}\nevent: reset\ndata: {{}}\n\n"
        else:
            for event in found:
                yield f"id: {event.id}\nevent: change\ndata: {event.model_dump_json()}\n\n"
        if found or after is None:
            beat = clock()
        elif clock() - beat > BEAT_SECONDS:
            beat = clock()
            yield ": still here\n\n"
        after = now
        await asyncio.sleep(LOOK_SECONDS)
