"""Deciding by forms: approve, some lines too, edit, reject, and what approves nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from api.edit_form import edit_of
from api.endpoints import Posting
from api.forms import SentForm, Version, answer, chosen_lines, field
from review.decisions import RejectReason, approve, edit, reject
from review.edits import InvalidEdit
from review.intake import retry
from review.schema import DecisionRow, MessageRow
from review.set_aside import merge, not_exception, to_manual
from review.split import split
from review.undo import undo

router = APIRouter(include_in_schema=False)
Note = Annotated[str, Form()]


@router.post("/proposal/{proposal_id}/approve")
def post_approve(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    """Approves all of it, or the ticked lines; the others then wait as an item of their own."""

    def act() -> DecisionRow:
        state = request.app.state
        return approve(
            state.database,
            proposal_id,
            version=version,
            who=me.person,
            lines=chosen_lines(form),
            records=state.records,
            undo=state.settings.undo_window,
        )

    return answer(request, me, form, proposal_id, act)


@router.post("/proposal/{proposal_id}/reject")
def post_reject(
    request: Request,
    me: Posting,
    form: SentForm,
    proposal_id: str,
    version: Version,
    reason: Annotated[str, Form()],
    note: Note = "",
) -> Response:
    if reason not in RejectReason.__members__:
        raise HTTPException(422, "Choose one of the reasons.")

    def act() -> DecisionRow:
        state = request.app.state
        why, window = RejectReason[reason], state.settings.undo_window
        return reject(state.database, proposal_id, version=version, who=me.person, reason=why, note=note, undo=window)

    return answer(request, me, form, proposal_id, act)


@router.post("/proposal/{proposal_id}/edit")
def post_edit(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    def act() -> DecisionRow:
        state = request.app.state
        return edit(
            state.database,
            proposal_id,
            version=version,
            who=me.person,
            change=edit_of(form, state.records),
            records=state.records,
            undo=state.settings.undo_window,
        )

    return answer(request, me, form, proposal_id, act)


@router.post("/proposal/{proposal_id}/not-an-exception")
def post_not_exception(
    request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version, note: Note = ""
) -> Response:
    def act() -> DecisionRow:
        state = request.app.state
        window = state.settings.undo_window
        return not_exception(state.database, proposal_id, version=version, who=me.person, note=note, undo=window)

    return answer(request, me, form, proposal_id, act)


@router.post("/proposal/{proposal_id}/manual")
def post_manual(
    request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version, note: Note = ""
) -> Response:
    def act() -> DecisionRow:
        state = request.app.state
        window = state.settings.undo_window
        return to_manual(state.database, proposal_id, version=version, who=me.person, note=note, undo=window)

    return answer(request, me, form, proposal_id, act)


@router.post("/proposal/{proposal_id}/merge")
def post_merge(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    """Closes it in favour of another item that says the same."""

    def act() -> DecisionRow:
        state = request.app.state
        into, window = field(form, "into"), state.settings.undo_window
        return merge(state.database, proposal_id, version=version, who=me.person, into=into, undo=window)

    return answer(request, me, form, proposal_id, act)


@router.post("/proposal/{proposal_id}/split")
def post_split(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    """Leaves the ticked lines in the item; the others become one of their own."""

    def act() -> DecisionRow:
        state = request.app.state
        lines, window = chosen_lines(form), state.settings.undo_window
        if lines is None:
            raise InvalidEdit("Untick the lines that are to become an item of their own.")
        return split(state.database, proposal_id, version=version, who=me.person, lines=lines, undo=window)

    return answer(request, me, form, proposal_id, act, stay=True)


@router.post("/proposal/{proposal_id}/undo")
def post_undo(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    def act() -> None:
        undo(request.app.state.database, proposal_id, version=version, who=me.person)

    return answer(request, me, form, proposal_id, act, stay=True)


@router.post("/message/{message_id}/retry")
def post_retry(request: Request, me: Posting, message_id: str) -> Response:
    with request.app.state.database.read() as session:
        if session.get(MessageRow, message_id) is None:
            raise HTTPException(404)
    retry(request.app.state.database, message_id)
    return RedirectResponse("/desk/manual", status_code=303)
