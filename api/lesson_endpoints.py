"""Teaching as JSON: drafted on a message, rehearsed by the service, kept and revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from agent.taught import Subject
from api.endpoints import Posting, SignedIn
from api.problems import refusals
from api.repeating import RepeatableRoute
from review import lessons, teaching
from review.lessons import Reach
from review.rehearsal import Effect
from review.schema import LessonRow
from review.visibility import seen_subjects

router = APIRouter(prefix="/api/lessons", route_class=RepeatableRoute, responses=refusals(401, 403, 404, 409, 422, 503))
PAGE = 100


class Draft(BaseModel):
    """What is taught on a message. `given` is a heading, a code, an address or a domain as it is written; `means` a role of
    a column, or a product or partner of Odoo by its code or name."""

    message_id: str
    subject: Subject
    given: str = Field(min_length=1, max_length=teaching.LONGEST)
    means: str = Field(min_length=1, max_length=teaching.LONGEST)
    reach: Reach


class LessonOut(BaseModel):
    """A lesson with its effect on earlier messages: null until the service has begun to look."""

    id: int
    sentence: str
    state: str
    subject: Subject
    given: str
    means: str
    meaning: str
    reach: Reach
    reach_of: str
    message_id: str
    drafted_by: str
    drafted_at: datetime
    kept_by: str | None
    kept_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None
    effect: Effect | None

    @classmethod
    def of(cls, row: LessonRow) -> LessonOut:
        held = {name: getattr(row, name) for name in cls.model_fields if name not in ("sentence", "state")}
        return cls(**held, sentence=lessons.sentence(row), state=lessons.state(row))

    @classmethod
    def seen(cls, session: Session, row: LessonRow) -> LessonOut:
        """The same, with its effect on the messages that the session's person sees."""
        shown = cls.of(row)
        if shown.effect is not None:
            effect = shown.effect
            seen = seen_subjects(session, [*effect.messages, *(changed.message_id for changed in effect.changed)])
            effect.messages = [message_id for message_id in effect.messages if message_id in seen]
            effect.changed = [changed for changed in effect.changed if changed.message_id in seen]
        return shown


class LessonList(BaseModel):
    """The newest first; `next` is the `before` of the page after it."""

    items: list[LessonOut]
    next: int | None


@router.get("")
def get_lessons(
    request: Request,
    me: SignedIn,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> LessonList:
    with request.app.state.database.read() as session:
        found = [LessonOut.seen(session, row) for row in lessons.lessons(session, limit + 1, before)]
    return LessonList(items=found[:limit], next=found[limit - 1].id if len(found) > limit else None)


@router.post("", status_code=201)
def post_lesson(request: Request, me: Posting, wanted: Draft) -> LessonOut:
    """Drafts a lesson. Its effect is looked at by the service; then it can be kept."""
    state = request.app.state
    row = teaching.draft(
        state.database,
        wanted.message_id,
        who=me.person,
        subject=wanted.subject,
        given=wanted.given,
        means=wanted.means,
        reach=wanted.reach,
        records=state.records,
    )
    return LessonOut.of(row)


@router.get("/{lesson_id}")
def get_lesson(request: Request, me: SignedIn, lesson_id: int) -> LessonOut:
    with request.app.state.database.read() as session:
        return LessonOut.seen(session, lessons.find(session, lesson_id))


@router.post("/{lesson_id}/keep")
def post_keep(request: Request, me: Posting, lesson_id: int) -> LessonOut:
    """Puts it in force; open items that it changes are read again."""
    return LessonOut.of(teaching.keep(request.app.state.database, lesson_id, who=me.person))


@router.post("/{lesson_id}/revoke", status_code=204)
def post_revoke(request: Request, me: Posting, lesson_id: int) -> None:
    """Ends it, or throws a draft away."""
    teaching.revoke(request.app.state.database, lesson_id, who=me.person)
