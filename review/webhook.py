"""One try to deliver: signed as Standard Webhooks says, to an address that was judged, within a time that is kept."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from review.egress import Forbidden, resolve
from review.outbox import Attempt, Outcome
from review.targets import Target, TargetError, signing_secrets, token

if TYPE_CHECKING:
    import httpx

SAID_BYTES = 300
RESUME_BYTES = 4_000


def deliver(attempt: Attempt, target: Target) -> Outcome:
    """Sends the event once. Whatever goes wrong is told in the outcome; nothing is raised."""
    try:
        now = datetime.now(UTC)
        body = body_for(attempt, target)
        sent = headers(attempt.id, body, now, signing_secrets(target.secret_file, now))
    except TargetError as error:
        return Outcome(None, str(error))
    return asyncio.run(_post(target, body, {**sent, "content-type": f"{target.content_type}; charset=utf-8"}))


def body_for(attempt: Attempt, target: Target) -> bytes:
    """The event as this target gets it: Odoo's rules see the body alone, so their token stands in it."""
    secret = token(target)
    if secret is None:
        return attempt.body.encode()
    return json.dumps({**json.loads(attempt.body), "token": secret}, ensure_ascii=False).encode()


def headers(event_id: str, body: bytes, now: datetime, secrets: list[str]) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0: one signature for each secret, so that a receiver may know any of them."""
    from standardwebhooks import Webhook

    text = body.decode()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, now, text) for secret in secrets),
    }


async def _post(target: Target, body: bytes, sent: dict[str, str]) -> Outcome:
    import httpx

    accepted: Outcome | None = None
    parts = urlsplit(target.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(target.timeout_seconds):
            loop = asyncio.get_running_loop()
            address = await loop.run_in_executor(None, lambda: resolve(host, port, allow_private=target.allow_private))
            # The address stands in the URL, the name in Host and in TLS: what was judged is what is connected to.
            url = httpx.URL(target.url).copy_with(host=address)
            async with httpx.AsyncClient(verify=_trusted(), trust_env=False, timeout=None) as client:
                request = client.build_request(
                    "POST",
                    url,
                    content=body,
                    headers={**sent, "host": parts.netloc, "user-agent": "exception-desk"},
                    extensions={"sni_hostname": host},
                )
                response = await client.send(request, stream=True, follow_redirects=False)
                if not response.is_success:
                    return await _judge(response)
                accepted = Outcome(response.status_code)  # whatever becomes of the rest of the answer
                return accepted._replace(resume_url=await _resume_url(response))
    except TimeoutError:
        return accepted or Outcome(None, f"No answer within {target.timeout_seconds:g} s.")
    except Forbidden as error:
        return Outcome(None, str(error))
    except (httpx.HTTPError, OSError) as error:
        return accepted or Outcome(None, f"No answer: {error or type(error).__name__}.")


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities whose certificates count; reading them takes longer than a request."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


async def _resume_url(response: httpx.Response) -> str | None:
    """Where the receiver waits to be told the outcome, if it says so in JSON."""
    if not response.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        url = json.loads(await _start(response, RESUME_BYTES))["resume_url"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return url if isinstance(url, str) else None


async def _start(response: httpx.Response, length: int) -> bytes:
    said = b""
    async for piece in response.aiter_bytes():
        said += piece
        if len(said) >= length:
            break
    return said[:length]


async def _judge(response: httpx.Response) -> Outcome:
    """What an answer means that is not 2xx."""
    status = response.status_code
    if response.is_redirect:
        return Outcome(status, f"It answers {status}, to go elsewhere: put the final address into the target's `url`.")
    words = " ".join((await _start(response, SAID_BYTES)).decode("utf-8", "replace").split())
    return Outcome(status, f"It answers {status}: {words}" if words else f"It answers {status}.", _wait(response))


def _wait(response: httpx.Response) -> float | None:
    """Seconds of the Retry-After header, which holds a number or a date (RFC 9110)."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
