"""Each carrier service's signature, made as its documentation says: the right one passes, any flipped byte does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tools.webhook_signatures import SignatureError, is_signed, secrets_of
from tools.webhook_signatures import verify as verify_of

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STANDARD = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODY = b'{"result": {"tracking_code": "T1"}}'
PROVIDERS = ("easypost", "easypost v2", "aftership", "karrio", "shippo", "shipengine", "generic")


def number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode().rstrip("=")


PUBLIC = RSA.public_key().public_numbers()
KEY_SET = json.dumps({"keys": [{"kid": "k1", "kty": "RSA", "n": number(PUBLIC.n), "e": number(PUBLIC.e)}]})
SECRETS = dict.fromkeys(PROVIDERS, "s3cret") | {"shipengine": KEY_SET, "generic": STANDARD}


def verify(provider: str, body: bytes, headers: dict[str, str], secrets: list[str]) -> None:
    verify_of(provider.partition(" ")[0], body, headers, secrets)


def sign(provider: str, body: bytes, at: datetime | None = None) -> dict[str, str]:
    """The headers that the provider sends with `body`."""
    at = at or datetime.now(UTC)
    unix = str(int(at.timestamp()))
    if provider == "easypost":
        return {"x-hmac-signature": "hmac-sha256-hex=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()}
    if provider == "easypost v2":
        signed = f"{format_datetime(at)}POST/hook".encode() + body
        signature = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
        times = {"x-timestamp": format_datetime(at), "x-path": "/hook"}
        return {**times, "x-hmac-signature-v2": f"hmac-sha256-hex={signature}"}
    if provider == "aftership":
        digest = hmac.new(b"s3cret", body, hashlib.sha256).digest()
        return {"aftership-hmac-sha256": base64.b64encode(digest).decode()}
    if provider == "karrio":
        return {"x-event-id": "s3cret"}
    if provider == "shippo":
        digest = hmac.new(b"s3cret", unix.encode() + b"." + body, hashlib.sha256)
        return {"shippo-auth-signature": f"t={unix},v1={digest.hexdigest()}"}
    if provider == "shipengine":
        sent = at.isoformat()
        signature = RSA.sign(sent.encode() + b"." + body, PKCS1v15(), SHA256())
        return {
            "x-shipengine-timestamp": sent,
            "x-shipengine-rsa-sha256-key-id": "k1",
            "x-shipengine-rsa-sha256-signature": base64.b64encode(signature).decode(),
        }
    signed = Webhook(STANDARD).sign("msg_1", at, body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": unix, "webhook-signature": signed}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_the_provider_signed_passes(provider):
    verify(provider, BODY, sign(provider, BODY), [SECRETS[provider]])


@pytest.mark.parametrize("provider", [p for p in PROVIDERS if p != "karrio"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data())
def test_any_flipped_byte_of_the_body_is_refused(provider, data):
    """Karrio signs no body; its secret is the signature."""
    at = data.draw(st.integers(0, len(BODY) - 1))
    other = bytearray(BODY)
    other[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SignatureError):
        verify(provider, bytes(other), sign(provider, BODY), [SECRETS[provider]])


@pytest.mark.parametrize("provider", PROVIDERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data())
def test_any_changed_character_of_the_signature_is_refused(provider, data):
    """But for the bits of the last Base64 character that stand for nothing."""
    headers = sign(provider, BODY)
    name = data.draw(st.sampled_from(sorted(headers)))
    end = len(headers[name].rstrip("=")) - (1 if headers[name].endswith("=") else 0)
    at = data.draw(st.integers(0, end - 1))
    letter = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != headers[name][at]))
    headers[name] = headers[name][:at] + letter + headers[name][at + 1 :]
    with pytest.raises(SignatureError):
        verify(provider, BODY, headers, [SECRETS[provider]])


@pytest.mark.parametrize("provider", ["easypost v2", "shippo", "shipengine", "generic"])
@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_replay_outside_of_the_window_is_refused(provider, minutes):
    old = sign(provider, BODY, datetime.now(UTC) + timedelta(minutes=minutes))
    with pytest.raises(SignatureError):
        verify(provider, BODY, old, [SECRETS[provider]])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_the_right_secret_nothing_passes(provider):
    """Neither another secret, nor none, nor a missing header."""
    other = {"shipengine": '{"keys": []}', "generic": "whsec_" + base64.b64encode(b"x" * 32).decode()}
    for secrets in ([other.get(provider, "other")], []):
        with pytest.raises(SignatureError):
            verify(provider, BODY, sign(provider, BODY), secrets)
    assert not is_signed(provider.partition(" ")[0], {})
    with pytest.raises(SignatureError, match=r"The header .* is missing"):
        verify(provider, BODY, {}, [SECRETS[provider]])


def test_where_both_of_easyposts_signatures_stand_the_one_that_signs_a_time_counts():
    late = sign("easypost v2", BODY, datetime.now(UTC) - timedelta(hours=1)) | sign("easypost", BODY)
    with pytest.raises(SignatureError, match="minutes"):
        verify("easypost", BODY, late, ["s3cret"])


def test_an_old_and_a_new_secret_may_stand_side_by_side(tmp_path):
    (tmp_path / "easypost").write_text("new\n\ns3cret\n")
    (tmp_path / "shipengine").write_text(KEY_SET)
    assert secrets_of(tmp_path, "easypost") == ["new", "s3cret"]
    assert secrets_of(tmp_path, "aftership") == []
    for provider in ("easypost", "shipengine"):
        verify(provider, BODY, sign(provider, BODY), secrets_of(tmp_path, provider))


@pytest.mark.parametrize("key_set", ["", "no json", "[]", "{}", '{"keys": [{"kid": 1}]}'])
def test_a_broken_key_set_is_named_and_lets_nobody_in(key_set):
    with pytest.raises(SignatureError, match="key set"):
        verify("shipengine", BODY, sign("shipengine", BODY), [key_set])


@given(st.binary(max_size=60), st.dictionaries(st.sampled_from(["shippo-auth-signature", "webhook-signature",
    "webhook-id", "webhook-timestamp", "x-event-id", "x-hmac-signature", "x-hmac-signature-v2", "x-timestamp", "x-path", "aftership-hmac-sha256",
    "x-shipengine-timestamp", "x-shipengine-rsa-sha256-signature", "x-shipengine-rsa-sha256-key-id"]),
    st.text(max_size=40)), st.sampled_from(PROVIDERS))  # fmt: skip
@settings(deadline=None)
def test_wild_headers_are_refused_and_break_nothing(body, headers, provider):
    with pytest.raises(SignatureError):
        verify(provider, body, headers, [SECRETS[provider]])
