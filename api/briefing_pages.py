"""The briefing on the desk, a page a day, in every form. For those who manage."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from api.briefing.forms import MEDIA_TYPES, rendered
from api.briefing.page import body
from api.briefing.pdf import NoPdf
from api.security import Visitor, require
from api.templating import page
from review.briefing.content import Briefing
from review.briefing.kept import NotYet, as_things_stand, briefing, kept_days, with_own_eyes
from review.briefing.window import latest_day
from review.roles import Scope
from review.visibility import is_bound

router = APIRouter(include_in_schema=False)
Manager = Annotated[Visitor, Depends(require(Scope.manage))]
Form = Literal["html", "pdf", "md", "json"]


@router.get("/briefing")
def latest(request: Request, me: Manager) -> Response:
    """The latest day's; in the demo, whose days are invented, the hours up to now."""
    state = request.app.state
    if state.settings.demo:
        return RedirectResponse("/briefing/now", status_code=303)
    day = latest_day(datetime.now(UTC), state.settings.briefing_at, state.settings.time_zone)
    return RedirectResponse(f"/briefing/{day}", status_code=303)


@router.get("/briefing/now")
def now(request: Request, me: Manager) -> Response:
    """The 24 hours up to now, which are not kept."""
    state = request.app.state
    return _page(request, me, as_things_stand(state.database, state.settings), kept=False)


@router.get("/briefing/{day}")
def of_day(request: Request, me: Manager, day: date, format: Form = "html") -> Response:
    """The briefing of a day as it was made, or as a file in another form."""
    state = request.app.state
    try:
        bound = is_bound(me.person)  # the kept one is of all, and not all is theirs to see
        own = with_own_eyes(state.database, state.settings, day) if bound else None
        made = own or briefing(state.database, state.settings, day)
        if format == "html":
            return _page(request, me, made, kept=True)
        content = rendered(made, format, state.settings.public_url)
    except NotYet as error:
        raise HTTPException(404, str(error)) from error
    except NoPdf as error:
        raise HTTPException(503, str(error)) from error
    headers = {"Content-Disposition": f'inline; filename="briefing-{day}.{format}"'}
    return Response(content, media_type=MEDIA_TYPES[format], headers=headers)


def _page(request: Request, me: Visitor, made: Briefing, *, kept: bool) -> Response:
    with request.app.state.database.read() as session:
        days = kept_days(session)
    shown = Markup(body(made))
    return page(request, "briefing.html", me=me, made=made, shown=shown, kept=kept, days=days, at_briefing=True)
