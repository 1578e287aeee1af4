"""The same desk as JSON: proposals, decisions with If-Match, and a light pulse for open pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy import func, select, text

from agent.proposal import Proposal
from api.security import Visitor, posting_visitor, visitor
from review import queue
from review.database import Database
from review.decisions import RejectReason, UnknownProposal, approve, decisions_of, edit, reject
from review.edits import Edit
from review.mirror import synced_at
from review.queue import Filters, QueueItem, View
from review.schema import DecisionRow, LogEntry
from tools.message import Message

router = APIRouter()
SignedIn = Annotated[Visitor, Depends(visitor)]
Posting = Annotated[Visitor, Depends(posting_visitor)]


class Session(BaseModel):
    """Who is signed in; POST requests carry `csrf` in the X-CSRF-Token header."""

    name: str
    role: str
    csrf: str


class ItemList(BaseModel):
    items: list[QueueItem]
    counts: dict[View, int]


class Pulse(BaseModel):
    """What an open page asks every few seconds. `entry` is the log's newest number: the same means nothing happened.

    `odoo_as_of` (ISO 8601) is the moment up to which everything in Odoo is known, where a live one is mirrored."""

    entry: int
    unread: int
    counts: dict[View, int]
    ids: list[str]
    current: str | None = None
    odoo_as_of: str | None = None


class DecisionOut(BaseModel):
    proposal_id: str
    version: int
    kind: str
    reason: str | None
    note: str | None
    who: str
    at: str
    difference: list[Any]

    @classmethod
    def of(cls, row: DecisionRow) -> DecisionOut:
        kept = {name: getattr(row, name) for name in cls.model_fields if name != "at"}
        return cls(**kept, at=row.at.isoformat())


class ProposalOut(BaseModel):
    """A proposal with all that was decided on it. `message.parts` hold the text that the evidence points into."""

    id: str
    version: int
    state: str
    edited_by: str | None
    superseded_by: str | None
    proposal: Proposal
    message: Message | None
    decisions: list[DecisionOut]


class Rejection(BaseModel):
    reason: str
    note: str = ""


def filters(
    intent: str | None = None,
    channel: str | None = None,
    language: str | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Filters:
    return Filters(intent=intent or None, channel=channel or None, language=language or None, text=q or None)


FilterQuery = Annotated[Filters, Depends(filters)]


def seen_version(if_match: Annotated[str | None, Header()] = None) -> int:
    """The version that the caller saw, from `If-Match: "3"`."""
    if if_match is None:
        raise HTTPException(428, 'Send the version that you saw, as in `If-Match: "3"`.')
    try:
        return int(if_match.strip().strip('"'))
    except ValueError as error:
        raise HTTPException(400, "If-Match is not a version of a proposal.") from error


Seen = Annotated[int, Depends(seen_version)]


@router.get("/healthz", include_in_schema=False)
def healthz(request: Request) -> dict[str, str]:
    with request.app.state.database.read() as session:
        session.execute(text("SELECT 1"))
    return {"status": "ok"}


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


@router.get("/api/proposals")
def proposals(
    request: Request,
    me: SignedIn,
    narrowed: FilterQuery,
    view: View = View.ready,
    limit: Annotated[int, Query(ge=1, le=1000)] = queue.PAGE,
) -> ItemList:
    with request.app.state.database.read() as session:
        items = queue.list_items(session, view, narrowed, limit)
        return ItemList(items=items, counts=queue.counts(session, narrowed))


@router.get("/api/proposals/{proposal_id}")
def proposal(request: Request, response: Response, me: SignedIn, proposal_id: str) -> ProposalOut:
    shown = read_proposal(request.app.state.database, proposal_id)
    response.headers["ETag"] = f'"{shown.version}"'
    return shown


@router.post("/api/proposals/{proposal_id}/approve")
def post_approve(request: Request, me: Posting, proposal_id: str, seen: Seen) -> DecisionOut:
    state = request.app.state
    return DecisionOut.of(approve(state.database, proposal_id, version=seen, who=me.person, records=state.records))


@router.post("/api/proposals/{proposal_id}/edit")
def post_edit(request: Request, me: Posting, proposal_id: str, seen: Seen, change: Edit) -> DecisionOut:
    return DecisionOut.of(edit(request.app.state.database, proposal_id, version=seen, who=me.person, change=change))


@router.post("/api/proposals/{proposal_id}/reject")
def post_reject(request: Request, me: Posting, proposal_id: str, seen: Seen, why: Rejection) -> DecisionOut:
    if why.reason not in RejectReason.__members__:
        raise HTTPException(422, f"The reason is one of: {', '.join(RejectReason.__members__)}.")
    reason = RejectReason[why.reason]
    database = request.app.state.database
    return DecisionOut.of(reject(database, proposal_id, version=seen, who=me.person, reason=reason, note=why.note))


def read_proposal(database: Database, proposal_id: str) -> ProposalOut:
    """A proposal as the endpoints and `triage show` give it. Raises UnknownProposal."""
    with database.read() as session:
        found = queue.find(session, proposal_id)
        if found is None:
            raise UnknownProposal(f"There is no proposal {proposal_id!r}.")
        row, message = found
        return ProposalOut(
            id=row.id,
            version=row.version,
            state=row.state,
            edited_by=row.edited_by,
            superseded_by=row.superseded_by,
            proposal=Proposal(**row.body),
            message=Message(**message.read) if message.read else None,
            decisions=[DecisionOut.of(d) for d in decisions_of(session, row.id)],
        )
