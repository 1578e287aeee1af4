"""The outbox: what was approved leaves once the approval stands, at least once, in order, or a person hears of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import select, update

from review import log, outbox
from review.decisions import RejectReason, approve, edit, reject
from review.delivery_loop import DeliveryLoop
from review.edits import Edit, LineEdit
from review.handoff_event import HandoffEvent, json_schema
from review.outbox import Attempt, Outcome
from review.refusals import TooLate
from review.schema import DecisionRow, DeliveryRow, DeliveryState, HandoffRow, HandoffState, TargetRow
from review.targets import Target
from review.undo import undo
from tests.review.desk import ORDER, OTHER, ROBIN, SAM, Desk, date_change
from tests.review.receiver import SECRET

NOW = timedelta(0)
SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "schemas" / "handoff-1.json"


def target(folder: Path, **given: object) -> Target:
    path = folder / "secret"
    path.write_text(SECRET + "\n")
    values = {"url": "https://erp.example/hook", "secret_file": path, "attempts": 3} | given
    return Target(**values)


@pytest.fixture
def erp(desk: Desk, tmp_path: Path) -> Target:
    """One target that gets everything, and pauses for no time that a test would notice."""
    made = target(tmp_path, first_pause_seconds=1e-6)
    outbox.register(desk.database, {"erp": made})
    return made


class Wire:
    """Stands for the network: gives outcomes in turn, the last for ever, and keeps what was sent."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes) or [Outcome(202)]
        self.sent: list[Attempt] = []

    def __call__(self, attempt: Attempt, _: Target) -> Outcome:
        self.sent.append(attempt)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


def run(desk: Desk, erp: Target, wire: Wire, name: str = "erp") -> Wire:
    """Delivers until nothing is due any more."""
    loop = DeliveryLoop(desk.database, name, erp, send=wire)
    for _ in range(50):
        with desk.database.write() as session:  # as if the rest of the endpoint were over
            session.execute(update(TargetRow).values(retry_at=None))
        if not loop.step():
            return wire
    raise AssertionError("it never came to an end")


def approved(desk: Desk, *proposals, undo: timedelta = NOW) -> str:
    proposal_id = desk.propose(*proposals)
    approve(desk.database, proposal_id, version=1, who=ROBIN, undo=undo)
    return proposal_id


def handoffs(desk: Desk) -> list[HandoffRow]:
    with desk.database.read() as session:
        found = list(session.scalars(select(HandoffRow).order_by(HandoffRow.sequence)))
        assert all(row.body for row in found)
        return found


def kinds(desk: Desk, subject: str) -> list[str]:
    with desk.database.read() as session:
        return [e.kind for e in log.of_subject(session, subject) if e.kind.startswith("handoff.")]


def test_an_approval_and_its_event_are_one_transaction(desk, erp, monkeypatch):
    """Where the event cannot be written there is no approval either."""
    proposal_id = desk.propose()
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "record_key", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            approve(desk.database, proposal_id, version=1, who=ROBIN)
    with desk.database.read() as session:
        assert session.scalars(select(DecisionRow)).all() == []
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    [row] = handoffs(desk)
    assert (row.state, row.proposal_id, row.record_key) == (HandoffState.waiting, proposal_id, "purchase.order/41")


def test_the_event_says_what_was_approved_in_the_published_schema(desk, erp):
    """Actions as they stand after the edit, who changed and who approved, and the record as it was compared."""
    proposal_id = desk.propose()
    edit(desk.database, proposal_id, version=1, who=SAM, change=Edit(lines=[LineEdit(index=0, date="2026-12-18")]))
    approve(desk.database, proposal_id, version=2, who=ROBIN)
    [row] = handoffs(desk)
    event = json.loads(row.body)
    jsonschema.validate(event, json_schema(), format_checker=jsonschema.FormatChecker())
    assert (event["specversion"], event["id"], event["subject"]) == ("1.0", row.id, proposal_id)
    assert (event["partitionkey"], int(event["sequence"])) == ("purchase.order/41", row.sequence)
    data = event["data"]
    assert data["decision"]["edited_by"] == ["Sam"]
    assert [(a["by"], a["role"]) for a in data["decision"]["approvals"]] == [("Robin", "reviewer")]
    assert data["record"] == {"model": "purchase.order", "id": 41, "name": "P00041"}
    assert data["actions"][0] == {
        "name": "update_delivery_date",
        "arguments": {"lines": [{"line_id": 97, "date": "2026-12-18"}]},
    }
    assert data["changes"][0]["held"] == "2026-12-01"


def test_the_published_schema_is_that_of_the_code():
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json_schema()


def test_nothing_else_leaves_the_desk(desk, erp):
    """Edits and rejections are no events."""
    proposal_id = desk.propose()
    edit(desk.database, proposal_id, version=1, who=SAM, change=Edit(actions=["no_action"]))
    reject(desk.database, proposal_id, version=2, who=ROBIN, reason=RejectReason.not_needed)
    assert handoffs(desk) == []


def test_nothing_leaves_before_the_approval_can_no_longer_be_undone(desk, erp):
    """The window is part of the row, so a restart does not shorten it."""
    approved(desk, undo=timedelta(hours=1))
    assert run(desk, erp, Wire()).sent == []
    with desk.database.write() as session:
        session.execute(update(DeliveryRow).values(next_at=datetime.now(UTC)))
    assert len(run(desk, erp, Wire()).sent) == 1


def test_an_undone_approval_never_leaves(desk, erp):
    """It is taken back with the decision. What is on its way already, for whatever reason, cannot be undone."""
    subject = approved(desk, undo=timedelta(hours=1))
    undo(desk.database, subject, version=1, who=ROBIN)
    early = approved(desk, undo=timedelta(hours=1))
    with desk.database.write() as session:
        session.execute(update(DeliveryRow).values(next_at=datetime.now(UTC)))
    assert [a.id for a in run(desk, erp, Wire()).sent] == [handoffs(desk)[1].id]
    with pytest.raises(TooLate):
        undo(desk.database, early, version=1, who=ROBIN)
    assert [h.state for h in handoffs(desk)] == ["cancelled", "delivered"]
    assert kinds(desk, subject) == ["handoff.queued", "handoff.cancelled"]


def test_a_failed_try_is_made_again_with_the_same_id_and_body(desk, erp):
    subject = approved(desk)
    wire = run(desk, erp, Wire(Outcome(500, "It answers 500."), Outcome(None, "No answer."), Outcome(202)))
    assert len(wire.sent) == 3
    assert len({(a.id, a.body) for a in wire.sent}) == 1
    assert [a.number for a in wire.sent] == [1, 2, 3]
    assert handoffs(desk)[0].state == "delivered"
    assert kinds(desk, subject) == ["handoff.queued", "handoff.failed", "handoff.failed", "handoff.delivered"]


def test_a_sender_that_dies_in_a_try_makes_it_again_when_its_lease_ends(desk, erp):
    """The row alone says what is left to do."""
    approved(desk)
    first = outbox.take(desk.database, "erp", erp)
    assert outbox.take(desk.database, "erp", erp) is None
    with desk.database.write() as session:
        session.execute(update(DeliveryRow).values(leased_until=datetime.now(UTC)))
    second = outbox.take(desk.database, "erp", erp)
    assert (second.id, second.body, second.number) == (first.id, first.body, 2)
    outbox.settle(desk.database, second, erp, Outcome(202))
    outbox.settle(desk.database, first, erp, Outcome(None, "too late to matter"))
    assert handoffs(desk)[0].state == "delivered"


def test_events_of_a_record_keep_their_order_and_others_do_not_wait(desk, erp):
    """The second decision on an order waits for the first; another order's goes on."""
    approved(desk)
    approved(desk)
    approved(desk, date_change(OTHER))
    first, second, other = handoffs(desk)
    wire = Wire(Outcome(503, "busy"), Outcome(202))
    loop = DeliveryLoop(desk.database, "erp", erp.model_copy(update={"first_pause_seconds": 3600}), send=wire)
    assert loop.step()
    assert loop.step()
    assert not loop.step()
    assert [a.id for a in wire.sent] == [first.id, other.id]
    with desk.database.write() as session:
        session.execute(update(DeliveryRow).values(next_at=datetime.now(UTC)))
    assert [a.id for a in run(desk, erp, wire).sent[2:]] == [first.id, second.id]


def test_what_was_given_up_holds_its_record_back_until_it_is_replayed(desk, erp):
    """A later date must not arrive before an earlier one that is tried again."""
    subject = approved(desk)
    approved(desk)
    wire = run(desk, erp, Wire(Outcome(422, "No such line.")))
    first, second = handoffs(desk)
    assert {a.id for a in wire.sent} == {first.id}
    assert (len(wire.sent), first.state, second.state) == (3, "dead", "waiting")
    assert outbox.replay(desk.database, first.id, who="Robin") == 1
    assert [a.id for a in run(desk, erp, Wire()).sent] == [first.id, second.id]
    assert outbox.replay(desk.database, first.id, who="Robin") == 0
    assert kinds(desk, subject)[-3:] == ["handoff.dead", "handoff.replayed", "handoff.delivered"]


def test_a_dropped_event_lets_the_later_ones_of_its_record_go_on(desk, erp):
    approved(desk)
    approved(desk)
    run(desk, erp, Wire(Outcome(422, "No such line.")))
    first, second = handoffs(desk)
    assert outbox.drop(desk.database, first.id, who="Robin") == 1
    assert [a.id for a in run(desk, erp, Wire()).sent] == [second.id]
    assert [h.state for h in handoffs(desk)] == ["dropped", "delivered"]


def test_an_endpoint_that_fails_is_left_alone_for_a_while_and_one_that_refuses_is_not(desk, erp):
    """Trouble of the endpoint is counted and cleared; a refused event says that it is there."""
    for _ in range(4):
        approved(desk, date_change(None))
    slow = erp.model_copy(update={"first_pause_seconds": 3600, "attempts": 9})
    loop = DeliveryLoop(desk.database, "erp", slow, send=Wire(Outcome(422, "no"), Outcome(None, "No answer.")))
    assert [loop.step() for _ in range(5)] == [True, True, True, True, False]
    [health] = outbox.health(desk.database)
    assert (health.failures, health.problem) == (3, "No answer.")
    assert health.retry_at - datetime.now(UTC) < timedelta(minutes=5)
    assert health.failing_since <= datetime.now(UTC)
    with desk.database.write() as session:
        session.execute(update(DeliveryRow).values(next_at=datetime.now(UTC)))
    run(desk, erp, Wire())
    [health] = outbox.health(desk.database)
    assert (health.failures, health.problem, health.failing_since) == (0, None, None)


def test_pauses_grow_to_a_limit_and_differ(tmp_path):
    made = target(tmp_path, first_pause_seconds=2, longest_pause_seconds=60)
    for attempt, longest in ((1, 2), (2, 4), (5, 32), (6, 60), (60, 60)):
        pauses = {outbox.pause(attempt, made).total_seconds() for _ in range(50)}
        assert longest / 2 <= min(pauses) < max(pauses) <= longest


def test_a_receiver_that_asks_for_time_gets_it(desk, erp):
    approved(desk)
    DeliveryLoop(desk.database, "erp", erp, send=Wire(Outcome(429, "slowly", retry_after=600))).step()
    with desk.database.read() as session:
        [delivery] = session.scalars(select(DeliveryRow))
    assert timedelta(seconds=590) < delivery.next_at - datetime.now(UTC) <= timedelta(seconds=600)


def test_each_target_gets_what_concerns_it(desk, tmp_path):
    """Actions narrow; an event is delivered when all its targets have it; without any, a person carries it out."""
    outbox.register(desk.database, {})
    approved(desk)
    everything, some = target(tmp_path), target(tmp_path, actions={"update_price"})
    outbox.register(desk.database, {"all": everything, "prices": some})
    approved(desk)
    outbox.register(desk.database, {"all": everything, "dates": target(tmp_path, actions={"update_delivery_date"})})
    approved(desk)
    with desk.database.read() as session:
        reached = [(h.state, d and d.target) for h, d in reversed(outbox.listed(session))]
    assert reached == [("by_hand", None), ("waiting", "all"), ("waiting", "dates"), ("waiting", "all")]
    run(desk, everything, Wire(), "all")
    assert [h.state for h in handoffs(desk)] == ["by_hand", "delivered", "waiting"]
    run(desk, everything, Wire(), "dates")
    assert [h.state for h in handoffs(desk)] == ["by_hand", "delivered", "delivered"]


def test_what_waits_for_a_target_that_was_removed_becomes_a_dead_letter(desk, erp):
    """It is said, not forgotten, and goes on once the target is there again."""
    approved(desk)
    outbox.register(desk.database, {})
    [row] = handoffs(desk)
    with desk.database.read() as session:
        [(_, delivery)] = outbox.listed(session, [DeliveryState.dead])
    assert (row.state, delivery.problem) == ("dead", "Its target is no longer configured.")
    outbox.register(desk.database, {"erp": erp})
    outbox.replay(desk.database, row.id, who="Robin")
    assert len(run(desk, erp, Wire()).sent) == 1


def test_each_event_of_two_proposals_on_one_record_has_an_id_of_its_own(desk, erp):
    """Ids are unique, and the log proves what went out: the hash of the body."""
    for record in (ORDER, ORDER, OTHER):
        approved(desk, date_change(record))
    wire = run(desk, erp, Wire())
    assert len({a.id for a in wire.sent}) == 3
    assert all(HandoffEvent.model_validate_json(a.body).id == a.id for a in wire.sent)
    with desk.database.read() as session:
        delivered = [json.loads(e.content) for e in log.latest(session) if e.kind == "handoff.delivered"]
        assert log.verify(session, desk.database.head).ok
    assert {d["body_sha256"] for d in delivered} == {log.sha256(a.body) for a in wire.sent}
