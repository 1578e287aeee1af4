"""Arranging by forms: who has an item, whose it is, until when it is put off, what is said about it, and kept views."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.endpoints import Posting
from api.forms import SentForm, Version, answer, field
from api.shown import Place
from review import saved_views
from review.assignment import assign
from review.claims import claim, release
from review.comments import comment
from review.edits import InvalidEdit
from review.snooze import InvalidSnooze, snooze, wake

router = APIRouter(include_in_schema=False)
MORNING = time(8)
SOME_HOURS = timedelta(hours=3)
MORNINGS_ON = {"tomorrow": 1, "days": 3, "week": 7}
LONGEST_NAME = 200


@router.post("/proposal/{proposal_id}/snooze")
def post_snooze(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    def act() -> None:
        until = _until(field(form, "for"), field(form, "until"))
        snooze(request.app.state.database, proposal_id, version=version, who=me.person, until=until)

    return answer(request, me, form, proposal_id, act)


@router.post("/proposal/{proposal_id}/wake")
def post_wake(request: Request, me: Posting, form: SentForm, proposal_id: str) -> Response:
    def act() -> None:
        wake(request.app.state.database, proposal_id, who=me.person)

    return answer(request, me, form, proposal_id, act, stay=True)


@router.post("/proposal/{proposal_id}/claim")
def post_claim(request: Request, me: Posting, form: SentForm, proposal_id: str) -> Response:
    def act() -> None:
        state = request.app.state
        claim(state.database, proposal_id, who=me.person, lease=state.settings.claim_lease)

    return answer(request, me, form, proposal_id, act, stay=True)


@router.post("/proposal/{proposal_id}/release")
def post_release(request: Request, me: Posting, form: SentForm, proposal_id: str) -> Response:
    def act() -> None:
        release(request.app.state.database, proposal_id, who=me.person)

    return answer(request, me, form, proposal_id, act, stay=True)


@router.post("/proposal/{proposal_id}/assign")
def post_assign(request: Request, me: Posting, form: SentForm, proposal_id: str) -> Response:
    """Gives it to `person` and `team`, or `to` oneself or nobody."""

    def act() -> None:
        person, team = (field(form, name)[:LONGEST_NAME] or None for name in ("person", "team"))
        if to := field(form, "to"):
            person, team = (me.person.name, team) if to == "me" else (None, None)
        assign(request.app.state.database, proposal_id, who=me.person, person=person, team=team)

    return answer(request, me, form, proposal_id, act, stay=True)


@router.post("/proposal/{proposal_id}/comment")
def post_comment(request: Request, me: Posting, form: SentForm, proposal_id: str) -> Response:
    def act() -> None:
        comment(request.app.state.database, proposal_id, who=me.person, text=field(form, "text"))

    return answer(request, me, form, proposal_id, act, stay=True)


@router.post("/views")
def post_view(request: Request, me: Posting, form: SentForm) -> Response:
    """Keeps the place that the form was on under a name, and goes back to it."""
    place = Place.of(field(form, "back"))
    name = field(form, "name")[:LONGEST_NAME]
    if not name:
        raise InvalidEdit("Give the view a name.")
    shared = "shared" in form
    database = request.app.state.database
    saved_views.save(database, who=me.person, name=name, view=place.view, filters=place.filters, shared=shared)
    return RedirectResponse(place.link(), status_code=303)


@router.post("/views/{view_id}/remove")
def post_remove_view(request: Request, me: Posting, form: SentForm, view_id: str) -> Response:
    saved_views.remove(request.app.state.database, view_id, who=me.person)
    return RedirectResponse(Place.of(field(form, "back")).link(), status_code=303)


def _until(named: str, day: str) -> datetime:
    """The moment of a named snooze, or the morning of an ISO date; the morning is that of the server's time zone."""
    now = datetime.now().astimezone()
    if named == "hours":
        return now + SOME_HOURS
    try:
        on = MORNINGS_ON.get(named)
        date = now.date() + timedelta(days=on) if on else datetime.fromisoformat(day).date()
    except ValueError as error:
        raise InvalidSnooze("Choose until when.") from error
    return datetime.combine(date, MORNING).astimezone()
