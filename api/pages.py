"""The desk, the log and single messages as pages to look at. They work without scripts: links lead everywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from agent.propose import policy_in_force
from agent.taxonomy import taxonomy
from api.endpoints import FilterQuery, SignedIn
from api.shown import Place, holder, raw_text, seen_as, shown, undoable
from api.templating import fragment, notice, page
from review import cases, log, queue
from review.queue import Filters, QueueItem, View
from review.schema import MessageRow, ProposalRow
from review.settings import SettingsError
from review.sources import sources

router = APIRouter(include_in_schema=False)
LOG_CHECKED = 2_000
OPEN_VIEWS = (View.ready, View.check, View.manual, View.second)


@router.get("/")
def home(request: Request, me: SignedIn) -> Response:
    """The first view in which something waits for a person."""
    with request.app.state.database.read() as session:
        counts = queue.counts(session)
    first = next((view for view in OPEN_VIEWS if counts[view]), OPEN_VIEWS[0])
    return RedirectResponse(f"/desk/{first}", status_code=303)


@router.get("/desk/{view}")
def desk(request: Request, me: SignedIn, narrowed: FilterQuery, view: View, at: str | None = None) -> Response:
    return show_desk(request, me, Place(view=view, filters=narrowed, at=at))


@router.get("/desk/{view}/list")
def desk_list(request: Request, me: SignedIn, narrowed: FilterQuery, view: View, at: str | None = None) -> Response:
    """The list alone, for an open page that was told that something happened."""
    place = Place(view=view, filters=narrowed, at=at)
    with request.app.state.database.read() as session:
        items = queue.list_items(session, view, narrowed)
        return fragment(request, "_queue.html", me=me, place=place, **_listed(request, session, place, items))


@router.get("/desk/{view}/item")
def desk_item(request: Request, me: SignedIn, narrowed: FilterQuery, view: View, at: str) -> Response:
    """The panes of one item alone, for an open page that loads the next one beforehand."""
    place = Place(view=view, filters=narrowed, at=at)
    with request.app.state.database.read() as session:
        item = shown(session, request.app.state.store, at)
        if item is None:
            raise HTTPException(404)
        return fragment(request, "_panes.html", me=me, place=place, shown=item, next_id=None, **_choosable())


@router.get("/proposal/{proposal_id}")
def proposal(request: Request, me: SignedIn, proposal_id: str) -> Response:
    """A lasting address of a proposal: leads to where it stands now."""
    with request.app.state.database.read() as session:
        found = queue.find(session, proposal_id)
        if found is None:
            raise HTTPException(404)
        view = queue.view_of(found[0])
    return RedirectResponse(Place(view=view, filters=Filters()).link(at=proposal_id), status_code=303)


@router.get("/message/{message_id}")
def message(request: Request, me: SignedIn, message_id: str) -> Response:
    """The original as text: what came over the wire, escaped."""
    with request.app.state.database.read() as session:
        row = session.get(MessageRow, message_id)
        if row is None:
            raise HTTPException(404)
        text, cut = raw_text(request.app.state.store, message_id)
        items, entries = queue.siblings(session, message_id), log.of_subject(session, message_id)
        case = cases.timeline(session, row.case_id) if row.case_id else []
    context = {"mail": row, "text": text, "cut": cut, "items": items, "entries": entries, "case": case}
    context["token"] = cases.token(row.case_id) if row.case_id else None
    return page(request, "message.html", me=me, **context)


@router.get("/log")
def log_page(request: Request, me: SignedIn) -> Response:
    database = request.app.state.database
    with database.read() as session:
        entries = log.latest(session)
        result = log.verify(session, database.head, newest=LOG_CHECKED)
    return page(request, "log.html", me=me, entries=entries, result=result, checked=LOG_CHECKED)


@router.get("/mailboxes")
def mailboxes(request: Request, me: SignedIn) -> Response:
    state, found, mistake = request.app.state, [], None
    try:
        with state.database.read() as session:
            found = sources(session, state.settings)
    except SettingsError as error:
        mistake = str(error)
    return page(request, "mailboxes.html", me=me, sources=found, mistake=mistake, at_mailboxes=True)


@router.get("/signed-out")
def signed_out(request: Request) -> Response:
    return notice(request, "Signed out", "Open a sign-in link to come back.", 200)


def show_desk(request: Request, me: SignedIn, place: Place, alert: str | None = None, status: int = 200) -> Response:
    """The whole desk at a place, with an alert if something was refused."""
    with request.app.state.database.read() as session:
        items = queue.list_items(session, place.view, place.filters)
        at = place.at or (items[0].id if items else None)
        item = shown(session, request.app.state.store, at) if at else None
        done = session.get(ProposalRow, did) if (did := request.query_params.get("did")) else None
        context = {
            "me": me,
            "place": place,
            "choices": queue.choices(session),
            "shown": item,
            "done": done,
            "can_undo": bool(done and undoable(session, done.id, me.person.name)),
            "alert": alert,
            "next_id": _after(items, at),
            **_listed(request, session, place, items),
            **_choosable(),
        }
        return page(request, "desk.html", status=status, **context)


def _listed(request: Request, session: Session, place: Place, items: list[QueueItem]) -> dict[str, Any]:
    """What the list shows, and how the item at the place stands."""
    now = datetime.now(UTC)
    at = session.get(ProposalRow, place.at) if place.at else None
    return {
        "items": items,
        "held": {item.id: holder(item, now) for item in items},
        "counts": queue.counts(session, place.filters),
        "unread": queue.unread(session),
        "current": seen_as(at, now) if at else "",
        # The demo's messages are of a fixed past: their ages count from the newest of them.
        "now": queue.newest(session) if request.app.state.settings.demo else None,
    }


def _choosable() -> dict[str, Any]:
    """What an edit may choose from."""
    return {"intents": taxonomy().intents, "actions": taxonomy().actions, "approval": policy_in_force().approval}


def _after(items: list[QueueItem], at: str | None) -> str | None:
    """The item that is next once `at` has left the list: the one below, else the one above."""
    ids = [item.id for item in items]
    if at not in ids:
        return ids[0] if ids else None
    i = ids.index(at)
    beside = ids[i + 1 : i + 2] or ids[max(i - 1, 0) : i]
    return beside[0] if beside else None
