"""What every answer carries and every request must show: a strict content policy; a session, a CSRF token, a scope."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, Response
from pydantic import BaseModel

from review import log
from review.api_keys import InvalidKey, find_key, person_of
from review.api_keys import Scope as Door
from review.database import Database
from review.people import Person
from review.roles import Scope
from review.sessions import SignedInBy, end_session, find_session, start_session
from review.settings import Settings
from review.visibility import is_bound, looking_as, seen_subjects

COOKIE = "triage_session"
CSRF_HEADER = "X-CSRF-Token"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class NotSignedIn(Exception):
    """Nobody is signed in, or the session ended."""


class CrossSite(Exception):
    """A POST without the page's own token: another site may have sent it."""


class Visitor(BaseModel):
    """Who is signed in, and the token that their pages carry."""

    person: Person
    csrf: str

    @property
    def by_key(self) -> bool:
        return self.person.key is not None


class Sessions:
    """The cookie that holds a session's secret. What it opens is decided by the row, so that a session can be ended."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings

    def start(self, request: Request, response: Response, person: Person, by: SignedInBy) -> None:
        hours = self._settings.session_hours
        client = request.headers.get("user-agent", "")
        response.set_cookie(
            COOKIE,
            start_session(self._database, person, hours, by, client),
            max_age=hours * 3600,
            httponly=True,
            samesite="lax",
            secure=self._settings.secure_cookies,
            path="/",
        )

    def end(self, request: Request, response: Response) -> None:
        end_session(self._database, request.cookies.get(COOKIE, ""))
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=self._settings.secure_cookies)

    def read(self, request: Request) -> Visitor | None:
        """The visitor of a request; None without a session that is open and of a person who may still sign in."""
        secret = request.cookies.get(COOKIE, "")
        person = find_session(self._database, secret) if secret else None
        return Visitor(person=person, csrf=log.sha256(f"csrf:{secret}")) if person else None


async def visitor(request: Request) -> Visitor:
    """The signed-in visitor, with whose eyes the request reads from here on; under /api also by a key. Raises NotSignedIn;
    answers 401 to a key that opens nothing and 403 to one that may not read."""
    from fastapi.concurrency import run_in_threadpool

    found = await run_in_threadpool(identify, request)
    if found is None:
        raise NotSignedIn
    if found.by_key and request.method == "GET" and Door.read not in (found.person.limited_to or ()):
        raise HTTPException(403, "This key is not for reading: it needs the scope read.")
    looking_as(found.person)
    named = [request.path_params[name] for name in ("proposal_id", "message_id") if name in request.path_params]
    if named and is_bound(found.person):
        await run_in_threadpool(_refuse_unseen, request.app.state.database, named)
    return found


def identify(request: Request) -> Visitor | None:
    """By a key in `Authorization: Bearer …` under /api, else by the session's cookie."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not request.url.path.startswith("/api/"):
        sessions: Sessions = request.app.state.sessions
        return sessions.read(request)
    database: Database = request.app.state.database
    try:
        person = person_of(database, find_key(database, shown.strip()))
    except InvalidKey as error:
        raise HTTPException(401, str(error), {"WWW-Authenticate": 'Bearer realm="api"'}) from error
    return Visitor(person=person, csrf="")


def _refuse_unseen(database: Database, named: list[str]) -> None:
    """Answers 404 where the address names an item or message that the person who is looking does not see."""
    with database.read() as session:
        if not seen_subjects(session, named):
            raise HTTPException(404)


async def posting_visitor(request: Request) -> Visitor:
    """The visitor of a POST that came from our own pages, or with a key. Raises NotSignedIn or CrossSite."""
    found = await visitor(request)
    if found.by_key:
        return found  # no browser sends a key by itself
    refuse_other_sites(request)
    token = request.headers.get(CSRF_HEADER)
    if token is None and not request.headers.get("content-type", "").startswith("application/json"):
        token = str((await request.form()).get("csrf", ""))
    if not hmac.compare_digest((token or "").encode(), found.csrf.encode()):
        raise CrossSite
    return found


def refuse_other_sites(request: Request) -> None:
    """Raises CrossSite where the browser says that another site's page sent the request."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise CrossSite


def require(scope: Scope) -> Callable[[Visitor], Visitor]:
    """A dependency: the signed-in visitor, who must have the scope. Answers 403 to others."""

    def allowed(me: Annotated[Visitor, Depends(visitor)]) -> Visitor:
        return _with(scope, me)

    return allowed


def require_post(scope: Scope) -> Callable[[Visitor], Visitor]:
    """The same for a POST that came from our own pages."""

    def allowed(me: Annotated[Visitor, Depends(posting_visitor)]) -> Visitor:
        return _with(scope, me)

    return allowed


def _with(scope: Scope, me: Visitor) -> Visitor:
    if scope not in me.person.scopes:
        held = ", ".join(me.person.roles)
        why = f"This needs a role that may {scope}; you are {held}. Whoever administers the desk can give you one."
        if me.by_key and scope not in (me.person.limited_to or ()):
            why = f"This needs a key with the scope {scope}."
        raise HTTPException(403, why)
    return me


def wants_json(request: Request) -> bool:
    """Whether the caller is a machine, or a page's own script, and not a person who follows a link."""
    return "application/json" in request.headers.get("accept", "")


async def add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Middleware: the same protective headers on every answer; pages are never kept by caches."""
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.url.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
