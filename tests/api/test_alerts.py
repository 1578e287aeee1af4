"""The page of alerts: what lasts with its next step, what is over, and what is watched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from agent.propose import POLICY_PATH, InForce
from api import serving
from api.app import create_app
from review import alert_checks
from review.alert_checks import MEANING
from review.alerts import Alerts
from review.database import Database
from review.readiness import Check, Finding, Status
from review.schema import MailboxMessage, MessageRow
from review.targets import Endpoints
from tests.api.test_pages import text_of
from tests.review.desk import ScriptedEngine, date_change, mail

HOURS = timedelta(hours=72)


def test_what_is_wrong_stands_there_until_it_is_over(desk, robin, sam):
    state = [Finding(Status.degraded, "2 approved decisions <did> not get through.")]
    watch = Alerts(desk.database, {"dead letters": lambda: state[0]})
    watch.look()
    html = sam.page("/alerts")
    assert "Dead letters 2 approved decisions <did> not get through." in text_of(html, ".alerts tbody")
    assert text_of(html, ".warning").endswith("All alerts")
    assert "/handoffs?state=dead" in html
    state[0] = Finding(Status.ok)
    watch.look()
    html = sam.page("/alerts")
    assert text_of(html, ".alerts") == text_of(html, ".warning") == ""
    assert [a["ended_at"] is None for a in robin.client.get("/api/alerts").json()] == [False]


def test_everything_that_is_watched_is_explained(desk, tmp_path, monkeypatch):
    """Each check that may raise an alert has its sentence on the page."""
    for name, value in {"BASE_URL": "http://127.0.0.1:9/v1", "MODEL": "scripted"}.items():
        monkeypatch.setenv(f"TRIAGE_LLM_{name}", value)
    (tmp_path / "mailboxes.yaml").write_text("mailboxes:\n  drop:\n    kind: folder\n    path: .\n")
    (tmp_path / "policy.yaml").write_bytes(POLICY_PATH.read_bytes())
    settings = desk.settings.model_copy(
        update={"mailboxes": tmp_path / "mailboxes.yaml", "policy": tmp_path / "policy.yaml"}
    )
    watched: list[str] = []

    class Watched(Alerts):
        def __init__(self, database: Database, checks: dict[str, Check], *rest: object) -> None:
            watched.extend(checks)
            super().__init__(database, {})

    monkeypatch.setattr(serving, "Alerts", Watched)
    monkeypatch.setattr(InForce, "policy", InForce.policy)  # given back at the end
    serving.regular_duties(settings, desk.database, desk.store, Endpoints(), create_app(settings).state.checks)
    assert {"silence", "model spend", "policy", "mailboxes", "dead letters"} <= set(watched) <= set(MEANING)


def test_a_mailbox_that_falls_silent_is_noticed(desk):
    message_id = desk.take(mail(), ScriptedEngine(date_change()))
    assert alert_checks.silence(desk.database, ["orders"], HOURS) == Finding(Status.ok)
    with desk.database.write() as session:
        session.add(MailboxMessage(account="orders", folder="INBOX", place="1/1", message_id=message_id))
    assert alert_checks.silence(desk.database, ["orders"], HOURS) == Finding(Status.ok)
    with desk.database.write() as session:
        session.execute(update(MessageRow).values(stored_at=datetime.now(UTC) - timedelta(hours=73)))
    assert "orders (since" in alert_checks.silence(desk.database, ["orders"], HOURS).detail
    assert alert_checks.silence(desk.database, ["others"], HOURS) == Finding(Status.ok)
