"""The published workflow in a real n8n: it takes what is signed, once, and its *Wait* node goes on when it is told."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from review import outbox
from review.delivery_loop import DeliveryLoop
from review.outbox import Attempt
from review.receipt_loop import ReceiptLoop
from review.schema import WaitingReceiver
from review.targets import Target
from review.webhook import deliver
from tests.agent.live_odoo import LiveOdoo
from tests.review.desk import Desk
from tests.review.test_outbox import approved, target

URL = os.environ.get("TRIAGE_TEST_N8N_URL")
OTHERS = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgbm90IG91cnM="
pytestmark = pytest.mark.skipif(URL is None, reason="TRIAGE_TEST_N8N_URL is not set (tests/real_n8n/prepare.sh)")


@pytest.fixture
def n8n(tmp_path: Path) -> Target:
    url = f"{URL}/webhook/exception-desk"
    return target(tmp_path, kind="n8n", url=url, allow_private=True, timeout_seconds=60, first_pause_seconds=0.1)


def test_what_another_signed_is_refused(n8n, tmp_path):
    (tmp_path / "others").write_text(OTHERS)
    outcome = deliver(Attempt("evt_1", "n8n", "{}", 1), n8n.model_copy(update={"secret_file": tmp_path / "others"}))
    assert (outcome.status, outcome.resume_url) == (401, None)


def test_an_event_is_taken_once_and_the_workflow_waits_until_it_is_told_what_became_of_it(n8n, tmp_path):
    desk = Desk(tmp_path / "data")
    outbox.register(desk.database, {"n8n": n8n})
    approved(desk)
    attempt = outbox.take(desk.database, "n8n", n8n)
    assert attempt is not None
    first, again = deliver(attempt, n8n), deliver(attempt, n8n)
    assert (first.status, again.status) == (202, 200)
    assert first.resume_url == again.resume_url is not None
    outbox.settle(desk.database, attempt, n8n, again)
    line = {"id": 97, "order_id": [41, "P00041"], "date_planned": "2026-12-20 10:00:00"}
    ReceiptLoop(desk.database, LiveOdoo({"purchase.order.line": [line]}), timedelta(hours=24)).step()
    with DeliveryLoop(desk.database, "n8n", n8n, pause=0.2) as loop:
        for _ in range(300):
            with desk.database.read() as session:
                answer = session.scalars(select(WaitingReceiver)).one()
            if answer.state != "waiting":
                break
            loop.stopping.wait(0.2)
    assert (answer.state, answer.problem) == ("told", None)
    desk.database.close()
