"""Routes whose POSTs may be repeated: with the same `Idempotency-Key`, the first answer is given again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from api.security import NotSignedIn, identify
from review import answers, log
from review.answers import Answer

HEADER = "Idempotency-Key"
LONGEST_KEY = 200


class RepeatableRoute(APIRoute):
    """A route class for `APIRouter(route_class=…)`. Keys are the caller's own: two people may use the same one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await handle(request)
            if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
                raise HTTPException(422, f"An {HEADER} has 1 to {LONGEST_KEY} visible characters.")
            return await _once(request, key, handle)

        return once


async def _once(request: Request, key: str, handle: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
    me = await run_in_threadpool(identify, request)
    if me is None:
        raise NotSignedIn
    database, caller = request.app.state.database, me.person.name
    body = (await request.body()).decode("latin-1")
    seen = request.headers.get("if-match", "")
    asked = log.sha256(log.canonical([request.url.path, request.url.query, seen, body]))
    known = await run_in_threadpool(answers.begin, database, caller, key, asked)
    if known is not None:
        return Response(known.body, known.status, {"Idempotency-Replayed": "true"}, media_type="application/json")
    try:
        response = await handle(request)
    except BaseException:
        await run_in_threadpool(answers.forget, database, caller, key)
        raise
    answer = Answer(response.status_code, bytes(response.body).decode())
    await run_in_threadpool(answers.finish, database, caller, key, answer)
    return response
