"""The desk as JSON, to look at: who is signed in, the queue, proposals, and a light pulse for open pages."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import func, select, text

from agent.proposal import Proposal, RecordRef
from api.problems import refusals
from api.security import Visitor, require_post, visitor
from review import queue, readiness
from review.cursors import Cursor
from review.database import Database
from review.decision_rows import decisions_of
from review.mirror import synced_at
from review.queue import Filters, QueueItem, View
from review.receipt_rows import Standing, standing
from review.record_search import find_records
from review.refusals import UnknownProposal
from review.roles import Scope
from review.schema import DecisionRow, LogEntry
from review.spoken_dates import date_of
from review.urgency import Clock, clock
from tools.message import Message

router = APIRouter(responses=refusals(401, 403, 422))
SignedIn = Annotated[Visitor, Depends(visitor)]
Posting = Annotated[Visitor, Depends(require_post(Scope.decide))]


class Session(BaseModel):
    """Who is signed in; POST requests carry `csrf` in the X-CSRF-Token header."""

    name: str
    role: str
    csrf: str


class ItemList(BaseModel):
    """A page of a view. `next` is the cursor of the page after it; of each view at most 1,000 are counted."""

    items: list[QueueItem]
    counts: dict[View, int]
    next: str | None


class Pulse(BaseModel):
    """What an open page asks every few seconds. `entry` is the log's newest number: the same means nothing happened.

    `odoo_as_of` (ISO 8601) is the moment up to which everything in Odoo is known, where a live one is mirrored."""

    entry: int
    unread: int
    counts: dict[View, int]
    ids: list[str]
    current: str | None = None
    odoo_as_of: str | None = None


class Spoken(BaseModel):
    """An ISO date."""

    date: str


class DecisionOut(BaseModel):
    """Who decided what on which version, and the leaves that differ between what was proposed and decided.

    Until `undo_until` it can be taken back; `undone_at` says that it was. `made` are proposals that it added."""

    proposal_id: str
    version: int
    kind: str
    reason: str | None
    note: str | None
    who: str
    at: datetime
    undo_until: datetime
    undone_at: datetime | None
    made: list[str]
    difference: list[Any]

    @classmethod
    def of(cls, row: DecisionRow) -> DecisionOut:
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class ProposalOut(BaseModel):
    """A proposal with all that was decided on it. `message.parts` hold the text that the evidence points into.

    `moved_by` is the message with which the conversation went on after this was proposed."""

    id: str
    message_id: str
    version: int
    state: str
    view: View
    edited_by: str | None
    superseded_by: str | None
    closed_reason: str | None
    claimed_by: str | None
    claimed_until: datetime | None
    snoozed_until: datetime | None
    assignee: str | None
    team: str | None
    moved_by: str | None
    due_at: datetime
    clock: Clock
    proposal: Proposal
    message: Message | None
    decisions: list[DecisionOut]
    handoff: Standing | None


def filters(
    intent: str | None = None,
    channel: str | None = None,
    language: str | None = None,
    claimed_by: str | None = None,
    overdue: bool = False,
    band: Literal["top", "high", "mid", "low"] | None = None,
    assignee: str | None = None,
    team: str | None = None,
    mentioned: str | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Filters:
    return Filters(
        intent=intent or None,
        channel=channel or None,
        language=language or None,
        claimed_by=claimed_by or None,
        overdue=overdue,
        band=band,
        assignee=assignee or None,
        team=team or None,
        mentioned=mentioned or None,
        text=q or None,
    )


FilterQuery = Annotated[Filters, Depends(filters)]


@router.get("/healthz", include_in_schema=False)
def healthz(request: Request) -> dict[str, str]:
    with request.app.state.database.read() as session:
        session.execute(text("SELECT 1"))
    return {"status": "ok"}


@router.get("/readyz", include_in_schema=False)
def readyz(request: Request) -> Response:
    """503 while something is failing; what is merely degraded says so under 200."""
    status, found = readiness.look(request.app.state.checks)
    body = {"status": status, "checks": {name: asdict(finding) for name, finding in found.items()}}
    return JSONResponse(body, 503 if status is readiness.Status.failing else 200)


@router.get("/api/session")
def session_of(me: SignedIn) -> Session:
    return Session(name=me.person.name, role=me.person.role, csrf=me.csrf)


@router.get("/api/pulse")
def pulse(
    request: Request, me: SignedIn, narrowed: FilterQuery, view: View = View.ready, at: str | None = None
) -> Pulse:
    state = request.app.state
    as_of = synced_at(state.database) if state.mirrored else None
    with state.database.read() as session:
        newest = session.execute(select(func.coalesce(func.max(LogEntry.seq), 0))).scalar_one()
        found = queue.find(session, at) if at else None
        return Pulse(
            entry=newest,
            unread=queue.unread(session),
            counts=queue.counts(session, narrowed),
            ids=[item.id for item in queue.list_items(session, view, narrowed)],
            current=f"{found[0].state} {found[0].version}" if found else None,
            odoo_as_of=as_of.isoformat(timespec="seconds") if as_of else None,
        )


@router.get("/api/proposals", response_model=ItemList, responses={304: {"description": "As you have it"}})
def proposals(
    request: Request,
    me: SignedIn,
    narrowed: FilterQuery,
    view: View = View.ready,
    limit: Annotated[int, Query(ge=1, le=1000)] = queue.PAGE,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A page of a view. With the ETag of an earlier answer as If-None-Match: 304 while nothing in it has changed."""
    after = Cursor.decode(cursor) if cursor else None
    with request.app.state.database.read() as session:
        items = queue.list_items(session, view, narrowed, limit + 1, after)
        following = queue.cursor_at(view, items[limit - 1]).encode() if len(items) > limit else None
        page = ItemList(items=items[:limit], counts=queue.counts(session, narrowed), next=following)
    body = page.model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and tag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


@router.get("/api/proposals/{proposal_id}", responses=refusals(404))
def proposal(request: Request, response: Response, me: SignedIn, proposal_id: str) -> ProposalOut:
    shown = read_proposal(request.app.state.database, proposal_id)
    response.headers["ETag"] = f'"{shown.version}"'
    return shown


@router.get("/api/records", responses=refusals(503))
def records(
    request: Request, me: SignedIn, model: str, q: Annotated[str, Query(min_length=2, max_length=100)]
) -> list[RecordRef]:
    """Records in Odoo whose name holds `q`, for an edit that names another record."""
    return find_records(request.app.state.records, model, q)


@router.get("/api/date")
def date(me: SignedIn, phrase: Annotated[str, Query(max_length=200)]) -> Spoken:
    """What day a phrase means, as it would in an edit. What cannot be read, or may mean two days, is a 422."""
    try:
        return Spoken(date=date_of(phrase))
    except ValueError as error:
        raise HTTPException(422, f"This {error}.") from error


def read_proposal(database: Database, proposal_id: str) -> ProposalOut:
    """A proposal as the endpoints and `triage show` give it. Raises UnknownProposal."""
    with database.read() as session:
        found = queue.find(session, proposal_id)
        if found is None:
            raise UnknownProposal(f"There is no proposal {proposal_id!r}.")
        row, message = found
        now = datetime.now(UTC)
        return ProposalOut(
            id=row.id,
            message_id=row.message_id,
            version=row.version,
            state=row.state,
            view=queue.view_of(row),
            edited_by=row.edited_by,
            superseded_by=row.superseded_by,
            closed_reason=row.closed_reason,
            claimed_by=row.claimed_by if row.claimed_until and row.claimed_until > now else None,
            claimed_until=row.claimed_until,
            snoozed_until=row.snoozed_until,
            assignee=row.assignee,
            team=row.team,
            moved_by=row.moved_by,
            due_at=row.due_at,
            clock=clock(row.received_at, row.due_at, row.closed_at or now),
            proposal=Proposal(**row.body),
            message=Message(**message.read) if message.read else None,
            decisions=[DecisionOut.of(d) for d in decisions_of(session, row.id)],
            handoff=standing(session, row.id),
        )
