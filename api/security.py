"""What every answer carries and every POST must show: a strict content policy, a session, a CSRF token."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import BaseModel

from review.people import Person, find_person
from review.settings import Settings

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


class Sessions:
    """Signed cookies: they name a person and a CSRF token, and end after `session_hours`."""

    def __init__(self, settings: Settings) -> None:
        self._signer = URLSafeTimedSerializer(settings.session_secret(), salt="session")
        self._seconds = settings.session_hours * 3600
        self._secure = settings.secure_cookies

    def start(self, response: Response, person: Person) -> None:
        value = self._signer.dumps({"user": person.name, "csrf": secrets.token_urlsafe(24)})
        response.set_cookie(
            COOKIE, value, max_age=self._seconds, httponly=True, samesite="lax", secure=self._secure, path="/"
        )

    def end(self, response: Response) -> None:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=self._secure)

    def read(self, request: Request) -> Visitor | None:
        """The visitor of a request; None without a valid session of a person who may still sign in."""
        try:
            held = self._signer.loads(request.cookies.get(COOKIE, ""), max_age=self._seconds)
        except BadData:
            return None
        person = find_person(request.app.state.database, held["user"])
        return Visitor(person=person, csrf=held["csrf"]) if person else None


def visitor(request: Request) -> Visitor:
    """The signed-in visitor. Raises NotSignedIn."""
    sessions: Sessions = request.app.state.sessions
    found = sessions.read(request)
    if found is None:
        raise NotSignedIn
    return found


async def posting_visitor(request: Request) -> Visitor:
    """The signed-in visitor of a POST that came from our own pages. Raises NotSignedIn or CrossSite."""
    from fastapi.concurrency import run_in_threadpool

    found = await run_in_threadpool(visitor, request)
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise CrossSite
    token = request.headers.get(CSRF_HEADER)
    if token is None and not request.headers.get("content-type", "").startswith("application/json"):
        token = str((await request.form()).get("csrf", ""))
    if not hmac.compare_digest((token or "").encode(), found.csrf.encode()):
        raise CrossSite
    return found


async def add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Middleware: the same protective headers on every answer; pages are never kept by caches."""
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.url.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
