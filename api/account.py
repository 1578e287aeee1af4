"""Signing in with a password, and what people do for themselves: a new password, and ending sessions elsewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.security import Sessions, Visitor, posting_visitor, refuse_other_sites, visitor
from api.templating import page
from review import passwords
from review.api_keys import DESK, KeyRefused, Scope, add_key, list_keys, revoke_key
from review.people import PersonError, list_people
from review.sessions import SignedInBy, end_session_by_id, sessions_of

router = APIRouter(include_in_schema=False)
HAS = "password"
MOST_DAYS = 366
Mine = Annotated[Visitor, Depends(posting_visitor)]


@router.get("/sign-in")
def sign_in_form(request: Request, onward: str = "/") -> Response:
    if request.app.state.sessions.read(request) is not None:
        return RedirectResponse("/", status_code=303)
    return sign_in_page(request, onward)


@router.post("/sign-in")
def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    onward: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    refuse_other_sites(request)
    try:
        person = passwords.sign_in(request.app.state.database, name.strip(), password)
    except passwords.WrongPassword as error:
        return sign_in_page(request, onward, name=name, alert=str(error), status=401)
    sessions: Sessions = request.app.state.sessions
    response = RedirectResponse(local(onward), status_code=303)
    sessions.start(request, response, person, SignedInBy.password)
    return response


@router.get("/account")
def account(request: Request, me: Annotated[Visitor, Depends(visitor)]) -> Response:
    return _account(request, me)


@router.post("/account/password")
def change_password(
    request: Request,
    me: Mine,
    password: Annotated[str, Form(max_length=1000)],
    again: Annotated[str, Form(max_length=1000)],
    current: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Whoever has a password must know it to change it: a browser left alone must not be enough."""
    database = request.app.state.database
    try:
        if _has_password(request, me):
            passwords.sign_in(database, me.person.name, current)
        if password != again:
            raise PersonError("The two new passwords differ.")
        passwords.set_password(database, me.person.name, password)
    except (PersonError, passwords.WrongPassword) as error:
        said = "The current password is not right." if isinstance(error, passwords.WrongPassword) else str(error)
        return _account(request, me, alert=said, status=422)
    return RedirectResponse("/account", status_code=303)


@router.post("/account/keys")
def make_my_key(
    request: Request,
    me: Mine,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    scope: Annotated[list[Scope], Form()],
    days: Annotated[float, Form(gt=0, le=MOST_DAYS)] = 90,
) -> Response:
    """A key with which a program works on the desk in one's name; shown once."""
    try:
        _, text = add_key(request.app.state.database, name, scope, days, me.person)
    except KeyRefused as error:
        return _account(request, me, alert=str(error), status=422)
    return _account(request, me, made=text)


@router.post("/account/keys/{key_id}/revoke")
def revoke_my_key(request: Request, me: Mine, key_id: str) -> Response:
    revoke_key(request.app.state.database, key_id, me.person)
    return RedirectResponse("/account", status_code=303)


@router.post("/account/sessions/{session_id}/end")
def end_my_session(request: Request, me: Mine, session_id: str) -> Response:
    end_session_by_id(request.app.state.database, me.person, session_id)
    return RedirectResponse("/account", status_code=303)


def sign_in_page(
    request: Request, onward: str = "/", *, name: str = "", alert: str | None = None, status: int = 200
) -> Response:
    provider = request.app.state.settings.oidc_name if request.app.state.settings.oidc_issuer else None
    given = {"onward": local(onward), "name": name, "alert": alert, "provider": provider}
    return page(request, "sign_in.html", status=status, **given)


def local(onward: str) -> str:
    """A path of this site, to go to after signing in; the front page instead of anything else."""
    fine = onward.startswith("/") and not onward.startswith("//") and "\\" not in onward and onward.isprintable()
    return onward if fine and not onward.startswith("/sign-in") else "/"


def _account(
    request: Request, me: Visitor, *, alert: str | None = None, made: str | None = None, status: int = 200
) -> Response:
    given = {
        "keys": list_keys(request.app.state.database, me.person),
        "scopes": [scope for scope in DESK if scope is Scope.read or str(scope) in me.person.scopes],
        "made": made,
        "sessions": sessions_of(request.app.state.database, me.person),
        "has_password": _has_password(request, me),
        "alert": alert,
    }
    return page(request, "account.html", status=status, me=me, **given)


def _has_password(request: Request, me: Visitor) -> bool:
    mine = [p for p in list_people(request.app.state.database) if p.name == me.person.name]
    return bool(mine) and HAS in mine[0].signs_in_by
