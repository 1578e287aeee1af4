"""Whether a webhook comes from the carrier service that it claims to come from: each service's own signature.

Every check is made over the raw body. Where a scheme signs a time too, a request older or newer than `WINDOW` is
refused; where it does not (EasyPost's first, AfterShip, Karrio), a repeated request is harmless because the same bytes
are the same message. Secrets are tried one after the other, so that an old and a new one may stand side by side.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

WINDOW = timedelta(minutes=5)


class SignatureError(Exception):
    """A request is not signed as its provider signs. The sentence says what is wrong and tells no secret."""


Headers = Mapping[str, str]
Scheme = Callable[[bytes, Headers, str], bool]


def is_signed(provider: str, headers: Headers) -> bool:
    """Whether there is a signature of the provider's, right or wrong. `headers` have lower-case names."""
    return any(header in headers for header in _schemes(provider))


def verify(provider: str, body: bytes, headers: Headers, secrets: Sequence[str]) -> None:
    """Returns when `body` was signed with one of `secrets`. `headers` have lower-case names.

    A provider without a scheme of its own is held to Standard Webhooks. Of several signatures the strongest scheme's
    counts. Raises SignatureError."""
    schemes = _schemes(provider)
    header = next((header for header in schemes if headers.get(header)), None)
    if header is None:
        raise SignatureError(f"The header {' or '.join(schemes)} is missing.")
    if not any(schemes[header](body, headers, secret) for secret in secrets):
        raise SignatureError(f"The signature in {header} does not fit the body: check the secret on both sides.")


def secrets_of(folder: Path, provider: str) -> list[str]:
    """The secrets in the file `<folder>/<provider>`, one a line; for ShipEngine its key set (JWKS) as one. They are
    read anew each time, so that a changed file counts at once. No file, no secrets."""
    try:
        text = (folder / provider).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [text] if provider == "shipengine" else [line.strip() for line in text.splitlines() if line.strip()]


def _easypost(body: bytes, headers: Headers, secret: str) -> bool:
    """Hex HMAC-SHA256 of the body.

    Source: docs.easypost.com/docs/webhooks, "HMAC Validation", and `validate_webhook` of EasyPost's libraries."""
    return _same(headers["x-hmac-signature"], _easypost_hmac(secret, body))


def _easypost_v2(body: bytes, headers: Headers, secret: str) -> bool:
    """Hex HMAC-SHA256 of the time (RFC 2822), the method, the path as EasyPost was told it, and the body.

    Source: support.easypost.com, "Webhook HMAC Validation", for the headers, the window and the form of the time. The
    order of what is signed is the one that public implementations agree on; EasyPost's libraries do not hold it yet."""
    sent, path = headers.get("x-timestamp", ""), headers.get("x-path", "")
    _require_recent(_rfc2822(sent))
    return _same(headers["x-hmac-signature-v2"], _easypost_hmac(secret, sent.encode() + b"POST" + path.encode() + body))


def _easypost_hmac(secret: str, signed: bytes) -> str:
    """The secret counts in Unicode form NFKD, as EasyPost's client libraries have it."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return "hmac-sha256-hex=" + hmac.new(key, signed, hashlib.sha256).hexdigest()


def _aftership(body: bytes, headers: Headers, secret: str) -> bool:
    """Base64 HMAC-SHA256 of the body. Source: aftership.com/docs/tracking/webhook/webhook-signature."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return _same(headers["aftership-hmac-sha256"], base64.b64encode(digest).decode())


def _karrio(body: bytes, headers: Headers, secret: str) -> bool:
    """Karrio signs nothing: it sends the webhook's secret itself, so only HTTPS protects it.

    Source: karrioapi/karrio, modules/events/karrio/server/events/task_definitions/base/webhook.py."""
    return _same(headers["x-event-id"], secret)


def _shippo(body: bytes, headers: Headers, secret: str) -> bool:
    """`t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. Source: docs.goshippo.com/tracking/webhook-security."""
    fields = dict(piece.strip().partition("=")[::2] for piece in headers["shippo-auth-signature"].split(","))
    sent = fields.get("t", "")
    _require_recent(_unix(sent))
    return _same(fields.get("v1", ""), hmac.new(secret.encode(), _dotted(sent, body), hashlib.sha256).hexdigest())


def _shipengine(body: bytes, headers: Headers, key_set: str) -> bool:
    """RSA-SHA256 (PKCS #1 v1.5) of "timestamp.body" under the key of the service's JWKS that the request names.

    Source: docs.shipstation.com/apis/docs/guides/webhooks-validation."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.hashes import SHA256

    sent, key_id = headers.get("x-shipengine-timestamp", ""), headers.get("x-shipengine-rsa-sha256-key-id", "")
    _require_recent(_iso(sent))
    try:
        key = next(k for k in json.loads(key_set)["keys"] if k["kid"] == key_id)
    except (StopIteration, ValueError, KeyError, TypeError) as error:
        why = "The signing key is not in the stored key set: fetch ShipEngine's key set anew."
        raise SignatureError(why) from error
    try:
        signature = base64.b64decode(headers["x-shipengine-rsa-sha256-signature"], validate=True)
        public = RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
        public.verify(signature, _dotted(sent, body), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _standard(body: bytes, headers: Headers, secret: str) -> bool:
    """Standard Webhooks: HMAC-SHA256 of "webhook-id.webhook-timestamp.body" (standardwebhooks.com, specification)."""
    from standardwebhooks import Webhook, WebhookVerificationError

    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # also what is no Base64, UTF-8 or pair
        return False
    return True


# Each header in which a signature may stand, the strongest scheme first.
_SCHEMES: dict[str, dict[str, Scheme]] = {
    "easypost": {"x-hmac-signature-v2": _easypost_v2, "x-hmac-signature": _easypost},
    "aftership": {"aftership-hmac-sha256": _aftership},
    "karrio": {"x-event-id": _karrio},
    "shippo": {"shippo-auth-signature": _shippo},
    "shipengine": {"x-shipengine-rsa-sha256-signature": _shipengine},
}
_STANDARD: dict[str, Scheme] = {"webhook-signature": _standard}


def _schemes(provider: str) -> dict[str, Scheme]:
    return _SCHEMES.get(provider, _STANDARD)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _dotted(sent: str, body: bytes) -> bytes:
    return sent.encode() + b"." + body


def _number(text: str) -> int:
    """A JWK's unpadded base64url integer (RFC 7518, section 2)."""
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def _unix(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _rfc2822(text: str) -> datetime | None:
    try:
        sent = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)  # "-0000" says that it is UTC


def _iso(text: str) -> datetime | None:
    try:
        sent = datetime.fromisoformat(text)
    except ValueError:
        return None
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)


def _require_recent(sent: datetime | None) -> None:
    if sent is None:
        raise SignatureError("The time of signing is missing or no time.")
    if abs(datetime.now(UTC) - sent) > WINDOW:
        minutes = int(WINDOW.total_seconds() // 60)
        raise SignatureError(f"The request was signed more than {minutes} minutes from now: check the clocks.")
