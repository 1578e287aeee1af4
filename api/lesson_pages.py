"""Teaching as pages: what can be taught on a message, what it changes, and all that was taught."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import undefer

from agent.product_mentions import is_code
from agent.proposal import Proposal
from agent.reference_keys import reference_key
from agent.tables import column_role
from agent.taught import COLUMN_ROLES, Subject, headings
from api.endpoints import Posting, SignedIn
from api.lesson_endpoints import PAGE, LessonOut
from api.templating import page
from review import lessons, queue, teaching
from review.lessons import Reach, sender_of
from review.refusals import DecisionError
from review.schema import MessageRow, ProposalRow
from tools.message import Message

router = APIRouter(include_in_schema=False)
MOST_OFFERED = 60
Typed = Annotated[str, Form(max_length=teaching.LONGEST)]


@router.get("/teach/{message_id}")
def teach(request: Request, me: SignedIn, message_id: str, at: str | None = None) -> Response:
    return _teach(request, me, message_id, at=at)


@router.post("/teach/{message_id}")
def post_teach(
    request: Request,
    me: Posting,
    message_id: str,
    subject: Subject,
    given: Typed,
    means: Typed,
    reach: Annotated[Reach, Form()],
) -> Response:
    state = request.app.state
    try:
        row = teaching.draft(
            state.database,
            message_id,
            who=me.person,
            subject=subject,
            given=given,
            means=means,
            reach=reach,
            records=state.records,
        )
    except DecisionError as error:
        typed = {"subject": subject, "given": given, "means": means, "reach": reach}
        return _teach(request, me, message_id, alert=str(error), typed=typed, status=error.status)
    return RedirectResponse(f"/lessons/{row.id}", status_code=303)


@router.get("/lessons")
def all_lessons(request: Request, me: SignedIn, before: int | None = None) -> Response:
    with request.app.state.database.read() as session:
        found = [LessonOut.seen(session, row) for row in lessons.lessons(session, PAGE + 1, before)]
    following = found[PAGE - 1].id if len(found) > PAGE else None
    return page(request, "lessons.html", me=me, lessons=found[:PAGE], following=following)


@router.get("/lessons/{lesson_id}")
def lesson(request: Request, me: SignedIn, lesson_id: int) -> Response:
    return _lesson(request, me, lesson_id)


@router.post("/lessons/{lesson_id}/keep")
def post_keep(request: Request, me: Posting, lesson_id: int) -> Response:
    try:
        teaching.keep(request.app.state.database, lesson_id, who=me.person)
    except DecisionError as error:
        return _lesson(request, me, lesson_id, alert=str(error), status=error.status)
    return RedirectResponse(f"/lessons/{lesson_id}", status_code=303)


@router.post("/lessons/{lesson_id}/revoke")
def post_revoke(request: Request, me: Posting, lesson_id: int) -> Response:
    try:
        teaching.revoke(request.app.state.database, lesson_id, who=me.person)
    except DecisionError as error:
        return _lesson(request, me, lesson_id, alert=str(error), status=error.status)
    return RedirectResponse("/lessons", status_code=303)


def _lesson(request: Request, me: SignedIn, lesson_id: int, *, alert: str | None = None, status: int = 200) -> Response:
    with request.app.state.database.read() as session:
        found = LessonOut.seen(session, lessons.find(session, lesson_id))
    return page(request, "lesson.html", me=me, lesson=found, alert=alert, status=status)


def _teach(
    request: Request,
    me: SignedIn,
    message_id: str,
    *,
    at: str | None = None,
    alert: str | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with request.app.state.database.read() as session:
        mail = session.get(MessageRow, message_id, options=[undefer(MessageRow.read)])
        if mail is None or mail.read is None:
            raise HTTPException(404, "There is no such message, or it could not be read.")
        message = Message(**mail.read)
        rows = [session.get_one(ProposalRow, item.id) for item in queue.siblings(session, message_id)]
        proposals = [Proposal(**row.body) for row in rows]
    email = message.sender.email.lower()
    context: dict[str, Any] = {
        "mail": mail,
        "at": at or (rows[0].id if rows else None),
        "columns": [(text, column_role(text, message.language)) for text in headings(message)][:MOST_OFFERED],
        "codes": _codes_in(message),
        "products": _products_of(proposals),
        "partners": _partners_of(proposals),
        "addresses": [email, *([sender] if (sender := sender_of(message)) and sender != email else [])]
        if email
        else [],
        "sender": sender_of(message),
        "roles": COLUMN_ROLES,
        "typed": typed or {},
        "alert": alert,
    }
    return page(request, "teach.html", me=me, status=status, **context)


def _codes_in(message: Message) -> list[str]:
    """What stands in the message's tables and may be a code."""
    cells = {c.text.strip(): None for p in message.parts for t in p.tables for row in t.rows for c in row}
    found = [
        text for text in cells if re.search(r"\d", text) and is_code(reference_key(text), text) and len(text) <= 40
    ]
    return found[:MOST_OFFERED]


def _products_of(proposals: list[Proposal]) -> list[str]:
    named = [line.product for p in proposals for line in p.fields.lines] + [
        c.product for p in proposals for c in p.changes
    ]
    return list(dict.fromkeys(name for name in named if name))[:MOST_OFFERED]


def _partners_of(proposals: list[Proposal]) -> list[str]:
    named = [name for p in proposals for name in (p.stakes.vendor, *p.stakes.customers) if p.stakes]
    return list(dict.fromkeys(name for name in named if name))[:MOST_OFFERED]
