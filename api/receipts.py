"""Where receivers say what became of an event: with a key for receipts, or signed with the secret that signs for them."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, ValidationError

from api.intake import Key, key_holder, read_body, refusals, weigh
from review.api_keys import Scope
from review.receipt_rows import Reported, report
from review.targets import TargetError, signing_secrets

RECEIPT_BYTES = 20_000

router = APIRouter(prefix="/handoff", tags=["handoff"], responses=refusals(401, 403, 404, 408, 413, 422))


class Receipt(BaseModel):
    """What became of `event`, whose id stands in the path too, so that a signature covers it. `detail` is a sentence for a
    person, who needs one where something was not done."""

    event: str
    outcome: Reported
    detail: str = Field("", max_length=2_000)


@router.post(
    "/{event_id}/receipt",
    status_code=204,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": Receipt.model_json_schema()}}}
    },
)
async def post_receipt(request: Request, event_id: str, key: Key) -> None:
    """Says that an event was carried out, or was not. The same again changes nothing."""
    weigh(request, RECEIPT_BYTES)
    signed = "webhook-signature" in request.headers
    by = "" if signed else await key_holder(request, Scope.receipt, key)
    body = await read_body(request, RECEIPT_BYTES)
    if signed:
        by = await run_in_threadpool(_signer, request, body)
    try:
        receipt = Receipt.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise HTTPException(422, f"{'.'.join(map(str, first['loc'])) or 'The body'}: {first['msg']}") from error
    if receipt.event != event_id:
        raise HTTPException(422, "The event of the body is not that of the path.")
    await run_in_threadpool(report, request.app.state.database, event_id, receipt.outcome, receipt.detail, by)


def _signer(request: Request, body: bytes) -> str:
    """The target whose secret signed the body, as the log names it."""
    from standardwebhooks import Webhook
    from standardwebhooks.webhooks import WebhookVerificationError

    now = datetime.now(UTC)
    for name, target in request.app.state.settings.endpoints().targets.items():
        try:
            secrets = signing_secrets(target.secret_file, now)
        except TargetError:
            continue
        for secret in secrets:
            try:
                Webhook(secret).verify(body, dict(request.headers))
            except WebhookVerificationError:
                continue
            return f"target:{name}"
    raise HTTPException(401, "No target's secret fits the signature, or it is older than 5 minutes.")
