"""What the desk's forms carry along, and what they are answered with: the next item, or the same shown afresh.

A page that runs scripts has shown the next item itself and asks for JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import FormData

from api import wording
from api.endpoints import Posting
from api.pages import show_desk
from api.security import wants_json
from api.shown import Place, undo_of
from review.edits import InvalidEdit
from review.refusals import DecisionError
from review.schema import DecisionRow


async def _form(request: Request) -> FormData:
    return await request.form()


SentForm = Annotated[FormData, Depends(_form)]
Version = Annotated[int, Form()]


def answer(
    request: Request,
    me: Posting,
    form: FormData,
    proposal_id: str,
    act: Callable[[], DecisionRow | None],
    *,
    stay: bool = False,
) -> Response:
    """Acts, then shows the next item, or with `stay` the same. What was refused is shown afresh with the reason, what
    changed since the form was made, and what was typed."""
    place = Place.of(field(form, "back"))
    try:
        try:
            decision = act()
        except ValidationError as error:
            raise InvalidEdit(_first_problem(error)) from error
    except (DecisionError, InvalidEdit) as error:
        if wants_json(request):
            raise
        here = place.model_copy(update={"at": proposal_id, "seen": version_in(form)})
        typed = form if isinstance(error, InvalidEdit) else None
        return show_desk(request, me, here, str(error), error.status, typed)
    if wants_json(request):
        said = wording.outcome(decision) if decision else None
        return JSONResponse({"undo": undo_of(decision) if decision else None, "said": said})
    if stay:
        return RedirectResponse(place.link(at=proposal_id), status_code=303)
    return RedirectResponse(place.link(at=field(form, "next") or None, did=proposal_id), status_code=303)


def field(form: FormData, name: str) -> str:
    """What was typed into a field, without space around it; empty where there is none."""
    return str(form.get(name, "")).strip()


def number_in(given: str) -> int | None:
    """A version, an index or an id as a form names it; None for anything else."""
    return int(given) if given.isdecimal() and given.isascii() and len(given) < 10 else None


def version_in(form: FormData) -> int | None:
    """The version of the proposal that the form was made for."""
    return number_in(field(form, "version"))


def chosen_lines(form: FormData) -> list[int] | None:
    """The indexes of the ticked lines; None when the form has none to tick, or all are. Raises InvalidEdit for none."""
    if "lines" not in form:
        return None
    chosen = sorted({index for each in form.getlist("line") if (index := number_in(str(each))) is not None})
    if not chosen:
        raise InvalidEdit("No line is ticked. Tick those that you mean.")
    return None if len(chosen) == number_in(field(form, "lines")) else chosen


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{first['loc'][-1]}: {first['msg'].removeprefix('Value error, ')}"
