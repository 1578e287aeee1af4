"""Decisions and marks as JSON: each names the version that was seen (`If-Match`), and the same one twice is one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from pydantic import AwareDatetime, BaseModel, Field

from api.endpoints import DecisionOut, Posting
from api.problems import refusals
from api.repeating import RepeatableRoute
from review.claims import claim, release
from review.decisions import RejectReason, approve, edit, reject
from review.edits import Edit
from review.set_aside import merge, not_exception, to_manual
from review.snooze import snooze, wake
from review.split import split
from review.undo import undo

router = APIRouter(
    route_class=RepeatableRoute,
    prefix="/api/proposals/{proposal_id}",
    responses=refusals(400, 401, 403, 404, 409, 412, 422, 428, 503),
)


class Approval(BaseModel):
    """Without `lines` all of it; else those at these indexes, and the others wait as a proposal of their own."""

    lines: list[int] | None = Field(default=None, max_length=1000)


class Rejection(BaseModel):
    reason: str
    note: str = Field(default="", max_length=2000)


class Note(BaseModel):
    note: str = Field(default="", max_length=2000)


class Split(BaseModel):
    """The indexes of the lines that stay; the others become a proposal of their own."""

    lines: list[int] = Field(max_length=1000)


class Merge(BaseModel):
    """The id of the proposal that says the same."""

    into: str


class Snooze(BaseModel):
    until: AwareDatetime


class Lease(BaseModel):
    """Until when the proposal is yours."""

    claimed_until: datetime


def seen_version(if_match: Annotated[str | None, Header()] = None) -> int:
    """The version that the caller saw, from `If-Match: "3"`."""
    if if_match is None:
        raise HTTPException(428, 'Send the version that you saw, as in `If-Match: "3"`.')
    version = if_match.strip().strip('"')
    if not version.isdecimal() or not version.isascii() or len(version) > 9:
        raise HTTPException(400, "If-Match is not a version of a proposal.")
    return int(version)


Seen = Annotated[int, Depends(seen_version)]


@router.post("/approve")
def post_approve(
    request: Request, me: Posting, proposal_id: str, seen: Seen, approval: Approval | None = None
) -> DecisionOut:
    state = request.app.state
    done = approve(
        state.database,
        proposal_id,
        version=seen,
        who=me.person,
        lines=approval.lines if approval else None,
        records=state.records,
        undo=state.settings.undo_window,
    )
    return DecisionOut.of(done)


@router.post("/edit")
def post_edit(request: Request, me: Posting, proposal_id: str, seen: Seen, change: Edit) -> DecisionOut:
    state = request.app.state
    done = edit(
        state.database,
        proposal_id,
        version=seen,
        who=me.person,
        change=change,
        records=state.records,
        undo=state.settings.undo_window,
    )
    return DecisionOut.of(done)


@router.post("/reject")
def post_reject(request: Request, me: Posting, proposal_id: str, seen: Seen, why: Rejection) -> DecisionOut:
    if why.reason not in RejectReason.__members__:
        raise HTTPException(422, f"The reason is one of: {', '.join(RejectReason.__members__)}.")
    state = request.app.state
    done = reject(
        state.database,
        proposal_id,
        version=seen,
        who=me.person,
        reason=RejectReason[why.reason],
        note=why.note,
        undo=state.settings.undo_window,
    )
    return DecisionOut.of(done)


@router.post("/not-an-exception")
def post_not_exception(
    request: Request, me: Posting, proposal_id: str, seen: Seen, why: Note | None = None
) -> DecisionOut:
    """Closes it: nothing deviates, nobody has to do anything."""
    state = request.app.state
    note, undo = why.note if why else "", state.settings.undo_window
    return DecisionOut.of(not_exception(state.database, proposal_id, version=seen, who=me.person, note=note, undo=undo))


@router.post("/manual")
def post_manual(request: Request, me: Posting, proposal_id: str, seen: Seen, why: Note | None = None) -> DecisionOut:
    """Moves it to the manual lane, where a person reads the message."""
    state = request.app.state
    note, undo = why.note if why else "", state.settings.undo_window
    return DecisionOut.of(to_manual(state.database, proposal_id, version=seen, who=me.person, note=note, undo=undo))


@router.post("/merge")
def post_merge(request: Request, me: Posting, proposal_id: str, seen: Seen, merged: Merge) -> DecisionOut:
    """Closes it in favour of another open proposal that says the same."""
    state = request.app.state
    undo = state.settings.undo_window
    return DecisionOut.of(merge(state.database, proposal_id, version=seen, who=me.person, into=merged.into, undo=undo))


@router.post("/split")
def post_split(request: Request, me: Posting, proposal_id: str, seen: Seen, parted: Split) -> DecisionOut:
    """Makes two proposals out of one."""
    state = request.app.state
    undo = state.settings.undo_window
    return DecisionOut.of(
        split(state.database, proposal_id, version=seen, who=me.person, lines=parted.lines, undo=undo)
    )


@router.post("/undo")
def post_undo(request: Request, me: Posting, proposal_id: str, seen: Seen) -> DecisionOut:
    """Takes back your own last decision, within the window. `If-Match` is the version that the proposal has now."""
    return DecisionOut.of(undo(request.app.state.database, proposal_id, version=seen, who=me.person))


@router.post("/claim")
def post_claim(request: Request, me: Posting, proposal_id: str) -> Lease:
    """Makes the proposal yours for some minutes; again, it renews the lease."""
    state = request.app.state
    return Lease(claimed_until=claim(state.database, proposal_id, who=me.person, lease=state.settings.claim_lease))


@router.post("/release", status_code=204)
def post_release(request: Request, me: Posting, proposal_id: str) -> None:
    """Gives the proposal back."""
    release(request.app.state.database, proposal_id, who=me.person)


@router.post("/snooze", status_code=204)
def post_snooze(request: Request, me: Posting, proposal_id: str, seen: Seen, put_off: Snooze) -> None:
    """Puts the proposal off until a moment, or until its conversation goes on."""
    snooze(request.app.state.database, proposal_id, version=seen, who=me.person, until=put_off.until)


@router.post("/wake", status_code=204)
def post_wake(request: Request, me: Posting, proposal_id: str) -> None:
    """Ends a snooze."""
    wake(request.app.state.database, proposal_id, who=me.person)
