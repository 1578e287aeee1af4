"""Alerts: raised once, ended once, told until the endpoint has taken them."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import update

from agent.llm.limits import Limits
from review import alert_checks, alerts, log, outbox
from review.alerts import Alerts
from review.outbox import Outcome
from review.readiness import Finding, Status
from review.schema import ProposalRow
from tests.review.desk import START
from tests.review.test_log import fill, tamper
from tests.review.test_outbox import Wire, approved, run, target

WELL = Finding(Status.ok)


def kinds(desk) -> list[str]:
    with desk.database.read() as session:
        return [e.kind for e in reversed(log.latest(session)) if e.kind.startswith("alert.")]


def test_what_is_wrong_is_told_once_and_its_end_once_however_long_it_lasts(desk, tmp_path):
    """On the page, in the log and to the endpoint; one that fails is tried again with the same id."""
    state = [Finding(Status.degraded, "The disk is nearly full.")]
    wire = Wire(Outcome(500, "no"), Outcome(202))
    watch = Alerts(desk.database, {"disk": lambda: state[0]}, target(tmp_path), send=wire)
    for _ in range(3):
        watch.look()
    assert alerts.sentence(desk.database) == "The disk is nearly full."
    state[0] = WELL
    for _ in range(2):
        watch.look()
    assert alerts.sentence(desk.database) is None
    assert kinds(desk) == ["alert.raised", "alert.ended"]
    events = [json.loads(a.body) for a in wire.sent]
    assert [e["type"].rpartition(".")[2] for e in events] == ["raised", "raised", "ended"]
    assert events[0] == events[1]
    assert [a.id for a in wire.sent] == [e["id"] for e in events]


def test_dead_letters_and_failing_endpoints_are_found(desk, tmp_path):
    erp = target(tmp_path, attempts=1, alert_after=1)
    outbox.register(desk.database, {"erp": erp})
    assert alert_checks.dead_letters(desk.database) == WELL
    approved(desk)
    run(desk, erp, Wire(Outcome(500, "It answers 500.")))
    assert "1 approved decision did not get through" in alert_checks.dead_letters(desk.database).detail
    assert "erp has failed 1 times" in alert_checks.endpoints(desk.database, {"erp": erp}).detail


def test_a_broken_log_is_found_and_stays_found(desk):
    fill(desk)
    check = alert_checks.LogCheck(desk.database)
    assert check() == WELL
    tamper(desk, "DELETE FROM log_entries WHERE seq = 5")
    assert (check().status, check().status) == (Status.failing, Status.failing)


def test_old_items_and_a_spent_budget_are_found(desk):
    desk.propose()
    with desk.database.write() as session:
        session.execute(update(ProposalRow).values(due_at=START - timedelta(days=400)))
    assert "1 item waits past the deadline" in alert_checks.overdue(desk.database, timedelta(hours=1)).detail
    assert alert_checks.overdue(desk.database, timedelta(days=40000)) == WELL
    assert alert_checks.model_spend(desk.database, "default", Limits()) == WELL
