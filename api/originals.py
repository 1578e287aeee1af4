"""The original of a message, inert: as it was laid out, its files, and its bytes.

Nothing of it is ever shown by the browser as part of the desk. Files and bytes are only saved, whatever they claim to
be. The layout is HTML that `tools.original` made harmless, under a policy that would stop what that missed: a sandbox
without scripts, forms and origin, which may load nothing from anywhere.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from api.endpoints import SignedIn
from api.problems import refusals
from api.wording import visible
from review.schema import MessageRow
from tools import original
from tools.message import Channel

router = APIRouter(responses=refusals(401, 403, 404, 422))
NOTHING = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'"
SAVED: dict[str, str] = {"Content-Security-Policy": f"{NOTHING}; frame-ancestors 'none'"}
LAID_OUT = {
    "Content-Security-Policy": f"{NOTHING}; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "no-referrer",
}
STYLE = """
:root { color-scheme: light; background: #fff; color: #1b2430; }
body { margin: 0; padding: 1rem; font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
img { max-width: 100%; } img:not([src]) { outline: 1px dashed #556273; padding: .2rem; }
pre { white-space: pre-wrap; font: inherit; } a { text-decoration: underline; }
.note { margin: 0 0 1rem; padding: .4rem .7rem; background: #fdf1d8; color: #7d5000; font-size: 13px; }
"""
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/message/{message_id}/laid-out", include_in_schema=False)
def laid_out(request: Request, me: SignedIn, message_id: str) -> Response:
    """The message as its sender laid it out, for a sandboxed frame. It loads nothing from anywhere."""
    raw, channel = _raw(request, message_id)
    found = original.laid_out(raw, channel)
    pictures = "1 picture that is" if found.left_out == 1 else f"{found.left_out} pictures that are"
    note = f'<p class="note">Without {pictures} not part of the mail.</p>' if found.left_out else ""
    head = f"<meta charset=utf-8><title>{escape('The message as it was laid out')}</title><style>{STYLE}</style>"
    page = f'<!doctype html><html lang="en"><head>{head}</head><body>{note}{found.html}</body></html>'
    return HTMLResponse(page, headers=LAID_OUT)


@router.get("/message/{message_id}/files/{digest}", include_in_schema=False)
@router.get("/api/messages/{message_id}/files/{digest}", response_class=Response, responses=BYTES)
def file(request: Request, me: SignedIn, message_id: str, digest: str) -> Response:
    """A file that came with a message, by the SHA-256 of its bytes; only ever to be saved."""
    raw, channel = _raw(request, message_id)
    found = original.files(raw, channel)
    wanted = next((each for each in found if each.sha256 == digest), None)
    if wanted is None:
        raise HTTPException(404, "No such file came with this message.")
    return _saved(wanted.data, wanted.name)


@router.get("/message/{message_id}/raw", include_in_schema=False)
@router.get("/api/messages/{message_id}/raw", response_class=Response, responses=BYTES)
def raw(request: Request, me: SignedIn, message_id: str) -> Response:
    """The bytes of a message as they came; only ever to be saved."""
    data, channel = _raw(request, message_id)
    return _saved(data, f"{message_id[:20]}.{'eml' if channel is Channel.email else 'bin'}")


def _raw(request: Request, message_id: str) -> tuple[bytes, Channel]:
    with request.app.state.database.read() as session:
        row = session.get(MessageRow, message_id)
    if row is None:
        raise HTTPException(404, "There is no such message.")
    try:
        return request.app.state.store.get(message_id), Channel(row.channel)
    except (FileNotFoundError, ValueError) as error:
        raise HTTPException(404, "The original of this message is not kept any more.") from error


def _saved(data: bytes, name: str) -> Response:
    saved_as = f"attachment; filename*=UTF-8''{quote(visible(name), safe='')}"
    return Response(data, media_type="application/octet-stream", headers={**SAVED, "Content-Disposition": saved_as})
