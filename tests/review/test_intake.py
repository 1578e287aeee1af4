"""What comes in is kept before it is read, and reaches a person whatever happens."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from agent.proposal import Lane
from agent.taught import NOTHING
from review import intake, log, queue
from review.intake import MAX_ATTEMPTS, receive, retry, triage_message, waiting
from review.queue import View
from review.schema import LogEntry, MessageRow, MessageState, ProposalRow
from review.service import TriageLoop
from tests.review.desk import OTHER, START, ScriptedEngine, date_change, mail
from tools.message import Channel


def states(desk) -> dict[str, tuple[str, str | None]]:
    """Each proposal's state and what superseded it."""
    with desk.database.read() as session:
        return {p.id: (p.state, p.superseded_by) for p in session.scalars(select(ProposalRow))}


def kinds(desk) -> list[str]:
    with desk.database.read() as session:
        return list(session.scalars(select(LogEntry.kind).order_by(LogEntry.seq)))


def test_a_message_is_on_disk_before_its_row_speaks_of_it(desk):
    """The raw bytes are kept under their hash, byte for byte."""
    raw = mail() + b"\x00\xff"
    message_id = receive(desk.database, desk.store, raw, Channel.email, START)
    assert message_id == hashlib.sha256(raw).hexdigest()
    assert desk.store.get(message_id) == raw
    with desk.database.read() as session:
        assert waiting(session) == [message_id]


def test_the_same_bytes_twice_are_one_message(desk):
    """Delivery by mail servers is at least once; the queue shows it once."""
    for _ in range(3):
        desk.take(mail(), ScriptedEngine(date_change()))
    assert kinds(desk) == ["message.received", "message.triaged"]
    assert len(states(desk)) == 1


def test_an_outcome_is_logged_with_all_that_decided(desk):
    """Versions, candidates, proposals: what is needed to reproduce the suggestion."""
    message_id = desk.take(mail(), ScriptedEngine(date_change()))
    with desk.database.read() as session:
        entry = log.latest(session)[0]
        row = session.get_one(MessageRow, message_id, options=[undefer(MessageRow.read)])
        assert (row.state, row.subject, row.sender) == (MessageState.triaged, "P00041: later", "ann@supplier.example")
        assert row.read["id"] == message_id
    assert (entry.kind, entry.subject) == ("message.triaged", message_id)
    for word in ('"policy":"abc"', '"candidates":[{', '"intent":"delivery_date_change"', '"seconds":'):
        assert word in entry.content


def test_a_failing_engine_hands_the_message_to_a_person_with_the_reason(desk):
    """Nothing is lost: the message is held, stands in the manual lane, and says why."""
    message_id = desk.take(mail(), ScriptedEngine(error=RuntimeError("the model is gone")))
    with desk.database.read() as session:
        [item] = queue.list_items(session, View.manual)
        row = session.get_one(MessageRow, message_id)
        body = session.get_one(ProposalRow, item.id).body
    assert (row.state, row.error) == (MessageState.held, "RuntimeError: the model is gone")
    assert (item.message_state, item.subject) == ("held", "P00041: later")
    assert "the model is gone" in body["reasons"][0]
    assert kinds(desk)[-1] == "message.held"


def test_a_message_that_kills_the_process_is_held_in_the_end(desk):
    """Attempts are counted before the work starts, so a crash loop ends with a person."""
    message_id = receive(desk.database, desk.store, mail(), Channel.email, START)

    class Killer(ScriptedEngine):
        def triage(self, message, taught=NOTHING):
            raise SystemExit

    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SystemExit):
            triage_message(desk.database, desk.store, message_id, Killer())
    engine = ScriptedEngine(date_change())
    assert triage_message(desk.database, desk.store, message_id, engine) == MessageState.held
    assert engine.calls == 0


def test_a_failed_transaction_leaves_no_half_outcome(desk, monkeypatch):
    """Proposals and log entry are one transaction: when the entry cannot be written, the message is held instead."""
    written = log.append

    def failing(session, kind, subject, content):
        if kind == "message.triaged":
            raise OSError("disk full")
        return written(session, kind, subject, content)

    monkeypatch.setattr(intake.log, "append", failing)
    desk.take(mail(), ScriptedEngine(date_change(), date_change(record=OTHER)))
    with desk.database.read() as session:
        assert [i.lane for i in queue.list_items(session, View.manual)] == [Lane.manual]
        assert session.scalar(select(func.count()).select_from(ProposalRow)) == 1


def test_altered_raw_bytes_are_noticed(desk):
    """The hash is checked when the bytes are read again."""
    message_id = receive(desk.database, desk.store, mail(), Channel.email, START)
    desk.store.path(message_id).write_bytes(b"forged")
    assert triage_message(desk.database, desk.store, message_id, ScriptedEngine()) == MessageState.held


def test_a_held_message_can_be_tried_again(desk):
    """What comes out then replaces the manual proposal."""
    message_id = desk.take(mail(), ScriptedEngine(error=RuntimeError("gone")))
    retry(desk.database, message_id)
    assert triage_message(desk.database, desk.store, message_id, ScriptedEngine(date_change())) == MessageState.triaged
    prefix = message_id[:20]
    assert states(desk) == {f"{prefix}-0": ("superseded", f"{prefix}-1"), f"{prefix}-1": ("open", None)}


def test_a_message_without_proposals_is_an_item_of_the_manual_lane(desk):
    """Even nothing to propose is something to decide."""
    desk.take(mail(), ScriptedEngine(manual="Two orders fit alike."))
    with desk.database.read() as session:
        [item] = queue.list_items(session, View.manual)
        assert session.get_one(ProposalRow, item.id).body["reasons"] == ["Two orders fit alike."]


def test_suggestions_of_a_manual_message_stay_in_the_manual_lane(desk):
    """The whole message goes to a person, whatever lane its parts had."""
    desk.take(mail(), ScriptedEngine(date_change(lane=Lane.ready), manual="Suspicious sender."))
    with desk.database.read() as session:
        assert queue.counts(session)[View.manual] == 1
        assert queue.counts(session)[View.ready] == 0
        [item] = queue.list_items(session, View.manual)
        assert session.get_one(ProposalRow, item.id).body["reasons"][0] == "Suspicious sender."


def test_a_newer_message_of_the_sender_supersedes_the_open_proposal(desk):
    """Same sender, record and intent: the older one is closed and linked to the newer."""
    first, second = desk.propose(), desk.propose()
    assert states(desk) == {first: ("superseded", second), second: ("open", None)}
    with desk.database.read() as session:
        assert [i.id for i in queue.superseded_by(session, second)] == [first]


def test_another_record_or_intent_supersedes_nothing(desk):
    """News about one order says nothing about another; a price says nothing about a date."""
    desk.propose()
    desk.propose(date_change(record=OTHER))
    desk.propose(date_change(intent="price_change"))
    desk.propose(date_change(record=None))
    desk.propose(date_change(record=None))
    assert {state for state, _ in states(desk).values()} == {"open"}


def test_a_colleague_who_answers_in_the_thread_supersedes(desk):
    """The conversation is known by its references, within the sender's own domain."""
    first = desk.propose(Message_ID="<a@supplier.example>")
    second = desk.propose(sender="bob@supplier.example", References="<a@supplier.example>", Message_ID="<b@x>")
    assert states(desk)[first] == ("superseded", second)


def test_a_stranger_who_quotes_the_thread_supersedes_nothing(desk):
    """References can be forged by anybody who saw the mail."""
    first = desk.propose(Message_ID="<a@supplier.example>")
    desk.propose(sender="eve@elsewhere.example", In_Reply_To="<a@supplier.example>")
    desk.propose(sender="eve@evil-supplier.example", In_Reply_To="<a@supplier.example>")
    assert states(desk)[first] == ("open", None)


def test_an_older_message_that_arrives_late_is_superseded_by_the_newer(desk):
    """The time of receipt decides, not the order in which they were triaged."""
    newer = desk.propose()
    late = desk.take(mail(text="older"), ScriptedEngine(date_change()), at=START - timedelta(days=1))
    assert states(desk)[f"{late[:20]}-0"] == ("superseded", newer)
    assert states(desk)[newer] == ("open", None)


def test_hostile_characters_are_kept_and_found(desk):
    """NUL bytes, right-to-left overrides and emoji in a subject do not stop anything."""
    raw = b"From: a@b.example\r\nSubject: =?utf-8?b?AE5VTOKArmV4ZS5mZHA=?=\r\n\r\nH\xc3\x89LLO \x00 world"
    desk.take(raw, ScriptedEngine(date_change()))
    with desk.database.read() as session:
        assert len(queue.list_items(session, View.ready, queue.Filters(text="héllo"))) == 1


def test_the_loop_takes_what_was_received_while_nobody_ran(desk):
    """The row is the truth: a new process goes on where another stopped."""
    receive(desk.database, desk.store, mail(), Channel.email, START)
    done = threading.Event()

    class Telling(ScriptedEngine):
        def triage(self, message, taught=NOTHING):
            outcome = super().triage(message)
            done.set()
            return outcome

    with TriageLoop(desk.database, desk.store, Telling(date_change()), pause=0.05):
        assert done.wait(20)
    with desk.database.read() as session:
        assert waiting(session) == []
        assert queue.counts(session)[View.ready] == 1
