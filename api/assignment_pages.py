"""The page of rules for managers: who sees to what comes in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from agent.taxonomy import taxonomy
from api.security import Visitor, require, require_post
from api.templating import page
from review import assignment, people
from review.assignment import By, InvalidAssignment
from review.roles import Scope
from review.visibility import teams_named

router = APIRouter(include_in_schema=False)
Manager = Annotated[Visitor, Depends(require(Scope.manage))]
Posting = Annotated[Visitor, Depends(require_post(Scope.manage))]
Named = Annotated[str, Form(max_length=200)]


@router.get("/assignment")
def rules(request: Request, me: Manager) -> Response:
    return _page(request, me)


@router.post("/assignment")
def set_rule(
    request: Request,
    me: Posting,
    by: Annotated[By, Form()],
    value: Annotated[str, Form(min_length=1, max_length=200)],
    person: Named = "",
    team: Named = "",
) -> Response:
    """Keeps a rule in place of the one for the same; naming nobody ends it."""
    database = request.app.state.database
    try:
        assignment.set_rule(
            database, who=me.person, by=by, value=value, person=person.strip() or None, team=team.strip() or None
        )
    except InvalidAssignment as error:
        return _page(request, me, alert=str(error), status=error.status)
    return RedirectResponse("/assignment", status_code=303)


def _page(request: Request, me: Visitor, *, alert: str | None = None, status: int = 200) -> Response:
    with request.app.state.database.read() as session:
        shown = {
            "rules": assignment.rules(session),
            "people": people.names(session),
            "teams": teams_named(session),
        }
    intents = list(taxonomy().intents)
    return page(request, "assignment.html", status=status, me=me, by=list(By), intents=intents, alert=alert, **shown)
