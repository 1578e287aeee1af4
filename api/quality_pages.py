"""How surely the desk decides, for managers: as a page and as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.problems import refusals
from api.security import Visitor, require
from api.templating import page
from review.quality import Quality, quality
from review.roles import Scope

router = APIRouter(responses=refusals(401, 403, 422))
Manager = Annotated[Visitor, Depends(require(Scope.manage))]
Days = Annotated[int, Query(ge=1, le=366)]
DAYS = 28


@router.get("/quality", include_in_schema=False)
def quality_page(request: Request, me: Manager, days: Days = DAYS) -> Response:
    return page(request, "quality.html", me=me, quality=_quality(request, days))


@router.get("/api/quality")
def get_quality(request: Request, me: Manager, days: Days = DAYS) -> Quality:
    """Agreement of second looks, and approvals that left no time to read, by intent. Nobody is named."""
    return _quality(request, days)


def _quality(request: Request, days: int) -> Quality:
    state = request.app.state
    with state.database.read() as session:
        return quality(session, days=days, seconds=state.settings.quick_seconds)
