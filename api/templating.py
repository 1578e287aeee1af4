"""The pages' templates: one environment, what every page is given, and the page with one thing to say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader

from api import wording
from api.sign_in import DEMO_PEOPLE
from review import alerts, model_calls
from review.decisions import RejectReason
from review.letters import letters_of
from review.mirror import synced_at
from review.queue import View

_FILTERS = ("age", "iso_moment", "moment", "money", "percent", "value", "visible", "words")

_environment = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True)
_environment.trim_blocks = _environment.lstrip_blocks = True
_environment.globals.update(wording=wording, View=View, RejectReason=RejectReason, letters_of=letters_of)
_environment.filters.update({name: getattr(wording, name) for name in _FILTERS})
_templates = Jinja2Templates(env=_environment)


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A whole page, with what its head shows."""
    state = request.app.state
    context["demo_people"] = DEMO_PEOPLE if state.settings.demo else {}
    context["warning"] = state.notice() or model_calls.notice(state.database) or alerts.sentence(state.database)
    as_of = context["odoo_as_of"] = synced_at(state.database) if state.mirrored else None
    context["odoo_stale"] = as_of is not None and datetime.now(UTC) - as_of > state.settings.odoo_stale_after
    return fragment(request, template, status=status, **context)


def fragment(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A part of a page, for a page that is open already."""
    return _templates.TemplateResponse(request, template, context, status_code=status)


def notice(request: Request, title: str, detail: str, status: int) -> Response:
    """A page with one thing to say."""
    return page(request, "notice.html", status=status, title=title, detail=detail)
