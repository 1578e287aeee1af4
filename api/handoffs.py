"""What became of approvals: the page and its forms, and the same as JSON. Dead letters are replayed or dropped there, and
a person says what Odoo cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from api.endpoints import Posting, SignedIn
from api.problems import refusals
from api.security import Visitor, require_post
from api.templating import page
from review import outbox, outcomes
from review.database import Database
from review.outcomes import Outcome
from review.receipt_rows import Reported, report
from review.roles import Scope
from review.schema import HandoffState

router = APIRouter(responses=refusals(401, 422))
Administering = Annotated[Visitor, Depends(require_post(Scope.administer))]
States = Annotated[list[HandoffState], Query(default_factory=list)]


class Outcomes(BaseModel):
    """`right` of `finished` approvals were carried out as they had been suggested."""

    counts: dict[HandoffState, int]
    right: int
    finished: int
    outcomes: list[Outcome]


@router.get("/api/handoffs")
def api_handoffs(
    request: Request, me: SignedIn, state: States, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Outcomes:
    """Approvals, newest first, with what became of each; with `state` only those in one of the states given."""
    return _outcomes(request.app.state.database, state, limit)


@router.get("/handoffs", include_in_schema=False)
def handoffs(request: Request, me: SignedIn, state: States) -> Response:
    found = _outcomes(request.app.state.database, state, 100)
    targets = outbox.health(request.app.state.database)
    return page(request, "handoffs.html", me=me, found=found, chosen=state, targets=targets, at_handoffs=True)


@router.post("/handoffs/{event_id}/replay", include_in_schema=False)
def replay(request: Request, me: Administering, event_id: str) -> Response:
    """Tries the dead deliveries of an event again."""
    return _revived(request, me, event_id, outbox.replay)


@router.post("/handoffs/{event_id}/drop", include_in_schema=False)
def drop(request: Request, me: Administering, event_id: str) -> Response:
    """Gives the dead deliveries of an event up, so that later events of its record go on."""
    return _revived(request, me, event_id, outbox.drop)


@router.post("/handoffs/{event_id}/report", include_in_schema=False)
def report_by_person(
    request: Request,
    me: Posting,
    event_id: str,
    outcome: Annotated[Reported, Form()],
    back: Annotated[str, Form()] = "/handoffs",
    detail: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """A person says whether what was approved was carried out."""
    _require_seen(request.app.state.database, event_id)
    report(request.app.state.database, event_id, outcome, detail.strip(), me.person.name)
    own = back if back.startswith(("/desk/", "/handoffs")) else "/handoffs"
    return RedirectResponse(own, status_code=303)


def _outcomes(database: Database, states: list[HandoffState], limit: int) -> Outcomes:
    with database.read() as session:
        right = outcomes.right_in_the_end(session)
        return Outcomes(
            counts=outcomes.counts(session),
            right=right.right,
            finished=right.finished,
            outcomes=outcomes.listed(session, states, limit),
        )


def _require_seen(database: Database, event_id: str) -> None:
    with database.read() as session:
        if not outcomes.is_seen(session, event_id):
            raise HTTPException(404)


def _revived(request: Request, me: Visitor, event_id: str, how: Callable[[Database, str, str], int]) -> Response:
    _require_seen(request.app.state.database, event_id)
    if not how(request.app.state.database, event_id, me.person.name):
        raise HTTPException(409, "This event has no dead letter any more: somebody was faster, or it got through.")
    return RedirectResponse("/handoffs?state=dead", status_code=303)
