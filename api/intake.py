"""The doors for machines: portals, carriers, mail services and EDI networks post here, with a key or their signature.

A request is weighed before it is read, known before it is believed, and answered with 202 and the message's id only
when the message is on disk. Reading and triage come later, from the row.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError

from api import problems
from api.bodies import FORMS, json_in, mail_in
from api.postbox import Postbox
from review.api_keys import ApiKey, InvalidKey, Scope, find_key
from review.intake import Delivery, KeyReused
from review.settings import Settings
from tools.carrier import PROVIDERS, envelope
from tools.edi.files import standard_of
from tools.edi.splitting import split_statuses
from tools.message import Channel
from tools.webhook_signatures import SignatureError, is_signed, secrets_of, verify

logger = logging.getLogger(__name__)
EVENT_BYTES = EDI_BYTES = 2_000_000
BODY_SECONDS = 60
RETRY_SECONDS = 30
CLOSE = {"Connection": "close"}  # what of the body is still on its way must not be read to its end

_bearer = HTTPBearer(auto_error=False, description="A key of `triage keys add`.")
_basic = HTTPBasic(auto_error=False, description="The same key as the password, for services that know only URLs.")


async def _shown_key(
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    basic: Annotated[HTTPBasicCredentials | None, Security(_basic)],
) -> str | None:
    """The key that a caller shows, as a bearer token or as a password."""
    return bearer.credentials if bearer else basic.password if basic else None


Key = Annotated[str | None, Depends(_shown_key)]
Repeatable = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="The same key with the same body within 24 hours is one message; with another body it is refused.",
    ),
]


class Taken(BaseModel):
    """The message is on disk under this id: the SHA-256 of its bytes."""

    id: str


class Post(BaseModel):
    """A post on a portal, in the shape of an Odoo `mail.message`. All keys may be missing."""

    model: str | None = None
    res_id: int | None = None
    author: dict[str, str] | None = None
    subject: str | None = None
    body_html: str | None = None
    message_id: str | None = None
    attachments: list[dict[str, str]] | None = None


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    said = {
        401: "No key, or one that is not valid",
        403: "The key opens other doors",
        404: "Unknown provider or event",
        408: "The body did not come in time",
        413: "Too large",
        422: "Not of the form that belongs here, or the Idempotency-Key was used for another body",
        503: "It could not be kept just now: send it again",
    }
    return problems.refusals(*codes, said=said)


def _body(*kinds: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    given = schema or {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {kind: {"schema": given} for kind in kinds}}}


router = APIRouter(prefix="/intake", tags=["intake"], responses=refusals(401, 403, 408, 413, 422, 503))


@router.post("/portal", status_code=202, openapi_extra=_body("application/json", schema=Post.model_json_schema()))
async def portal(request: Request, response: Response, key: Key, repeatable: Repeatable = None) -> Taken:
    """A post on a supplier or customer portal."""
    limit = _settings(request).intake_bytes
    weigh(request, limit)
    source = await key_holder(request, Scope.portal, key)
    raw = await read_body(request, limit)
    if not isinstance(json_in(raw), dict):
        raise HTTPException(422, "The body is JSON, but not an object.")
    return await _take(request, response, Delivery(raw, Channel.portal, datetime.now(UTC), source, repeatable))


@router.post(
    "/carrier/{provider}",
    status_code=202,
    responses=refusals(404),
    openapi_extra=_body("application/json", "application/edi-x12", schema={}),
)
async def carrier(
    request: Request,
    response: Response,
    provider: Annotated[str, Path(description=f"One of {', '.join(PROVIDERS)}.", max_length=40)],
    key: Key,
    repeatable: Repeatable = None,
) -> Taken:
    """A carrier's tracking event: the provider's own webhook body, signed by the provider or sent with a key."""
    if provider not in PROVIDERS:
        raise HTTPException(404, f"There is no provider {provider!r} here: {', '.join(PROVIDERS)}.")
    weigh(request, EVENT_BYTES)
    signed = key is None and is_signed(provider, request.headers)
    source = f"signature:{provider}" if signed else await key_holder(request, Scope.carrier, key)
    body = await read_body(request, EVENT_BYTES)
    if signed:
        _check_signature(request, provider, body)
    if provider != "edi214":
        json_in(body)
    raw = envelope(provider, body)
    return await _take(request, response, Delivery(raw, Channel.carrier, datetime.now(UTC), source, repeatable))


@router.post("/email", status_code=202, openapi_extra=_body("message/rfc822", "application/json", *FORMS))
async def email(request: Request, response: Response, key: Key, repeatable: Repeatable = None) -> Taken:
    """A whole mail (RFC 5322): as the body, as the form field `email` or `body-mime`, or as JSON `RawEmail`."""
    limit = _settings(request).intake_bytes
    weigh(request, limit)
    source = await key_holder(request, Scope.email, key)
    body = await read_body(request, limit)
    raw = mail_in(body, request.headers.get("content-type", ""))
    return await _take(request, response, Delivery(raw, Channel.email, datetime.now(UTC), source, repeatable))


@router.post(
    "/edi", status_code=202, openapi_extra=_body("application/edi-x12", "application/edifact", "application/xml")
)
async def edi(request: Request, response: Response, key: Key, repeatable: Repeatable = None) -> Taken:
    """An X12 or EDIFACT interchange, or a UBL document. Of several transport statuses each becomes a message; the id is
    that of the first."""
    weigh(request, EDI_BYTES)
    source = await key_holder(request, Scope.edi, key)
    raw = await read_body(request, EDI_BYTES)
    if standard_of(raw) is None:
        raise HTTPException(422, "The body does not begin like X12 (ISA), EDIFACT (UNA, UNB) or a UBL document.")
    now = datetime.now(UTC)
    taken = None
    for number, piece in enumerate(split_statuses(raw)):
        its_own = f"{repeatable[:190]}#{number}" if repeatable and number else repeatable
        one = await _take(request, response, Delivery(piece, Channel.edi, now, source, its_own))
        taken = taken or one
    assert taken is not None
    response.headers["Location"] = f"/message/{taken.id}"
    return taken


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def weigh(request: Request, limit: int) -> None:
    """Refuses by Content-Length before a byte of the body is read. Chunked bodies are counted while they come."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        _too_large(limit)


async def read_body(request: Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    _too_large(limit)
    except TimeoutError as error:
        raise HTTPException(408, f"The body did not come within {BODY_SECONDS} seconds.", CLOSE) from error
    return bytes(body)


def _too_large(limit: int) -> NoReturn:
    raise HTTPException(413, f"The body is larger than {limit:,} bytes, which is as much as is taken here.", CLOSE)


async def key_holder(request: Request, scope: Scope, shown: str | None) -> str:
    """Who posts, as the log names it. Raises 401 without a valid key and 403 with one for other doors."""
    if shown is None:
        _unknown("Send a key: `Authorization: Bearer …`. `triage keys add` makes one.")
    try:
        key = await _looked_up(request, shown)
    except InvalidKey as error:
        _unknown(str(error))
    if scope not in key.scopes:
        raise HTTPException(403, f"The key {key.id} ({key.name}) is for {', '.join(key.scopes)}, not for {scope}.")
    return f"key:{key.id}"


async def _looked_up(request: Request, shown: str) -> ApiKey:
    """The key, looked up once for all the requests of a burst that show it at the same moment. Raises InvalidKey."""
    under_way: dict[str, asyncio.Task[ApiKey]] = request.app.state.key_lookups
    lookup = under_way.get(shown)
    if lookup is None:
        lookup = asyncio.create_task(run_in_threadpool(find_key, request.app.state.database, shown))
        under_way[shown] = lookup
        lookup.add_done_callback(lambda _: under_way.pop(shown))
    return await asyncio.shield(lookup)  # who waits with others must not end it for them


def _check_signature(request: Request, provider: str, body: bytes) -> None:
    folder = _settings(request).webhook_secrets
    secrets = secrets_of(folder, provider) if folder else []
    if not secrets:
        _unknown(f"No secret of {provider} is kept here: put it into TRIAGE_WEBHOOK_SECRETS, as {provider}.")
    try:
        verify(provider, body, request.headers, secrets)
    except SignatureError as error:
        _unknown(str(error))


def _unknown(why: str) -> NoReturn:
    raise HTTPException(401, why, {"WWW-Authenticate": 'Bearer realm="intake"'})


async def _take(request: Request, response: Response, delivery: Delivery) -> Taken:
    postbox: Postbox = request.app.state.postbox
    try:
        outcome = await postbox.take(delivery)
    except (OperationalError, OSError) as error:
        logger.exception("A message could not be kept; its sender was told to send it again.")
        why = "The message could not be kept just now. Send it again."
        raise HTTPException(503, why, {"Retry-After": str(RETRY_SECONDS)}) from error
    if isinstance(outcome, KeyReused):
        raise HTTPException(422, str(outcome))
    response.headers["Location"] = f"/message/{outcome}"
    return Taken(id=outcome)
