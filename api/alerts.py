"""What is wrong with the service, and what was: the page of alerts, and the same as JSON."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.endpoints import SignedIn
from api.problems import refusals
from api.templating import page
from review import alerts
from review.alert_checks import MEANING
from review.database import Database

router = APIRouter(responses=refusals(401))


class AlertOut(BaseModel):
    """`status` is degraded or failing; `ended_at` is None while it lasts."""

    name: str
    status: str
    said: str
    raised_at: datetime
    ended_at: datetime | None


@router.get("/api/alerts")
def api_alerts(request: Request, me: SignedIn) -> list[AlertOut]:
    """The alerts that last and the newest that ended, newest first."""
    return _alerts(request.app.state.database)


@router.get("/alerts", include_in_schema=False)
def alerts_page(request: Request, me: SignedIn) -> Response:
    found = _alerts(request.app.state.database)
    lasting, ended = ([a for a in found if (a.ended_at is None) is last] for last in (True, False))
    return page(request, "alerts.html", me=me, meaning=MEANING, lasting=lasting, ended=ended)


def _alerts(database: Database) -> list[AlertOut]:
    return [AlertOut(**{name: getattr(row, name) for name in AlertOut.model_fields}) for row in alerts.newest(database)]
