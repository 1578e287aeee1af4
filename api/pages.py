"""The desk, the log and single messages as pages. They work without scripts: links to look, forms to decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from agent.proposal import Proposal, RecordRef
from agent.propose import policy_in_force
from agent.taxonomy import taxonomy
from api import wording
from api.endpoints import FilterQuery, Posting, SignedIn
from api.evidence import blocks
from api.sign_in import DEMO_PEOPLE
from review import alerts, cases, log, model_calls, queue
from review.decision_rows import decisions_of
from review.decisions import RejectReason, approve, edit, reject
from review.edits import Edit, InvalidEdit, LineEdit
from review.intake import retry
from review.mirror import synced_at
from review.queue import Filters, QueueItem, View
from review.raw_store import RawStore
from review.receipt_rows import Standing, standing
from review.refusals import DecisionError
from review.schema import MessageRow, ProposalRow
from review.settings import SettingsError
from review.sources import sources
from tools.message import Message

router = APIRouter(include_in_schema=False)
RAW_SHOWN = 100_000
LOG_CHECKED = 2_000
OPEN_VIEWS = (View.ready, View.check, View.manual, View.second)

_environment = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True)
_environment.trim_blocks = _environment.lstrip_blocks = True
_environment.globals.update(wording=wording, View=View, RejectReason=RejectReason)
_environment.filters.update(
    {
        name: getattr(wording, name)
        for name in ("age", "iso_moment", "moment", "money", "percent", "value", "visible", "words")
    }
)
templates = Jinja2Templates(env=_environment)


class Place(BaseModel):
    """Where on the desk a person is: a view, its filters, an item."""

    view: View
    filters: Filters
    at: str | None = None

    def link(self, view: View | None = None, at: str | None = None, **more: str) -> str:
        """The address of this place, or of one beside it."""
        narrowed = self.filters
        query = {"intent": narrowed.intent, "channel": narrowed.channel, "language": narrowed.language}
        query |= {"q": narrowed.text, "at": at, **more}
        given = urlencode({k: v for k, v in query.items() if v})
        return f"/desk/{view or self.view}" + (f"?{given}" if given else "")


class Shown(BaseModel):
    """The item in front of a person, with everything that the panes need."""

    model_config = {"arbitrary_types_allowed": True}

    row: ProposalRow
    mail: MessageRow
    proposal: Proposal
    message: Message | None
    parts: list[tuple[str, bool, list[Any]]]
    raw: str | None
    decisions: list[Any]
    handoff: Standing | None
    siblings: list[QueueItem]
    replaced: list[QueueItem]
    in_case: int
    open: bool

    @property
    def evidence_of(self) -> dict[str, int]:
        """The first piece of evidence for each field that has words to show."""
        found: dict[str, int] = {}
        for i, evidence in enumerate(self.proposal.evidence):
            if evidence.text.strip():
                found.setdefault(evidence.field, i)
        return found


@router.get("/")
def home(request: Request, me: SignedIn) -> Response:
    """The first view in which something waits for a person."""
    with request.app.state.database.read() as session:
        counts = queue.counts(session)
    first = next((view for view in OPEN_VIEWS if counts[view]), OPEN_VIEWS[0])
    return RedirectResponse(f"/desk/{first}", status_code=303)


@router.get("/desk/{view}")
def desk(request: Request, me: SignedIn, narrowed: FilterQuery, view: View, at: str | None = None) -> Response:
    return _desk(request, me, Place(view=view, filters=narrowed, at=at))


@router.get("/proposal/{proposal_id}")
def proposal(request: Request, me: SignedIn, proposal_id: str) -> Response:
    """A lasting address of a proposal: leads to where it stands now."""
    with request.app.state.database.read() as session:
        found = queue.find(session, proposal_id)
        if found is None:
            raise HTTPException(404)
        view = queue.view_of(found[0])
    return RedirectResponse(Place(view=view, filters=Filters()).link(at=proposal_id), status_code=303)


async def _form(request: Request) -> FormData:
    return await request.form()


SentForm = Annotated[FormData, Depends(_form)]


@router.post("/proposal/{proposal_id}/approve")
def post_approve(
    request: Request, me: Posting, form: SentForm, proposal_id: str, version: Annotated[int, Form()]
) -> Response:
    state = request.app.state

    def decide() -> None:
        undo = state.settings.undo_window
        approve(state.database, proposal_id, version=version, who=me.person, records=state.records, undo=undo)

    return _decided(request, me, form, proposal_id, decide)


@router.post("/proposal/{proposal_id}/reject")
def post_reject(
    request: Request,
    me: Posting,
    form: SentForm,
    proposal_id: str,
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()],
    note: Annotated[str, Form()] = "",
) -> Response:
    if reason not in RejectReason.__members__:
        raise HTTPException(422, "Choose one of the reasons.")

    def decide() -> None:
        state = request.app.state
        why, undo = RejectReason[reason], state.settings.undo_window
        reject(state.database, proposal_id, version=version, who=me.person, reason=why, note=note, undo=undo)

    return _decided(request, me, form, proposal_id, decide)


@router.post("/proposal/{proposal_id}/edit")
def post_edit(
    request: Request, me: Posting, form: SentForm, proposal_id: str, version: Annotated[int, Form()]
) -> Response:
    def decide() -> None:
        state = request.app.state
        edit(
            state.database,
            proposal_id,
            version=version,
            who=me.person,
            change=_edit_of(form),
            records=state.records,
            undo=state.settings.undo_window,
        )

    return _decided(request, me, form, proposal_id, decide)


@router.post("/message/{message_id}/retry")
def post_retry(request: Request, me: Posting, message_id: str) -> Response:
    with request.app.state.database.read() as session:
        if session.get(MessageRow, message_id) is None:
            raise HTTPException(404)
    retry(request.app.state.database, message_id)
    return RedirectResponse("/desk/manual", status_code=303)


@router.get("/message/{message_id}")
def message(request: Request, me: SignedIn, message_id: str) -> Response:
    """The original as text: what came over the wire, escaped."""
    with request.app.state.database.read() as session:
        row = session.get(MessageRow, message_id)
        if row is None:
            raise HTTPException(404)
        text, cut = _raw_text(request.app.state.store, message_id)
        items, entries = queue.siblings(session, message_id), log.of_subject(session, message_id)
        case = cases.timeline(session, row.case_id) if row.case_id else []
    shown = {"mail": row, "text": text, "cut": cut, "items": items, "entries": entries, "case": case}
    shown["token"] = cases.token(row.case_id) if row.case_id else None
    return _page(request, "message.html", me=me, **shown)


@router.get("/message/{message_id}/raw")
def raw_message(request: Request, me: SignedIn, message_id: str) -> Response:
    """The original bytes, to be saved; never shown by the browser as what they claim to be."""
    try:
        raw = request.app.state.store.get(message_id)
    except (FileNotFoundError, ValueError) as error:
        raise HTTPException(404) from error
    headers = {"Content-Disposition": f'attachment; filename="{message_id[:20]}.bin"'}
    return Response(raw, media_type="application/octet-stream", headers=headers)


@router.get("/log")
def log_page(request: Request, me: SignedIn) -> Response:
    database = request.app.state.database
    with database.read() as session:
        entries = log.latest(session)
        result = log.verify(session, database.head, newest=LOG_CHECKED)
    return _page(request, "log.html", me=me, entries=entries, result=result, checked=LOG_CHECKED)


@router.get("/mailboxes")
def mailboxes(request: Request, me: SignedIn) -> Response:
    state, found, mistake = request.app.state, [], None
    try:
        with state.database.read() as session:
            found = sources(session, state.settings)
    except SettingsError as error:
        mistake = str(error)
    return _page(request, "mailboxes.html", me=me, sources=found, mistake=mistake, at_mailboxes=True)


@router.get("/signed-out")
def signed_out(request: Request) -> Response:
    return notice(request, "Signed out", "Open a sign-in link to come back.", 200)


def notice(request: Request, title: str, detail: str, status: int) -> Response:
    """A page with one thing to say."""
    return _page(request, "notice.html", status=status, title=title, detail=detail)


def runs_page(request: Request, me: SignedIn, runs: list[Any]) -> Response:
    """The list of measured runs."""
    return _page(request, "runs.html", me=me, runs=runs, at_runs=True)


def _page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    state = request.app.state
    context["demo_people"] = DEMO_PEOPLE if state.settings.demo else {}
    context["warning"] = state.notice() or model_calls.notice(state.database) or alerts.sentence(state.database)
    as_of = context["odoo_as_of"] = synced_at(state.database) if state.mirrored else None
    context["odoo_stale"] = as_of is not None and datetime.now(UTC) - as_of > state.settings.odoo_stale_after
    return templates.TemplateResponse(request, template, context, status_code=status)


def _desk(request: Request, me: SignedIn, place: Place, alert: str | None = None, status: int = 200) -> Response:
    with request.app.state.database.read() as session:
        items = queue.list_items(session, place.view, place.filters)
        at = place.at or (items[0].id if items else None)
        shown = _shown(session, request.app.state.store, at) if at else None
        done = queue.find(session, request.query_params.get("did", "")) if "did" in request.query_params else None
        context = {
            "me": me,
            "place": place,
            "items": items,
            "counts": queue.counts(session, place.filters),
            "choices": queue.choices(session),
            "unread": queue.unread(session),
            # The demo's messages are of a fixed past: their ages count from the newest of them.
            "now": queue.newest(session) if request.app.state.settings.demo else None,
            "shown": shown,
            "done": done[0] if done else None,
            "alert": alert,
            "next_id": _after(items, at),
            "intents": taxonomy().intents,
            "actions": taxonomy().actions,
            "approval": policy_in_force().approval,
        }
        return _page(request, "desk.html", status=status, **context)


def _shown(session: Session, store: RawStore, proposal_id: str) -> Shown | None:
    found = queue.find(session, proposal_id)
    if found is None:
        return None
    row, mail = found
    offered = Proposal(**row.body)
    read = Message(**mail.read) if mail.read else None
    parts = [
        (part.name, bool(part.tables), blocks(part, offered.evidence))
        for part in (read.parts if read else [])
        if part.text.strip()
    ]
    return Shown(
        row=row,
        mail=mail,
        proposal=offered,
        message=read,
        parts=parts,
        raw=None if read else _raw_text(store, mail.id)[0],
        decisions=decisions_of(session, row.id),
        handoff=standing(session, row.id),
        siblings=[item for item in queue.siblings(session, mail.id) if item.id != row.id],
        replaced=queue.superseded_by(session, row.id),
        in_case=cases.size(session, row.case_id) if row.case_id else 0,
        open=row.state == "open",
    )


def _after(items: list[QueueItem], at: str | None) -> str | None:
    """The item that is next once `at` has left the list: the one below, else the one above."""
    ids = [item.id for item in items]
    if at not in ids:
        return ids[0] if ids else None
    i = ids.index(at)
    beside = ids[i + 1 : i + 2] or ids[max(i - 1, 0) : i]
    return beside[0] if beside else None


def _decided(request: Request, me: SignedIn, form: FormData, proposal_id: str, decide: Callable[[], None]) -> Response:
    """Decides, then shows the next item; a refused decision shows the item afresh with the reason."""
    back = str(form.get("back_view", ""))
    place = Place(view=View(back) if back in set(View) else View.ready, filters=Filters(**_back(form)))
    try:
        decide()
    except (InvalidEdit, ValidationError) as error:
        said = str(error) if isinstance(error, InvalidEdit) else _first_problem(error)
        return _desk(request, me, place.model_copy(update={"at": proposal_id}), said, 422)
    except DecisionError as error:
        return _desk(request, me, place.model_copy(update={"at": proposal_id}), str(error), error.status)
    return RedirectResponse(place.link(at=str(form.get("next", "")) or None, did=proposal_id), status_code=303)


def _back(form: FormData) -> dict[str, Any]:
    sent = {"intent": "intent", "channel": "channel", "language": "language", "text": "q"}
    return {name: str(form.get(f"back_{short}", "")) or None for name, short in sent.items()}


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{first['loc'][-1]}: {first['msg']}"


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


def _raw_text(store: RawStore, message_id: str) -> tuple[str, bool]:
    """The start of the raw bytes as text, and whether more follows."""
    try:
        raw = store.get(message_id)
    except (FileNotFoundError, ValueError) as error:
        return f"[The original is not available: {error}]", False
    return raw[:RAW_SHOWN].decode("utf-8", "replace"), len(raw) > RAW_SHOWN
