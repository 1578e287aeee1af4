"""What people arrange on the desk, as JSON: comments, whose an item is, rules for that, and saved views."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.endpoints import Posting, SignedIn
from api.problems import refusals
from api.repeating import RepeatableRoute
from api.security import Visitor, require_post
from review import assignment, comments, saved_views
from review.assignment import By
from review.queue import Filters, View
from review.roles import Scope

Managing = Annotated[Visitor, Depends(require_post(Scope.manage))]
router = APIRouter(prefix="/api", route_class=RepeatableRoute, responses=refusals(401, 403, 404, 409, 412, 422))
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CommentOut(Out):
    id: int
    who: str
    at: datetime
    text: str
    mentions: list[str]


class Comment(BaseModel):
    """`@Name` in the text mentions a person."""

    text: str = Field(min_length=1, max_length=comments.LONGEST)


class Assignment(BaseModel):
    """A person, a team, both, or nobody."""

    person: Name | None = None
    team: Name | None = None


class Rule(Assignment):
    """Whose is what comes from a vendor (address, domain or name), is for a warehouse, came to a mailbox, or has an intent."""

    by: By
    value: Name


class RuleOut(Out):
    by: By
    value: str
    assignee: str | None
    team: str | None


class Saved(BaseModel):
    name: Name
    view: View
    filters: Filters = Filters()
    shared: bool = False


class SavedOut(Out):
    id: str
    owner: str
    name: str
    view: View
    filters: dict[str, Any]
    shared: bool


@router.get("/proposals/{proposal_id}/comments")
def get_comments(request: Request, me: SignedIn, proposal_id: str) -> list[CommentOut]:
    with request.app.state.database.read() as session:
        return [CommentOut.model_validate(row) for row in comments.comments_of(session, proposal_id)]


@router.post("/proposals/{proposal_id}/comments", status_code=201)
def post_comment(request: Request, me: Posting, proposal_id: str, said: Comment) -> CommentOut:
    row = comments.comment(request.app.state.database, proposal_id, who=me.person, text=said.text)
    return CommentOut.model_validate(row)


@router.post("/proposals/{proposal_id}/assign", status_code=204)
def post_assign(request: Request, me: Posting, proposal_id: str, wanted: Assignment) -> None:
    """Gives the proposal to a person, a team, both, or nobody."""
    database = request.app.state.database
    assignment.assign(database, proposal_id, who=me.person, person=wanted.person, team=wanted.team)


@router.get("/assignment-rules")
def get_rules(request: Request, me: SignedIn) -> list[RuleOut]:
    with request.app.state.database.read() as session:
        return [RuleOut.model_validate(row) for row in assignment.rules(session)]


@router.post("/assignment-rules")
def post_rule(request: Request, me: Managing, rule: Rule) -> RuleOut | None:
    """Keeps a rule for what comes in from now on, in place of the one for the same; naming nobody ends it."""
    database = request.app.state.database
    row = assignment.set_rule(database, who=me.person, by=rule.by, value=rule.value, person=rule.person, team=rule.team)
    return RuleOut.model_validate(row) if row else None


@router.get("/views")
def get_views(request: Request, me: SignedIn) -> list[SavedOut]:
    """Your own views, and those that others share."""
    with request.app.state.database.read() as session:
        return [SavedOut.model_validate(row) for row in saved_views.saved(session, me.person)]


@router.post("/views", status_code=201)
def post_view(request: Request, me: Posting, wanted: Saved) -> SavedOut:
    """Keeps a view under a name; your own of that name is replaced."""
    row = saved_views.save(
        request.app.state.database,
        who=me.person,
        name=wanted.name,
        view=wanted.view,
        filters=wanted.filters,
        shared=wanted.shared,
    )
    return SavedOut.model_validate(row)


@router.post("/views/{view_id}/remove", status_code=204)
def post_remove_view(request: Request, me: Posting, view_id: str) -> None:
    saved_views.remove(request.app.state.database, view_id, who=me.person)
