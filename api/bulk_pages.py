"""Approving many at once by a form: the desk again, with a result for each item."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response

from api.bulk_endpoints import MOST
from api.endpoints import Posting
from api.forms import SentForm, field, number_in
from api.pages import show_desk
from api.shown import Place
from review.bulk import Seen, approve_all

router = APIRouter(include_in_schema=False)


@router.post("/desk/ready/bulk")
def post_bulk(
    request: Request, me: Posting, form: SentForm, item: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Approves the chosen `item`s, each as `id:version`, of the class and band of the place that the form was on."""
    place, state = Place.of(field(form, "back")), request.app.state
    chosen = [_seen(each) for each in item or []]
    if not chosen or not place.bulk:
        return show_desk(request, me, place, "Choose what to approve.", 422)
    outcomes = approve_all(
        state.database,
        chosen[:MOST],
        intent=place.filters.intent or "",
        band_key=place.filters.band or "",
        who=me.person,
        records=state.records,
        undo=state.settings.undo_window,
    )
    return show_desk(request, me, place, outcomes=outcomes)


def _seen(given: str) -> Seen:
    proposal_id, _, version = given.rpartition(":")
    if (number := number_in(version)) is None:
        raise HTTPException(422, "An item is named by its id and its version.")
    return Seen(id=proposal_id, version=number)
