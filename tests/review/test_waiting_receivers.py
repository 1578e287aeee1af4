"""Whoever waits for the outcome of an approval is told it once, at the address that it gave, and nowhere else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from review import log, outbox
from review.delivery_loop import DeliveryLoop
from review.outbox import Attempt, Outcome
from review.receipt_loop import ReceiptLoop
from review.schema import ReceiptRow, WaitingReceiver
from review.targets import Target
from review.webhook import deliver
from tests.agent.live_odoo import LiveOdoo
from tests.review.receiver import Receiver
from tests.review.test_outbox import approved, handoffs, target

WAITS = "https://erp.example/webhook-waiting/17?signature=abc"


class Sender:
    """Stands for the network: the first try is answered with an address to wait at, later ones in turn."""

    def __init__(self, *outcomes: Outcome, resume_url: str = WAITS) -> None:
        self.outcomes = [Outcome(200, resume_url=resume_url), *outcomes]
        self.sent: list[tuple[str, Attempt]] = []

    def __call__(self, attempt: Attempt, to: Target) -> Outcome:
        self.sent.append((to.url, attempt))
        return self.outcomes.pop(0)


@pytest.fixture
def erp(desk, tmp_path) -> Target:
    made = target(tmp_path, first_pause_seconds=1e-6)
    outbox.register(desk.database, {"erp": made})
    return made


def look(desk, day: str) -> None:
    line = {"id": 97, "order_id": [41, "P00041"], "date_planned": f"{day} 10:00:00"}
    with desk.database.write() as session:
        session.execute(update(ReceiptRow).values(next_at=datetime.now(UTC)))
    ReceiptLoop(desk.database, LiveOdoo({"purchase.order.line": [line]}), timedelta(hours=24)).step()


def deliver_all(desk, erp: Target, sender: Sender) -> None:
    loop = DeliveryLoop(desk.database, "erp", erp, send=sender)
    while loop.step():
        pass


def kinds(desk) -> list[str]:
    with desk.database.read() as session:
        told = log.of_subject(session, handoffs(desk)[0].proposal_id)
        return [entry.kind for entry in told if "answer" in entry.kind]


def test_it_is_told_when_it_is_known_and_once(desk, erp):
    approved(desk)
    sender = Sender(Outcome(200))
    deliver_all(desk, erp, sender)
    look(desk, "2026-12-01")
    deliver_all(desk, erp, sender)
    assert len(sender.sent) == 1  # not known yet
    for day in ("2026-12-20", "2026-12-14"):
        look(desk, day)
        deliver_all(desk, erp, sender)
    [_, (url, attempt)] = sender.sent
    [row] = handoffs(desk)
    event = json.loads(attempt.body)
    assert (url, attempt.id, event["subject"]) == (WAITS, f"{row.id}_differs", row.id)
    assert (event["type"], event["data"]["state"]) == ("exception-desk.proposal.outcome", "differs")
    assert event["data"]["differences"][0]["found"] == "2026-12-20"
    assert kinds(desk) == ["handoff.answered"]


def test_a_failure_is_tried_again_and_one_that_waits_no_more_is_let_go(desk, erp):
    approved(desk)
    sender = Sender(Outcome(409, "The execution is running."), Outcome(None, "No answer."), Outcome(404, "Nobody."))
    deliver_all(desk, erp, sender)
    look(desk, "2026-12-14")
    deliver_all(desk, erp, sender)
    assert [attempt.number for _, attempt in sender.sent] == [1, 1, 2, 3]
    assert len({attempt.body for _, attempt in sender.sent[1:]}) == 1
    assert kinds(desk) == ["handoff.answer-lost"]


def test_an_outcome_that_never_gets_through_is_given_up(desk, erp):
    approved(desk)
    sender = Sender(*[Outcome(500, "no")] * 8)
    deliver_all(desk, erp, sender)
    look(desk, "2026-12-14")
    deliver_all(desk, erp, sender)
    assert (len(sender.sent), kinds(desk)) == (9, ["handoff.answer-lost"])


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://erp.example/",
        "https://erp.example:8443/",
        "https://erp.example@evil.example/",
        "https://user@erp.example/",
        "https://erp.example.evil.example/",
        "//erp.example/",
        "https://[erp.example/",
        "https://erp.example:99999/",
    ],
)
def test_an_address_elsewhere_is_not_kept(desk, erp, url):
    approved(desk)
    deliver_all(desk, erp, Sender(resume_url=url))
    with desk.database.read() as session:
        assert session.scalars(select(WaitingReceiver)).all() == []
    assert (handoffs(desk)[0].state, kinds(desk)) == ("delivered", ["handoff.answer-refused"])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"resume_url": WAITS}, WAITS),
        ({"resume_url": 7}, None),
        ({"said": "Taken."}, None),
        (["resume_url"], None),
        ({"resume_url": "x" * 5000}, None),
        ("[" * 3999, None),
    ],
)
def test_the_answer_of_a_real_receiver_is_read(desk, tmp_path, said, found):
    with Receiver() as receiver:
        receiver.answer = said
        to = target(tmp_path, url=receiver.url, allow_private=True)
        assert deliver(Attempt("evt_1", "erp", "{}", 1), to) == Outcome(202, resume_url=found)
