"""What closes an open proposal without a person, and what must not."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from agent.proposal import Fields, Lane, LineFields, Proposal, RecordRef
from review import log, queue
from review.queue import View
from review.schema import ProposalRow
from tests.review.desk import START, ScriptedEngine, date_change, mail
from tests.tools.edi.writing import x12
from tools.message import Channel

PICKING = RecordRef(model="stock.picking", id=12, name="WH/OUT/00012")


def about(intent: str, record: RecordRef | None = PICKING, **fields: object) -> Proposal:
    return Proposal(intent=intent, record=record, fields=Fields(**fields), lane=Lane.ready, confidence=0.9)


class Carrier:
    """Posts events of shipments; each says when it happened, in hours after the start."""

    def __init__(self, desk) -> None:
        self.desk = desk

    def says(self, intent: str, hours: float, tracking: str = "1Z999999", *proposals: Proposal, text: str = "") -> str:
        words = {"delivery_update": "Departed", "delivered": "Delivered", "transit_delay": "Delayed", "customs_hold":
                 "Held by customs", "delivery_failed": "Recipient absent", "goods_damaged": "Damaged",
                 "returned_to_sender": "Returned to sender"}  # fmt: skip
        when = (START + timedelta(hours=hours)).isoformat()
        event = {"time": when, "status": "x", "description": text or words[intent]}
        raw = json.dumps({"provider": "generic", "payload": {"tracking_number": tracking, "events": [event]}}).encode()
        key = "delivery_update" if intent == "delivered" else intent
        given = proposals or (about(key),)
        at = START + timedelta(days=10, minutes=self.desk.minutes)
        return f"{self.desk.take(raw, ScriptedEngine(*given), at=at, channel=Channel.carrier)[:20]}-0"


@pytest.fixture
def carrier(desk) -> Carrier:
    return Carrier(desk)


def state(desk, proposal_id: str) -> tuple[str, str | None, str]:
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, proposal_id)
        return row.state, row.superseded_by, row.closed_reason or ""


def test_a_normal_event_disturbs_nobody(desk, carrier):
    """It is closed at once, in no view, in the log and in its case; also when its shipment is not known."""
    known = carrier.says("delivery_update", 1)
    unknown = carrier.says("delivery_update", 2, "9X888888", about("delivery_update", record=None))
    manual = ScriptedEngine(about("delivery_update", record=None), manual="no record of ours that fits was found")
    raw = b'{"provider": "generic", "payload": {"tracking_number": "77777777", "description": "Departed"}}'
    lost = f"{desk.take(raw, manual, channel=Channel.carrier)[:20]}-0"
    for proposal_id in (known, unknown, lost):
        assert state(desk, proposal_id)[0] == "expired"
    with desk.database.read() as session:
        assert sum(queue.counts(session).values()) == 0
        assert [e.kind for e in log.of_subject(session, known)] == ["proposal.expired"]


@pytest.mark.parametrize("intent", ["unclear", "goods_damaged"])
def test_an_event_that_says_more_than_normal_reaches_a_person(desk, carrier, intent):
    """What the agent found counts beside the carrier's code."""
    proposal_id = carrier.says("delivery_update", 1, "1Z999999", about(intent), about("delivery_update"))
    assert state(desk, proposal_id)[0] == "open"


@pytest.mark.parametrize("intent", ["transit_delay", "customs_hold", "delivery_failed"])
def test_an_arrival_closes_an_open_delay(desk, carrier, intent):
    delay = carrier.says(intent, 1)
    carrier.says("delivered", 5)
    assert state(desk, delay)[0] == "expired"
    assert "arrived" in state(desk, delay)[2]
    with desk.database.read() as session:
        entry = log.of_subject(session, delay)[-1]
        assert entry.kind == "proposal.expired"
        assert "2026-11-23 13:00" in entry.content


def test_an_arrival_closes_what_a_mail_said_of_the_shipment(desk, carrier):
    said = desk.propose(about("transit_delay", tracking="1Z 999-999"))
    carrier.says("delivered", 5)
    assert state(desk, said)[0] == "expired"


@pytest.mark.parametrize("intent", ["goods_damaged", "returned_to_sender"])
def test_an_arrival_does_not_undo_damage_or_return(desk, carrier, intent):
    trouble = carrier.says(intent, 1)
    carrier.says("delivered", 5)
    assert state(desk, trouble)[0] == "open"


def test_an_arrival_ends_nothing_of_another_shipment_or_of_later(desk, carrier):
    """Two parcels of one delivery; a second attempt after a mistaken scan; a supplier's news on the order."""
    other = carrier.says("transit_delay", 1, "1Z111111")
    order = desk.propose()
    carrier.says("delivered", 5)
    later = carrier.says("transit_delay", 6)
    assert [state(desk, each)[0] for each in (other, order, later)] == ["open"] * 3


def test_a_delay_that_is_read_after_a_later_arrival_is_over(desk, carrier):
    """Webhooks come in any order."""
    carrier.says("delivered", 5)
    assert state(desk, carrier.says("transit_delay", 1))[0] == "expired"


def test_twelve_events_of_a_shipment_are_one_thing_to_do(desk, carrier):
    kinds = ["delivery_update", "transit_delay", "customs_hold", "delivery_failed"] * 3
    ids = [carrier.says(kind, n) for n, kind in enumerate(kinds)]
    assert [each for each in ids if state(desk, each)[0] == "open"] == [ids[-1]]
    with desk.database.read() as session:
        assert len(set(session.scalars(select(ProposalRow.case_id)))) == 1


def test_older_events_that_come_late_are_closed_in_favour_of_newer(desk, carrier):
    failed = carrier.says("delivery_failed", 9)
    late = carrier.says("customs_hold", 2)
    assert state(desk, late)[:2] == ("superseded", failed)
    assert state(desk, failed)[0] == "open"


def test_damage_ends_a_delay_and_a_delay_ends_no_damage(desk, carrier):
    delay, damage = carrier.says("transit_delay", 1), carrier.says("goods_damaged", 2)
    again = carrier.says("transit_delay", 3)
    assert state(desk, delay)[:2] == ("superseded", damage)
    assert [state(desk, each)[0] for each in (damage, again)] == ["open", "open"]


def test_a_clock_that_runs_ahead_does_not_win_for_ever(desk, carrier):
    carrier.says("delivered", 24 * 365)
    assert state(desk, carrier.says("transit_delay", 24 * 12))[0] == "open"


def test_the_same_news_by_mail_and_portal_is_one_thing_to_do(desk):
    """The better founded stays, else the first; the other links to it."""
    first = desk.propose()
    post = json.dumps({"author": {"name": "Ann", "email": "ann@portal.example"}, "body_html": "14 December"}).encode()
    copy = f"{desk.take(post, ScriptedEngine(date_change()), channel=Channel.portal)[:20]}-0"
    assert state(desk, copy)[:2] == ("superseded", first)
    assert state(desk, first)[0] == "open"
    weak = date_change(record=PICKING, lane=Lane.check, confidence=0.7)
    doubtful = desk.propose(weak, sender="eve@elsewhere.example", subject="x")
    sure = desk.propose(date_change(record=PICKING), sender="ann@supplier.example", subject="y")
    assert state(desk, doubtful)[:2] == ("superseded", sure)


def test_other_news_from_somebody_else_closes_nothing(desk):
    first = desk.propose()
    other = date_change(fields=Fields(lines=[LineFields(line_id=97, date="2026-12-20")]))
    second = desk.propose(other, sender="bob@elsewhere.example")
    assert [state(desk, each)[0] for each in (first, second)] == ["open", "open"]
    with desk.database.read() as session:
        assert queue.counts(session)[View.ready] == 2


def test_a_correction_supersedes_and_says_why(desk):
    first = desk.propose(Message_ID="<a@supplier.example>")
    newer = date_change(fields=Fields(lines=[LineFields(line_id=97, date="2026-12-20")]))
    second = desk.propose(newer, sender="bob@supplier.example", In_Reply_To="<a@supplier.example>")
    assert state(desk, first)[:2] == ("superseded", second)
    assert "newer" in state(desk, first)[2]


def test_what_a_person_decided_stays_decided(desk, carrier):
    delay = carrier.says("transit_delay", 1)
    with desk.database.write() as session:
        session.get_one(ProposalRow, delay).state = "approved"
    carrier.says("delivered", 5)
    assert state(desk, delay)[0] == "approved"


def test_times_of_receipt_order_events_without_times(desk):
    def post(text: str, intent: str, at: datetime) -> str:
        raw = json.dumps(
            {"provider": "generic", "payload": {"tracking_number": "1Z999999", "description": text}}
        ).encode()
        return f"{desk.take(raw, ScriptedEngine(about(intent)), at=at, channel=Channel.carrier)[:20]}-0"

    delay = post("Delayed", "transit_delay", START)
    post("Delivered", "delivery_update", START + timedelta(hours=1))
    assert state(desk, delay)[0] == "expired"


def test_a_mail_is_no_event(desk):
    """A person's "delivered" in a mail closes nothing by itself, and is not closed by itself."""
    said = desk.take(mail(text="It was delivered."), ScriptedEngine(about("delivery_update")))
    assert state(desk, f"{said[:20]}-0")[0] == "open"


def test_an_acknowledgement_is_closed_and_logged_and_one_with_errors_waits(desk):
    """Also where the sender is not known; attached to a mail it waits with the mail."""
    automatic, unclear = about("auto_reply", record=None), about("unclear", record=None)
    taken = x12("997", "AK1*PO*77", "AK9*A*1*1*1")
    message_id = desk.take(taken, ScriptedEngine(automatic, manual="unknown sender"), channel=Channel.edi)
    closed, _, why = state(desk, f"{message_id[:20]}-0")
    assert (closed, "acknowledgement" in why) == ("expired", True)
    with desk.database.read() as session:
        assert [e.kind for e in log.of_subject(session, f"{message_id[:20]}-0")] == ["proposal.expired"]
    rejected = x12("997", "AK1*PO*77", "AK9*R*1*1*0")
    message_id = desk.take(rejected, ScriptedEngine(unclear), channel=Channel.edi)
    assert state(desk, f"{message_id[:20]}-0")[0] == "open"
    message = EmailMessage()
    message["From"], message["Subject"] = "edi@supplier.example", "997"
    message.set_content("And please call me.")
    message.add_attachment(taken, maintype="application", subtype="edi-x12", filename="997.x12")
    message_id = desk.take(message.as_bytes(), ScriptedEngine(automatic))
    assert state(desk, f"{message_id[:20]}-0")[0] == "open"
