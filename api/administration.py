"""Pages for administrators: people with their roles, and the keys of machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.security import Visitor, require, require_post
from api.sign_in import sign_in_link
from api.templating import page
from review.api_keys import DOORS, KeyRefused, add_key, list_keys, revoke_key
from review.api_keys import Scope as Door
from review.people import (
    PersonError,
    add_person,
    disable_person,
    find_person,
    list_people,
    place_person,
    reset_person,
)
from review.roles import Scope, roles
from review.visibility import companies_named, teams_named

router = APIRouter(include_in_schema=False)
Administrator = Annotated[Visitor, Depends(require(Scope.administer))]
Posting = Annotated[Visitor, Depends(require_post(Scope.administer))]
Named = Annotated[str, Form(max_length=200)]
Listed = Annotated[str, Form(max_length=2000)]
MOST_DAYS = 3650


@router.get("/people")
def people(request: Request, me: Administrator) -> Response:
    return _people(request, me)


@router.post("/people")
def add(
    request: Request,
    me: Posting,
    name: Named,
    role: Annotated[list[str], Form()],
) -> Response:
    """Adds a person or changes one's roles; a new one gets a link to sign in with."""
    database, name = request.app.state.database, name.strip()

    def added() -> str | None:
        new = find_person(database, name) is None
        add_person(database, name, *role)
        return sign_in_link(database, request.app.state.settings, name) if new else None

    return _done(request, me, name, added)


@router.post("/people/place")
def place(
    request: Request, me: Posting, name: Named, teams: Listed = "", owns: Listed = "", companies: Listed = ""
) -> Response:
    """Says which teams a person is in and sees to, and whose companies' items they see."""
    database, given = request.app.state.database, {"teams": teams, "owns": owns, "companies": companies}

    def placed() -> None:
        place_person(database, name, me.person.name, **{kind: names.split(",") for kind, names in given.items()})

    return _done(request, me, name, placed)


@router.post("/people/disable")
def disable(request: Request, me: Posting, name: Named) -> Response:
    return _done(request, me, name, lambda: disable_person(request.app.state.database, name, me.person.name))


@router.post("/people/reset")
def reset(request: Request, me: Posting, name: Named) -> Response:
    """Ends everything that lets a person in, and shows a new link."""
    database = request.app.state.database

    def renewed() -> str:
        reset_person(database, name, me.person.name)
        return sign_in_link(database, request.app.state.settings, name)

    return _done(request, me, name, renewed)


@router.get("/keys")
def keys(request: Request, me: Administrator) -> Response:
    return _keys(request, me)


@router.post("/keys")
def add_a_key(
    request: Request,
    me: Posting,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    door: Annotated[list[Door], Form()],
    days: Annotated[float, Form(gt=0, le=MOST_DAYS)] = 365,
) -> Response:
    try:
        _, text = add_key(request.app.state.database, name, door, days)
    except KeyRefused as error:
        return _keys(request, me, alert=f"{error} People make such keys on Your account.", status=422)
    return _keys(request, me, made=text)


@router.post("/keys/{key_id}/revoke")
def revoke(request: Request, me: Posting, key_id: str) -> Response:
    revoke_key(request.app.state.database, key_id)
    return RedirectResponse("/keys", status_code=303)


def _done(request: Request, me: Visitor, name: str, work: Callable[[], str | None]) -> Response:
    try:
        link = work()
    except PersonError as error:
        return _people(request, me, alert=str(error), status=422)
    # A link is shown once, in the answer itself: it must not stand in an address.
    return _people(request, me, link=link, name=name) if link else RedirectResponse("/people", status_code=303)


def _people(request: Request, me: Visitor, *, status: int = 200, **shown: str | None) -> Response:
    database = request.app.state.database
    listed = list_people(database)
    with database.read() as session:
        known = {"known_teams": teams_named(session), "known_companies": companies_named(session)}
    return page(request, "people.html", status=status, me=me, people=listed, roles=roles(), **known, **shown)


def _keys(request: Request, me: Visitor, *, status: int = 200, **shown: str | None) -> Response:
    listed = list_keys(request.app.state.database)
    return page(request, "keys.html", status=status, me=me, keys=listed, doors=DOORS, **shown)
