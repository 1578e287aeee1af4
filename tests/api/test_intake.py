"""The doors for machines, over real HTTP: who may post, what is taken, and what abuse gets to hear."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from api import intake, postbox
from review import log
from review.api_keys import DOORS, Scope, add_key, revoke_key
from review.schema import LogEntry, MessageRow
from tests.api.serving import serving
from tests.review.desk import mail
from tests.tools.edi.writing import edifact, ubl, x12
from tests.tools.test_webhook_signatures import PROVIDERS, SECRETS, sign
from tools.carrier import read_carrier
from tools.message import Channel
from tools.reading import read_message

EVENT = b'{"tracking_number": "1Z999", "status": "in_transit", "description": "Departed"}'
POST = {"model": "purchase.order", "res_id": 41, "subject": "Later", "body_html": "<p>It comes on 3 June.</p>"}


class Door:
    """A client of the served desk with one key for everything."""

    def __init__(self, desk, address: str) -> None:
        self.desk, self.address = desk, address
        self.key, self.text = add_key(desk.database, "test", list(DOORS), days=1)
        self.client = httpx.Client(base_url=address, timeout=20)

    def post(self, path: str, body: object = None, key: str | None = "", **headers: str) -> httpx.Response:
        """Posts with the key (`key=None`: without)."""
        sent = {"Authorization": f"Bearer {key or self.text}"} if key is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, content=content, headers=sent)

    def kept(self) -> list[str]:
        with self.desk.database.read() as session:
            return list(session.scalars(select(MessageRow.id).order_by(MessageRow.received_at)))


@pytest.fixture
def door(desk, app, tmp_path) -> Iterator[Door]:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for provider, secret in SECRETS.items():
        (folder / provider).write_text(secret)
    app.state.settings.webhook_secrets = folder
    with serving(app) as address:
        yield Door(desk, address)


def refused(response: httpx.Response, status: int, word: str = "") -> None:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    problem = response.json()
    assert problem["status"] == status
    assert word in problem["detail"]
    assert "Traceback" not in response.text


def test_a_post_is_answered_when_it_is_on_disk(door):
    """The id is the hash of the bytes that came, and they are there, byte for byte."""
    raw = json.dumps(POST).encode()
    response = door.post("/intake/portal", raw)
    assert response.status_code == 202
    message_id = response.json()["id"]
    assert message_id == hashlib.sha256(raw).hexdigest()
    assert response.headers["location"] == f"/message/{message_id}"
    assert door.desk.store.get(message_id) == raw
    with door.desk.database.read() as session:
        entry = log.of_subject(session, message_id)[0]
        assert f'"source":"key:{door.key.id}"' in entry.content


def test_a_mail_is_taken_as_services_send_it(door):
    """As the body, as a form field of SendGrid or Mailgun, as JSON of Postmark: the same mail, the same id."""
    raw = mail()
    ids = {
        door.post("/intake/email", raw, Content_Type="message/rfc822").json()["id"],
        door.post("/intake/email", {"RawEmail": raw.decode()}, Content_Type="application/json").json()["id"],
    }
    auth = {"Authorization": f"Bearer {door.text}"}
    for field in ("email", "body-mime"):
        plain = door.client.post("/intake/email", data={field: raw.decode(), "to": "x"}, headers=auth)
        file = door.client.post("/intake/email", files={field: ("m.eml", raw)}, headers=auth)
        ids |= {plain.json()["id"], file.json()["id"]}
    assert ids == {hashlib.sha256(raw).hexdigest()}
    odd = b"From: a@b.example\r\n\r\n\xe9\xff\x00 latin"
    response = door.client.post("/intake/email", files={"email": ("m.eml", odd)}, headers=auth)
    assert door.desk.store.get(response.json()["id"]) == odd


def test_a_service_that_knows_only_urls_sends_the_key_as_password(door):
    address = door.address.replace("//", f"//any:{door.text}@")
    assert httpx.post(f"{address}/intake/email", content=mail()).status_code == 202


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_signed_webhook_needs_no_key(door, provider):
    """What is kept holds the provider's own bytes and names the provider."""
    response = door.post(f"/intake/carrier/{provider.split()[0]}", EVENT, key=None, **sign(provider, EVENT))
    assert response.status_code == 202, response.text
    raw = door.desk.store.get(response.json()["id"])
    assert EVENT in raw
    with door.desk.database.read() as session:
        row = session.get_one(MessageRow, response.json()["id"])
        message = read_carrier(raw, received_at=row.received_at)
    assert (row.channel, message.event.provider, message.event.tracking) == (
        Channel.carrier,
        provider.split()[0],
        "1Z999",
    )


@pytest.mark.parametrize("provider", [p for p in PROVIDERS if p != "karrio"])
def test_a_signature_of_another_body_is_refused(door, provider):
    refused(door.post(f"/intake/carrier/{provider.split()[0]}", EVENT + b" ", key=None, **sign(provider, EVENT)), 401)
    assert door.kept() == []


def test_x12_text_is_an_event_too(door):
    segments = b"ST*214*1~B10*PRO1*S77*ABCD~AT7*A9*BG***20260302*0800*LT~"
    response = door.post("/intake/carrier/edi214", segments)
    raw = door.desk.store.get(response.json()["id"])
    with door.desk.database.read() as session:
        at = session.get_one(MessageRow, response.json()["id"]).received_at
    assert read_message(raw, channel=Channel.carrier, received_at=at).event.intent == "goods_damaged"


def test_without_a_secret_on_file_no_signature_counts(door):
    (door.desk.settings.webhook_secrets / "karrio").unlink()
    refused(door.post("/intake/carrier/karrio", EVENT, key=None, **sign("karrio", EVENT)), 401, "karrio")


@pytest.mark.parametrize("path", ["/intake/portal", "/intake/carrier/generic", "/intake/email"])
def test_a_stranger_is_refused_before_a_byte_is_read(door, path):
    """Without a key, the answer comes while the body is still to be sent."""
    refused(door.post(path, EVENT, key=None), 401, "triage keys add")
    refused(door.post(path, EVENT, key="triage_00000000_guess"), 401, "not known")
    address = urlsplit(door.address)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: desk\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(200).startswith(b"HTTP/1.1 401")
    assert door.kept() == []


def test_a_key_opens_its_own_doors_until_it_ends(door):
    key, text = add_key(door.desk.database, "portal only", [Scope.portal], days=1)
    assert door.post("/intake/portal", POST, key=text).status_code == 202
    refused(door.post("/intake/email", mail(), key=text), 403, "portal")
    revoke_key(door.desk.database, key.id)
    refused(door.post("/intake/portal", POST, key=text), 401, "revoked")


def test_a_large_body_is_refused_by_its_length_before_it_is_read(door, app):
    app.state.settings.intake_bytes = 1000
    address = urlsplit(door.address)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = f"POST /intake/email HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer {door.text}\r\n"
        connection.sendall(f"{head}Content-Length: 1001\r\n\r\n".encode())
        assert connection.recv(200).startswith(b"HTTP/1.1 413")


def test_a_body_without_length_is_counted_while_it_comes(door, app):
    """Chunked: an endless sender is cut off soon after the limit."""
    app.state.settings.intake_bytes = 1000
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 10_000
            yield b"x" * 10_000

    auth = {"Authorization": f"Bearer {door.text}"}
    with contextlib.suppress(httpx.WriteError, httpx.ReadError):  # the server may close while we still send
        refused(door.client.post("/intake/email", content=endless(), headers=auth), 413)
    assert sent < 50_000_000
    whole = door.client.post("/intake/email", content=iter([mail()]), headers=auth)
    assert whole.status_code == 202
    assert len(door.kept()) == 1


def test_a_body_that_never_ends_is_given_up(door, monkeypatch):
    monkeypatch.setattr(intake, "BODY_SECONDS", 0.2)
    address = urlsplit(door.address)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = (
            f"POST /intake/email HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer {door.text}\r\nContent-Length: 50\r\n\r\n"
        )
        connection.sendall(head.encode() + b"From: a")
        assert connection.recv(200).startswith(b"HTTP/1.1 408")


def test_the_same_key_again_is_the_same_message(door):
    first = door.post("/intake/portal", POST, Idempotency_Key="a")
    again = door.post("/intake/portal", POST, Idempotency_Key="a")
    assert first.json() == again.json()
    refused(door.post("/intake/portal", {**POST, "res_id": 42}, Idempotency_Key="a"), 422, "Idempotency-Key")
    _, text = add_key(door.desk.database, "other", [Scope.portal], days=1)
    assert door.post("/intake/portal", {**POST, "res_id": 42}, key=text, Idempotency_Key="a").status_code == 202
    refused(door.post("/intake/portal", POST, Idempotency_Key="x" * 201), 422)
    assert len(door.kept()) == 2


def test_many_at_once_with_one_key_are_one_message(door):
    """Different bodies under one key: one wins, the others hear of it; equal ones all get the same id."""
    with ThreadPoolExecutor(8) as pool:
        equal = list(pool.map(lambda _: door.post("/intake/portal", POST, Idempotency_Key="e"), range(24)))
        mixed = list(
            pool.map(lambda n: door.post("/intake/portal", {**POST, "res_id": n}, Idempotency_Key="m"), range(24))
        )
    assert {r.status_code for r in equal} == {202}
    assert len({r.json()["id"] for r in equal}) == 1
    assert sorted(r.status_code for r in mixed) == [202] + [422] * 23
    assert len(door.kept()) == 2
    with door.desk.database.read() as session:
        received = select(func.count()).select_from(LogEntry).where(LogEntry.kind == "message.received")
        assert session.scalar(received) == 2
        assert log.verify(session, door.desk.database.head).ok


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/intake/portal", b""),
        ("/intake/portal", b"{"),
        ("/intake/portal", b"[1]"),
        ("/intake/portal", b"\xff\xfe{\x00}\x00"),
        ("/intake/portal", b"[" * 100_000),
        ("/intake/portal", b"9" * 6000),
        ("/intake/carrier/generic", b'{"a": 1}, "provider": "easypost", "x": {'),
        ("/intake/carrier/easypost", b'\xef\xbb\xbf{"a": 1}'),
        ("/intake/email", b""),
        ("/intake/email", b"hello"),
        ("/intake/email", b"\x00\x01\x02"),
    ],
)
def test_what_is_not_of_the_form_is_refused(door, path, body):
    refused(door.post(path, body), 422)
    assert door.kept() == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="to"\r\n\r\nx\r\n--b--\r\n'),
        ("application/x-www-form-urlencoded", b"to=x"),
        ("application/json", b'{"RawEmail": 5}'),
        ("application/json", b"[]"),
    ],
)
def test_a_wrapping_without_the_mail_is_refused(door, content_type, body):
    refused(door.post("/intake/email", body, Content_Type=content_type), 422)


def test_hostile_values_are_kept_like_any_other(door):
    """Lone surrogates, NUL, deep but readable nesting, duplicate keys: they are a message, and reading copes."""
    for body in (
        b'{"tracking_number": "\\ud800", "description": "a\\u0000b"}',
        b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"provider": "x", "payload": 1, "provider": "y"}',
    ):
        response = door.post("/intake/carrier/generic", body)
        assert response.status_code == 202
        raw = door.desk.store.get(response.json()["id"])
        with door.desk.database.read() as session:
            at = session.get_one(MessageRow, response.json()["id"]).received_at
        assert read_message(raw, channel=Channel.carrier, received_at=at).event.provider == "generic"


def test_other_methods_providers_and_paths_are_refused(door):
    refused(door.client.get("/intake/portal"), 405)
    refused(door.post("/intake/carrier/nobody", EVENT), 404, "easypost")
    refused(door.post("/intake/other", EVENT), 404)
    bad = base64.b64encode(b"\xff").decode()
    refused(door.client.post("/intake/email", content=b"", headers={"Authorization": f"Basic {bad}"}), 401)


def test_a_cookie_opens_no_door(door, robin):
    cookies = "; ".join(f"{k}={v}" for k, v in robin.client.cookies.items())
    refused(door.post("/intake/portal", POST, key=None, Cookie=cookies), 401)


def test_a_sender_is_told_to_come_again_when_nothing_can_be_kept(door, monkeypatch):
    def locked(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("database is locked"))

    monkeypatch.setattr(postbox, "receive_all", locked)
    response = door.post("/intake/portal", POST)
    refused(response, 503, "again")
    assert int(response.headers["retry-after"]) > 0
    assert "locked" not in response.text


def test_the_doors_are_declared(door):
    """Bodies, keys and refusals stand in the OpenAPI description."""
    described = door.client.get("/api/openapi.json").json()
    for path in ("/intake/portal", "/intake/carrier/{provider}", "/intake/email"):
        operation = described["paths"][path]["post"]
        assert operation["requestBody"]["content"]
        assert set(operation["responses"]) >= {"202", "401", "403", "413", "422", "503"}
        assert all("application/problem+json" in operation["responses"][c]["content"] for c in ("401", "422"))
        assert {name for each in operation["security"] for name in each} == {"HTTPBearer", "HTTPBasic"}


def test_one_that_cannot_be_kept_does_not_take_others_with_it(door, monkeypatch):
    """Requests that come together are written together; each hears of its own."""
    keep = postbox.receive_all

    def failing(database, store, deliveries):
        if any(b"poison" in delivery.raw for delivery in deliveries):
            raise OSError("no space for this one")
        return keep(database, store, deliveries)

    monkeypatch.setattr(postbox, "receive_all", failing)
    bodies = [{**POST, "subject": "poison" if n % 10 == 3 else f"{n}"} for n in range(40)]
    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda body: door.post("/intake/portal", body).status_code, bodies))
    assert codes == [503 if n % 10 == 3 else 202 for n in range(40)]
    assert len(door.kept()) == 36


def test_an_edi_document_is_taken_whatever_its_content_type(door):
    for raw in (
        x12("855", "BAK*00*AD*P00041"),
        edifact("ORDRSP", "BGM+231+1+29", "RFF+ON:P00041"),
        ubl("OrderResponse"),
    ):
        response = door.post("/intake/edi", raw, Content_Type="application/octet-stream")
        assert (response.status_code, response.json()["id"]) == (202, hashlib.sha256(raw).hexdigest())
        assert door.desk.store.get(response.json()["id"]) == raw
    refused(door.post("/intake/edi", b"<html>"), 422, "X12")
    _, other = add_key(door.desk.database, "mail only", [Scope.email], days=1)
    refused(door.post("/intake/edi", x12("855", "BAK"), key=other), 403, "edi")
    refused(door.post("/intake/edi", b"ISA*" + b"x" * 2_000_000), 413)


def test_several_transport_statuses_are_a_message_each(door):
    """Sent again with the same Idempotency-Key, they are the same messages."""
    raw = x12("214", "B10*PRO77**ABCD", "AT7*X6*NS", sets=3)
    ids = {door.post("/intake/edi", raw, Idempotency_Key="batch-1").json()["id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(door.kept()) == 3
