"""What receivers say of events, and what people see of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from review import outbox
from review.api_keys import Scope, add_key
from review.outbox import Outcome
from review.receipt_loop import ReceiptLoop
from tests.agent.live_odoo import LiveOdoo
from tests.api.test_pages import text_of
from tests.review.receiver import SECRET
from tests.review.test_outbox import Wire, approved, handoffs, run, target

OTHERS = "whsec_" + "c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgbm90IG91cnM="
NOT_DONE = {"outcome": "not_done", "detail": "The order is locked."}


@pytest.fixture
def event(desk, tmp_path: Path) -> str:
    """An approval that was delivered to a target of the settings."""
    made = target(tmp_path)
    outbox.register(desk.database, {"erp": made})
    (tmp_path / "handoff.yaml").write_text(
        f"targets:\n  erp:\n    url: {made.url}\n    secret_file: {made.secret_file}\n"
    )
    desk.settings.handoff = tmp_path / "handoff.yaml"
    approved(desk)
    run(desk, made, Wire(Outcome(202)))
    return handoffs(desk)[0].id


@pytest.fixture
def bearer(desk) -> dict[str, str]:
    return {"Authorization": f"Bearer {add_key(desk.database, 'n8n', [Scope.receipt], 1)[1]}"}


def look(desk, date: str | None = None) -> None:
    """Odoo is read, where a date is given that the line has there."""
    line = {"id": 97, "order_id": [41, "P00041"], "date_planned": f"{date} 10:00:00"}
    live = LiveOdoo({"purchase.order.line": [line]}) if date else None
    ReceiptLoop(desk.database, live, timedelta(hours=24)).step()


def test_a_receiver_with_a_key_says_what_became_of_an_event(desk, stranger, robin, event, bearer):
    answer = stranger.client.post(f"/handoff/{event}/receipt", json={"event": event, **NOT_DONE}, headers=bearer)
    assert (answer.status_code, answer.content) == (204, b"")
    look(desk)
    shown = robin.client.get(f"/api/proposals/{handoffs(desk)[0].proposal_id}").json()["handoff"]
    assert (shown["event"], shown["state"], shown["reported"]) == (event, "differs", "not_done")
    assert shown["detail"] == "The order is locked."


def signed(event: str, secret: str, at: datetime, **content: str) -> dict[str, object]:
    body = json.dumps({"event": event, **NOT_DONE, **content})
    headers = {
        "webhook-id": "rcpt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("rcpt_1", at, body),
    }
    return {"content": body, "headers": headers}


def test_a_receiver_may_sign_with_the_secret_that_signs_for_it(desk, stranger, event):
    answer = stranger.client.post(f"/handoff/{event}/receipt", **signed(event, SECRET, datetime.now(UTC)))
    assert answer.status_code == 204, answer.text
    look(desk)
    assert handoffs(desk)[0].state == "differs"


@pytest.mark.parametrize(
    ("secret", "minutes_ago", "of", "status"),
    [(OTHERS, 0, None, 401), (SECRET, 6, None, 401), (SECRET, 0, "evt_" + "0" * 32, 422)],
    ids=["another secret", "too old", "for another event"],
)
def test_a_signature_that_does_not_fit_is_refused(desk, stranger, event, secret, minutes_ago, of, status):
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    answer = stranger.client.post(f"/handoff/{event}/receipt", **signed(of or event, secret, at))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    look(desk)
    assert handoffs(desk)[0].state == "delivered"


def test_nobody_else_may_say_anything(desk, stranger, robin, event):
    body = {"event": event, "outcome": "done"}
    other = {"Authorization": f"Bearer {add_key(desk.database, 'shop', [Scope.portal], 1)[1]}"}
    path = f"/handoff/{event}/receipt"
    assert stranger.client.post(path, json=body).status_code == 401
    assert robin.client.post(path, json=body).status_code == 401
    assert stranger.client.post(path, json=body, headers=other).status_code == 403


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"outcome": "maybe"}, "outcome"),
        ({"outcome": "done", "detail": "x" * 3000}, "detail"),
        ({}, "outcome"),
        ("text", "an object"),
    ],
    ids=["outcome", "detail", "nothing", "text"],
)
def test_what_is_no_receipt_is_said(stranger, event, bearer, content, said):
    body = {"event": event, **content} if isinstance(content, dict) else content
    answer = stranger.client.post(f"/handoff/{event}/receipt", json=body, headers=bearer)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_an_event_that_never_was(stranger, bearer):
    unknown = "evt_" + "0" * 32
    answer = stranger.client.post(
        f"/handoff/{unknown}/receipt", json={"event": unknown, "outcome": "done"}, headers=bearer
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("date", "said", "row"),
    [
        ("2026-12-14", "Done Odoo holds what was approved.", ""),
        ("2026-12-20", "Differs What was approved was not carried out", "Desk date 2026-12-14 2026-12-20"),
    ],
)
def test_the_page_of_a_proposal_shows_what_became_of_it(desk, robin, event, date, said, row):
    look(desk, date)
    html = robin.page(f"/desk/done?at={handoffs(desk)[0].proposal_id}")
    assert said in text_of(html, 'section[aria-labelledby="h-handoff"] p')
    assert text_of(html, ".differences tbody") == row


def test_what_the_receiver_wrote_is_shown_as_text(desk, robin, stranger, event, bearer):
    said = {"event": event, "outcome": "not_done", "detail": "<script>alert(1)</script>"}
    stranger.client.post(f"/handoff/{event}/receipt", json=said, headers=bearer)
    html = robin.page(f"/desk/done?at={handoffs(desk)[0].proposal_id}")
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert(1)" not in html


def test_an_open_proposal_has_no_handoff(desk, robin):
    proposal_id = desk.propose()
    assert robin.client.get(f"/api/proposals/{proposal_id}").json()["handoff"] is None
    assert text_of(robin.page("/desk/ready"), 'section[aria-labelledby="h-handoff"]') == ""
