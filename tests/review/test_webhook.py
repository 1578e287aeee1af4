"""One try to deliver, over real sockets: signed, bounded in time, to an address that was judged."""

from __future__ import annotations

import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from review.outbox import Attempt
from review.targets import Target, rotate
from review.webhook import deliver, headers
from tests.review.receiver import SECRET, Receiver

ATTEMPT = Attempt("evt_" + "0" * 32, "erp", json.dumps({"id": "evt_" + "0" * 32, "text": "Zürich ☃"}), 1)


@pytest.fixture
def to(tmp_path):
    """Makes a target of a receiver's URL."""
    (tmp_path / "secret").write_text(SECRET)

    def made(url: str, **given: object) -> Target:
        return Target(**{"url": url, "secret_file": tmp_path / "secret", "allow_private": True} | given)

    return made


def test_a_receiver_verifies_what_it_gets(to):
    with Receiver() as receiver:
        assert deliver(ATTEMPT, to(receiver.url)).delivered
    [got] = receiver.accepted
    assert (got.id, got.event) == (ATTEMPT.id, json.loads(ATTEMPT.body))
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"


def test_receivers_that_read_plain_json_alone_get_it_and_odoo_its_token(to, tmp_path):
    """Odoo's rules see the body only; the token is part of what is signed, and of nothing that is kept."""
    (tmp_path / "token").write_text("t0ken\n")
    with Receiver() as receiver:
        deliver(ATTEMPT, to(receiver.url, kind="n8n"))
        deliver(ATTEMPT, to(receiver.url, kind="odoo", token_file=tmp_path / "token"))
    n8n, odoo = receiver.accepted
    assert n8n.headers["content-type"] == odoo.headers["content-type"] == "application/json; charset=utf-8"
    assert (n8n.event.get("token"), odoo.event["token"]) == (None, "t0ken")


def test_while_a_secret_is_changed_both_sign(to, tmp_path):
    """The receiver may change over at any time within the overlap, and not after it."""
    now = datetime.now(UTC)
    new = rotate(tmp_path / "secret", now, timedelta(hours=1))
    target = to("http://127.0.0.1/")
    from review.targets import signing_secrets

    sent = headers(ATTEMPT.id, b"{}", now, signing_secrets(target.secret_file, now))
    for secret in (new, SECRET):
        Webhook(secret).verify(b"{}", sent)
    later = headers(ATTEMPT.id, b"{}", now, signing_secrets(target.secret_file, now + timedelta(hours=2)))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b"{}", later)


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (500, 500, "It answers 500"),
        (422, 422, '{"status": 422}'),
        (302, 302, "put the final address"),
        ("drop", None, "No answer"),
        ("cut", None, "No answer"),
        ("slow", None, "No answer within 0.3 s"),
    ],
)
def test_what_goes_wrong_is_told_and_not_raised(to, fault, status, said):
    with Receiver(lambda: fault, seconds=0.6) as receiver:
        outcome = deliver(ATTEMPT, to(receiver.url, timeout_seconds=0.3 if fault == "slow" else 30))
    assert outcome.status == status
    assert said in outcome.problem
    assert not outcome.delivered


def test_a_receiver_that_answers_byte_by_byte_is_given_up_in_time(to):
    """The time is for the whole answer, not for each piece of it."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            while not done.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    began = time.monotonic()
    outcome = deliver(ATTEMPT, to(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout_seconds=0.5))
    assert not outcome.delivered
    assert time.monotonic() - began < 5
    done.set()
    thread.join()
    listener.close()


def test_private_addresses_are_not_called_unless_allowed(to):
    with Receiver() as receiver:
        outcome = deliver(ATTEMPT, to(receiver.url.replace("http", "https"), allow_private=False))
        assert "a private address" in outcome.problem
    assert receiver.accepted == []


def test_the_address_that_was_judged_is_the_one_that_is_called(to, monkeypatch):
    """A name that leads elsewhere when it is asked again (DNS rebinding) gains nothing."""
    answers = []
    real = socket.getaddrinfo

    def rebinding(host, *rest, **named):
        if host == "erp.example":
            answers.append(host)
            host = "127.0.0.1" if len(answers) == 1 else "169.254.169.254"
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with Receiver() as receiver:
        assert deliver(ATTEMPT, to(receiver.url.replace("127.0.0.1", "erp.example"))).delivered
    assert answers == ["erp.example"]
    assert receiver.accepted[0].headers["host"].startswith("erp.example:")


def test_a_secret_that_cannot_be_read_is_a_problem_with_the_next_step(to, tmp_path):
    (tmp_path / "secret").write_text("not base64!")
    assert "triage handoff rotate" in deliver(ATTEMPT, to("http://127.0.0.1:1/")).problem
    (tmp_path / "secret").unlink()
    assert "Check the path" in deliver(ATTEMPT, to("http://127.0.0.1:1/")).problem
