"""Approving many at once as JSON."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.endpoints import Posting
from api.problems import refusals
from api.repeating import RepeatableRoute
from review.bulk import Outcome, Seen, approve_all

router = APIRouter(prefix="/api/bulk", route_class=RepeatableRoute, responses=refusals(401, 403, 409, 422))
MOST = 200


class BulkApproval(BaseModel):
    """The items as they were seen, all of one intent and one band. All that match are the pages of the list with the
    same `intent` and `band`."""

    intent: str
    band: Literal["top", "high", "mid", "low"]
    items: list[Seen] = Field(min_length=1, max_length=MOST)


class Outcomes(BaseModel):
    outcomes: list[Outcome]


@router.post("/approve")
def post_bulk_approve(request: Request, me: Posting, bulk: BulkApproval) -> Outcomes:
    """Approves each item by itself and says for each what became of it."""
    state = request.app.state
    outcomes = approve_all(
        state.database,
        bulk.items,
        intent=bulk.intent,
        band_key=bulk.band,
        who=me.person,
        records=state.records,
        undo=state.settings.undo_window,
    )
    return Outcomes(outcomes=outcomes)
