"""The desk, the log and single messages as pages to look at. They work without scripts: links lead everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from agent.proposal import Proposal
from agent.propose import policy_in_force
from agent.taxonomy import taxonomy
from api import wording
from api.endpoints import FilterQuery, SignedIn
from api.shown import Place, holder, raw_text, seen_as, shown, undo_of, undoable
from api.templating import fragment, notice, page
from review import cases, log, people, queue, saved_views
from review.bulk import Outcome
from review.comments import comments_of
from review.cursors import Cursor
from review.decision_rows import decisions_of
from review.letters import eml, letters_of
from review.queue import QueueItem, View
from review.schema import MessageRow, ProposalRow
from review.settings import SettingsError
from review.sources import sources
from review.visibility import seen_subjects, teams_named
from tools.message import Message

router = APIRouter(include_in_schema=False)
LOG_CHECKED = 2_000
OPEN_VIEWS = (View.ready, View.check, View.manual, View.second)


def place(
    narrowed: FilterQuery,
    view: View,
    at: str | None = None,
    after: Annotated[str | None, Query(max_length=300)] = None,
    bulk: bool = False,
    seen: int | None = None,
) -> Place:
    """Where on the desk an address leads. Only what is of one class and band, and ready, is approved together."""
    alike = view is View.ready and narrowed.intent is not None and narrowed.band is not None
    return Place(view=view, filters=narrowed, at=at, after=after, bulk=bulk and alike, seen=seen)


At = Annotated[Place, Depends(place)]


@router.get("/")
def home(request: Request, me: SignedIn, narrowed: FilterQuery) -> Response:
    """The first view in which something waits for a person."""
    with request.app.state.database.read() as session:
        counts = queue.counts(session, narrowed)
    first = next((view for view in OPEN_VIEWS if counts[view]), OPEN_VIEWS[0])
    return RedirectResponse(Place(view=first, filters=narrowed).link(), status_code=303)


@router.get("/desk/{view}")
def desk(request: Request, me: SignedIn, place: At) -> Response:
    return show_desk(request, me, place)


@router.get("/desk/{view}/list")
def desk_list(
    request: Request,
    me: SignedIn,
    place: At,
    rows: Annotated[int, Query(ge=1, le=queue.COUNTED_TO)] = queue.PAGE,
) -> Response:
    """The list alone, for an open page that was told that something happened, or that goes on at its end."""
    with request.app.state.database.read() as session:
        return fragment(request, "_queue.html", me=me, place=place, **_listed(request, session, place, rows))


@router.get("/desk/{view}/item")
def desk_item(request: Request, me: SignedIn, place: At) -> Response:
    """The panes of one item alone, for an open page that loads the next one beforehand."""
    with request.app.state.database.read() as session:
        item = shown(session, request.app.state.store, place.at or "", place.seen)
        if item is None:
            raise HTTPException(404)
        return fragment(request, "_panes.html", me=me, place=place, shown=item, next_id=None, **_choosable(session))


@router.get("/proposal/{proposal_id}")
def proposal(request: Request, me: SignedIn, proposal_id: str, seen: int | None = None) -> Response:
    """A lasting address of a proposal: leads to where it stands now, and what changed since a version that was `seen`."""
    with request.app.state.database.read() as session:
        found = queue.find(session, proposal_id)
        if found is None:
            raise HTTPException(404)
        view = queue.view_of(found[0])
    link = Place(view=view).link(at=proposal_id)
    return RedirectResponse(link if seen is None else f"{link}&seen={seen}", status_code=303)


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


@router.get("/proposal/{proposal_id}/letters/{action}/{number}.eml")
def letter(request: Request, me: SignedIn, proposal_id: str, action: int, number: int) -> Response:
    """A drafted letter as a file for the person's own mail program, unsent. The service sends none."""
    with request.app.state.database.read() as session:
        found = queue.find(session, proposal_id)
        if found is None:
            raise HTTPException(404)
        row, mail = found
        drafted = dict(enumerate(Proposal(**row.body).actions)).get(action)
        written = dict(enumerate(letters_of(drafted))).get(number) if drafted else None
        if drafted is None or written is None:
            raise HTTPException(404)
        read = Message(**mail.read) if mail.read else None
        case_token = cases.token(mail.case_id) if mail.case_id else ""
    headers = {"Content-Disposition": f'attachment; filename="{proposal_id}-{action}-{number}.eml"'}
    return Response(eml(drafted, written, read, case_token), media_type="message/rfc822", headers=headers)


@router.get("/log")
def log_page(request: Request, me: SignedIn) -> Response:
    database = request.app.state.database
    with database.read() as session:
        newest = log.latest(session)
        seen = seen_subjects(session, [entry.subject for entry in newest])
        entries = [entry for entry in newest if entry.subject in seen]
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


def show_desk(
    request: Request,
    me: SignedIn,
    place: Place,
    alert: str | None = None,
    status: int = 200,
    typed: Mapping[str, Any] | None = None,
    outcomes: Sequence[Outcome] = (),
) -> Response:
    """The whole desk at a place, with an alert if something was refused, and what was typed into the edit then;
    `outcomes` are what became of items that were decided on together."""
    with request.app.state.database.read() as session:
        listed = _listed(request, session, place, queue.PAGE)
        items = listed["items"]
        at = place.at or (items[0].id if items else None)
        item = shown(session, request.app.state.store, at, place.seen) if at else None
        done = session.get(ProposalRow, did) if (did := request.query_params.get("did")) else None
        last = next((d for d in reversed(decisions_of(session, done.id)) if not d.undone_at), None) if done else None
        context = {
            "me": me,
            "place": place,
            "choices": queue.choices(session),
            "shown": item,
            "done": done,
            "said": wording.outcome(last) if last else "open",
            "undo": undo_of(last) if last and done and undoable(session, done.id, me.person.name) else None,
            "alert": alert,
            "typed": typed,
            "outcomes": outcomes,
            "names": queue.record_names(session, [each.id for each in outcomes]),
            "next_id": _after(items, at),
            "views": saved_views.saved(session, me.person),
            "teams": teams_named(session),
            **listed,
            **_choosable(session),
        }
        return page(request, "desk.html", status=status, **context)


def _listed(request: Request, session: Session, place: Place, rows: int) -> dict[str, Any]:
    """What the list shows, and how the item at the place stands."""
    now = datetime.now(UTC)
    begin = Cursor.decode(place.after) if place.after else None
    items = queue.list_items(session, place.view, place.filters, rows + 1, begin)
    at = session.get(ProposalRow, place.at) if place.at else None
    return {
        "items": items[:rows],
        "more": queue.cursor_at(place.view, items[rows - 1]).encode() if len(items) > rows else None,
        "held": {item.id: holder(item, now) for item in items},
        "counts": queue.counts(session, place.filters),
        "unread": queue.unread(session),
        "current": seen_as(at, len(comments_of(session, at.id)), now) if at else "",
        # The demo's messages are of a fixed past: their ages count from the newest of them.
        "now": queue.newest(session) if request.app.state.settings.demo else None,
    }


def _choosable(session: Session) -> dict[str, Any]:
    """What an edit may choose from, and to whom an item may be given."""
    known = taxonomy()
    return {
        "intents": known.intents,
        "actions": known.actions,
        "approval": policy_in_force().approval,
        "people": people.names(session),
    }


def _after(items: list[QueueItem], at: str | None) -> str | None:
    """The item that is next once `at` has left the list: the one below, else the one above."""
    ids = [item.id for item in items]
    if at not in ids:
        return ids[0] if ids else None
    i = ids.index(at)
    beside = ids[i + 1 : i + 2] or ids[max(i - 1, 0) : i]
    return beside[0] if beside else None
