"""The web application: pages, JSON endpoints, static files, and what people read when something goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from api import (
    account,
    administration,
    alerts,
    arranging,
    assignment_pages,
    briefing_pages,
    bulk_endpoints,
    bulk_pages,
    deciding,
    decision_endpoints,
    desk_endpoints,
    endpoints,
    feed,
    handoffs,
    intake,
    lesson_endpoints,
    lesson_pages,
    monitoring,
    oidc,
    originals,
    oversight,
    pages,
    quality_pages,
    receipts,
    runs,
    sign_in,
)
from api.monitoring import Exposition
from api.postbox import Postbox
from api.problems import MEDIA_TYPE
from api.security import HEADERS, CrossSite, NotSignedIn, Sessions, add_headers, wants_json
from api.templating import notice as notice_page
from review.cursors import InvalidCursor
from review.database import Database, open_database
from review.edits import InvalidEdit
from review.raw_store import RawStore
from review.readiness import database_check, mirror_check
from review.refusals import DecisionError
from review.settings import Settings
from review.sources import mailbox_check
from tools.records import RecordReader

logger = logging.getLogger(__name__)

TITLES = {
    400: "That did not work",
    401: "Please sign in",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    408: "Too slow",
    409: "Not as things stand",
    412: "This has changed",
    413: "Too large",
    422: "Something in it is not valid",
    428: "The version is missing",
    500: "Something went wrong",
    503: "Not possible just now",
}
SIGN_IN_HINT = "Open your sign-in link. Ask whoever runs the desk for a new one: `triage sign-in NAME` prints it."


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    records: RecordReader | None = None,
    mirrored: bool = False,
    notice: Callable[[], str | None] = lambda: None,
) -> FastAPI:
    """The application over the settings' database, or the given one.

    With `records`, an approval is refused when the record was written since the proposal was made. `mirrored`: what is
    shown comes from the mirror of Odoo, so pages say how old that is. `notice` gives what every page of a signed-in
    person warns of.
    """
    app = FastAPI(title="Exception Desk", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.settings = settings
    app.state.database = database or open_database(settings)
    app.state.store = RawStore(settings.raw_dir)
    app.state.postbox = Postbox(app.state.database, app.state.store)
    app.state.key_lookups = {}
    app.state.sessions = Sessions(app.state.database, settings)
    app.state.records = records
    app.state.mirrored = mirrored
    app.state.notice = notice
    app.state.checks = {"database": partial(database_check, app.state.database)}
    if settings.mailboxes is not None or settings.odoo_portal is not None:
        app.state.checks["mailboxes"] = partial(mailbox_check, app.state.database, settings)
    if mirrored:
        app.state.checks["odoo"] = partial(mirror_check, app.state.database, settings.odoo_stale_after)
    app.state.exposition = Exposition(app.state.database)
    app.state.stopping = lambda: False  # whoever serves it says when it ends
    app.middleware("http")(add_headers)
    app.include_router(sign_in.router)
    app.include_router(account.router)
    app.include_router(administration.router)
    app.include_router(pages.router)
    app.include_router(quality_pages.router)
    app.include_router(originals.router)
    app.include_router(briefing_pages.router)
    app.include_router(oversight.router)
    app.include_router(monitoring.router)
    app.include_router(runs.router)
    app.include_router(deciding.router)
    app.include_router(arranging.router)
    app.include_router(assignment_pages.router)
    app.include_router(bulk_pages.router)
    app.include_router(endpoints.router)
    app.include_router(decision_endpoints.router)
    app.include_router(bulk_endpoints.router)
    app.include_router(desk_endpoints.router)
    app.include_router(lesson_endpoints.router)
    app.include_router(lesson_pages.router)
    app.include_router(feed.router)
    app.include_router(intake.router)
    app.include_router(receipts.router)
    app.include_router(handoffs.router)
    app.include_router(alerts.router)
    if settings.oidc_issuer is not None:
        oidc.add_provider(app, settings)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    for kind in (Exception, StarletteHTTPException, RequestValidationError, DecisionError, InvalidEdit, InvalidCursor):
        app.add_exception_handler(kind, _explain)
    app.add_exception_handler(NotSignedIn, _explain)
    app.add_exception_handler(CrossSite, _explain)
    return app


def _explain(request: Request, error: Exception) -> Response:
    """A page for people, `application/problem+json` (RFC 9457) for machines and for whoever asks for JSON."""
    status, detail = _status_and_detail(error)
    if status == 500:
        logger.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    if request.url.path.startswith(("/api", "/intake", "/handoff/", "/metrics")) or wants_json(request):
        body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": detail}
        headers = {**HEADERS, **(getattr(error, "headers", None) or {})}
        return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)
    if isinstance(error, NotSignedIn):
        page = account.sign_in_page(request, request.url.path if request.method == "GET" else "/", status=401)
    else:
        page = notice_page(request, TITLES.get(status, "That did not work"), detail, status)
    page.headers.update(HEADERS)
    return page


def _status_and_detail(error: Exception) -> tuple[int, str]:
    if isinstance(error, DecisionError | InvalidEdit | InvalidCursor):
        return error.status, str(error)
    if isinstance(error, NotSignedIn):
        return 401, SIGN_IN_HINT
    if isinstance(error, CrossSite):
        return 403, "The page was too old, or the request did not come from it. Reload the page and try again."
    if isinstance(error, RequestValidationError):
        problems = "; ".join(f"{'.'.join(str(p) for p in e['loc'][1:])}: {e['msg']}" for e in error.errors())
        return 422, problems or "The request could not be read."
    if isinstance(error, HTTPException | StarletteHTTPException):
        known = {404: "There is nothing at this address.", 405: "This address does not take such requests."}
        said = str(error.detail)
        plain = said == HTTPStatus(error.status_code).phrase
        return error.status_code, known.get(error.status_code, said) if plain else said
    return 500, "Nothing was decided. Try again; the service's own log has the details."
