"""Deciding by forms. Without scripts the next item is shown; a page that runs them has shown it and asks for JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import FormData

from agent.proposal import RecordRef
from api.endpoints import Posting
from api.pages import show_desk
from api.security import wants_json
from api.shown import Place
from review.claims import claim, release
from review.decisions import RejectReason, approve, edit, reject
from review.edits import Edit, InvalidEdit, LineEdit
from review.intake import retry
from review.refusals import DecisionError
from review.schema import DecisionKind, DecisionRow, MessageRow
from review.snooze import InvalidSnooze, snooze, wake
from review.undo import undo

router = APIRouter(include_in_schema=False)
MORNING = time(8)
SOME_HOURS = timedelta(hours=3)
MORNINGS_ON = {"tomorrow": 1, "days": 3, "week": 7}


async def _form(request: Request) -> FormData:
    return await request.form()


SentForm = Annotated[FormData, Depends(_form)]
Version = Annotated[int, Form()]


@router.post("/proposal/{proposal_id}/approve")
def post_approve(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    state = request.app.state

    def decide() -> DecisionRow:
        window = state.settings.undo_window
        return approve(state.database, proposal_id, version=version, who=me.person, records=state.records, undo=window)

    return _decided(request, me, form, proposal_id, decide)


@router.post("/proposal/{proposal_id}/reject")
def post_reject(
    request: Request,
    me: Posting,
    form: SentForm,
    proposal_id: str,
    version: Version,
    reason: Annotated[str, Form()],
    note: Annotated[str, Form()] = "",
) -> Response:
    if reason not in RejectReason.__members__:
        raise HTTPException(422, "Choose one of the reasons.")

    def decide() -> DecisionRow:
        state = request.app.state
        why, window = RejectReason[reason], state.settings.undo_window
        return reject(state.database, proposal_id, version=version, who=me.person, reason=why, note=note, undo=window)

    return _decided(request, me, form, proposal_id, decide)


@router.post("/proposal/{proposal_id}/edit")
def post_edit(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    def decide() -> DecisionRow:
        state = request.app.state
        change, window = _edit_of(form), state.settings.undo_window
        return edit(
            state.database,
            proposal_id,
            version=version,
            who=me.person,
            change=change,
            records=state.records,
            undo=window,
        )

    return _decided(request, me, form, proposal_id, decide)


@router.post("/proposal/{proposal_id}/undo")
def post_undo(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    def decide() -> None:
        undo(request.app.state.database, proposal_id, version=version, who=me.person)

    return _decided(request, me, form, proposal_id, decide, stay=True)


@router.post("/proposal/{proposal_id}/snooze")
def post_snooze(request: Request, me: Posting, form: SentForm, proposal_id: str, version: Version) -> Response:
    def decide() -> None:
        until = _until(str(form.get("for", "")), str(form.get("until", "")))
        snooze(request.app.state.database, proposal_id, version=version, who=me.person, until=until)

    return _decided(request, me, form, proposal_id, decide)


@router.post("/proposal/{proposal_id}/wake")
def post_wake(request: Request, me: Posting, form: SentForm, proposal_id: str) -> Response:
    def decide() -> None:
        wake(request.app.state.database, proposal_id, who=me.person)

    return _decided(request, me, form, proposal_id, decide, stay=True)


@router.post("/proposal/{proposal_id}/claim")
def post_claim(request: Request, me: Posting, form: SentForm, proposal_id: str) -> Response:
    def decide() -> None:
        state = request.app.state
        claim(state.database, proposal_id, who=me.person, lease=state.settings.claim_lease)

    return _decided(request, me, form, proposal_id, decide, stay=True)


@router.post("/proposal/{proposal_id}/release")
def post_release(request: Request, me: Posting, form: SentForm, proposal_id: str) -> Response:
    def decide() -> None:
        release(request.app.state.database, proposal_id, who=me.person)

    return _decided(request, me, form, proposal_id, decide, stay=True)


@router.post("/message/{message_id}/retry")
def post_retry(request: Request, me: Posting, message_id: str) -> Response:
    with request.app.state.database.read() as session:
        if session.get(MessageRow, message_id) is None:
            raise HTTPException(404)
    retry(request.app.state.database, message_id)
    return RedirectResponse("/desk/manual", status_code=303)


def _decided(
    request: Request,
    me: Posting,
    form: FormData,
    proposal_id: str,
    decide: Callable[[], DecisionRow | None],
    *,
    stay: bool = False,
) -> Response:
    """Decides, then shows the next item, or with `stay` the same; what was refused is shown afresh with the reason."""
    place = Place.of(str(form.get("back", "")))
    here = place.model_copy(update={"at": proposal_id})
    try:
        try:
            decision = decide()
        except ValidationError as error:
            raise InvalidEdit(_first_problem(error)) from error
    except (DecisionError, InvalidEdit) as error:
        if wants_json(request):
            raise
        return show_desk(request, me, here, str(error), error.status)
    if wants_json(request):
        return JSONResponse({"undo": _undo_of(decision) if decision else None})
    if stay:
        return RedirectResponse(place.link(at=proposal_id), status_code=303)
    return RedirectResponse(place.link(at=str(form.get("next", "")) or None, did=proposal_id), status_code=303)


def _undo_of(decision: DecisionRow) -> dict[str, Any]:
    """What a page needs to take a decision back: the version that the proposal has now, and for how long."""
    left = (decision.undo_until - datetime.now(UTC)).total_seconds()
    return {"version": decision.version + (decision.kind == DecisionKind.edit), "seconds": max(left, 0.0)}


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{first['loc'][-1]}: {first['msg']}"


def _until(named: str, day: str) -> datetime:
    """The moment of a named snooze, or the morning of an ISO date; the morning is that of the server's time zone."""
    now = datetime.now().astimezone()
    if named == "hours":
        return now + SOME_HOURS
    try:
        on = MORNINGS_ON.get(named)
        date = now.date() + timedelta(days=on) if on else datetime.fromisoformat(day).date()
    except ValueError as error:
        raise InvalidSnooze("Choose until when.") from error
    return datetime.combine(date, MORNING).astimezone()


def _edit_of(form: FormData) -> Edit:
    """Reads `intent`, `record` (`model,id` or `none`), `line-N-date|qty|price` and `action` (several)."""
    lines: dict[int, dict[str, Any]] = {}
    for name, given in form.items():
        kind, _, rest = name.partition("-")
        index, _, field = rest.partition("-")
        if kind == "line" and index.isdecimal() and given:
            lines.setdefault(int(index), {})[field] = given
    record = str(form.get("record", ""))
    model, _, record_id = record.partition(",")
    return Edit(
        intent=str(form.get("intent", "")) or None,
        record=RecordRef(model=model, id=int(record_id), name="") if record_id.isdecimal() else None,
        no_record=record == "none",
        lines=[LineEdit(index=index, **values) for index, values in sorted(lines.items())],
        actions=[str(name) for name in form.getlist("action")] if "action" in form else None,
    )
