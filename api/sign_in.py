"""Signing in by a one-time link, out by a button; in the demo also from one person to the other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.security import NotSignedIn, Sessions, Visitor, posting_visitor
from review.database import Database
from review.people import add_person, find_person, new_sign_in_token, redeem_sign_in_token
from review.sessions import SignedInBy
from review.settings import Settings

DEMO_PEOPLE = {"Robin": "supervisor", "Sam": "purchasing"}
router = APIRouter(include_in_schema=False)


def sign_in_link(database: Database, settings: Settings, name: str) -> str:
    """A link that signs `name` in once."""
    return f"{settings.public_url}/sign-in/{new_sign_in_token(database, name, settings.sign_in_hours)}"


def add_demo_people(database: Database) -> None:
    """Two people, so that what one edits the other can approve."""
    for name, role in DEMO_PEOPLE.items():
        if find_person(database, name) is None:
            add_person(database, name, role)


@router.get("/sign-in/{token}")
def sign_in(request: Request, token: str) -> Response:
    sessions: Sessions = request.app.state.sessions
    home = RedirectResponse("/", status_code=303)
    person = redeem_sign_in_token(request.app.state.database, token)
    if person is not None:
        sessions.start(request, home, person, SignedInBy.link)
    elif sessions.read(request) is None:
        raise NotSignedIn
    return home


@router.post("/sign-out")
def sign_out(request: Request, visitor: Annotated[Visitor, Depends(posting_visitor)]) -> Response:
    response = RedirectResponse("/signed-out", status_code=303)
    request.app.state.sessions.end(request, response)
    return response


@router.post("/sign-in-as")
def sign_in_as(
    request: Request, visitor: Annotated[Visitor, Depends(posting_visitor)], name: Annotated[str, Form()]
) -> Response:
    """The demo's people in turn. Outside of the demo there is no such way."""
    person = find_person(request.app.state.database, name) if name in DEMO_PEOPLE else None
    if not request.app.state.settings.demo or person is None:
        raise NotSignedIn
    response = RedirectResponse("/", status_code=303)
    request.app.state.sessions.start(request, response, person, SignedInBy.demo)
    return response
