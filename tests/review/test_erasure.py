"""Erasing what a message told of persons: gone from rows, bytes and log, and the chain is whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from agent.llm.ledger import ModelCall
from agent.llm.limits import Limits
from review import log, outbox
from review.decisions import RejectReason, approve, reject
from review.erasure import StillNeeded, erase_message, erase_old
from review.model_calls import DatabaseLedger
from review.outbox import Outcome
from review.queue import find
from review.receipt_rows import Reported, report
from review.schema import Base, CaseKey, MessageRow
from tests.review.desk import ROBIN, ScriptedEngine, date_change, mail
from tests.review.test_log import check, tamper
from tests.review.test_outbox import Wire, handoffs, run, target

SECRET = "Ann Porter"


def told(desk) -> str:
    """Everything that the database holds, as text."""
    with desk.database.read() as session:
        kept = [t for t in Base.metadata.tables if t not in ("log_entries", "alembic_version")]
        return " ".join(str(row) for t in kept for row in session.execute(text(f"SELECT * FROM {t}")))


@pytest.fixture
def message_id(desk, tmp_path) -> str:
    """A message that names a person everywhere, was read by a model, decided on, handed on and reported of."""
    said = mail(f"{SECRET}: later.", subject=f"{SECRET} writes")
    proposal = date_change(reasons=[f"{SECRET} is known."])
    proposal.actions[1].draft = f"Dear {SECRET}"
    made = desk.take(said, ScriptedEngine(proposal))
    ledger, call = DatabaseLedger(desk.database), ModelCall("1", made, "default", "m", {}, "hash", {}, 10, 10, 0.0)
    ledger.open(call, Limits())
    ledger.close(replace(call, response={"said": f"{SECRET} asks for it."}))
    outbox.register(desk.database, {"erp": target(tmp_path, attempts=1)})
    approve(desk.database, f"{made[:20]}-0", version=1, who=ROBIN, undo=timedelta(0))
    refused = Outcome(422, f"It answers 422: who is {SECRET}?")
    run(desk, target(tmp_path, attempts=1), Wire(refused))
    [handoff] = handoffs(desk)
    outbox.drop(desk.database, handoff.id, who="Robin")
    report(desk.database, handoff.id, Reported.not_done, f"{SECRET} was called.", "key:1")
    return made


def test_nothing_of_the_person_is_left_and_the_chain_is_whole(desk, message_id):
    assert SECRET in told(desk)
    gone = erase_message(desk.database, desk.store, message_id, who="Ann", why="asked for it")
    assert gone >= 4
    assert SECRET.casefold() not in told(desk).casefold()
    assert not desk.store.path(message_id).exists()
    result = check(desk)
    assert result.ok, result.problems
    assert result.erased == gone


def test_the_keys_of_a_case_go_with_the_last_of_its_messages(desk, message_id):
    other = desk.take(mail("Any news?", subject="Again"), ScriptedEngine())
    with desk.database.write() as session:
        case = session.get(MessageRow, message_id).case_id
        session.add(CaseKey(key=f"s:{SECRET}", case_id=case))
        session.get(MessageRow, message_id).thread = f"s:{SECRET}"
        session.get(MessageRow, other).case_id = case
    erase_message(desk.database, desk.store, message_id, who="Ann", why="asked for it")
    with desk.database.read() as session:
        assert session.get(CaseKey, f"s:{SECRET}") is not None
        assert session.get(MessageRow, message_id).thread is None
    reject(desk.database, f"{other[:20]}-0", version=1, who=ROBIN, reason=RejectReason.not_needed)
    erase_message(desk.database, desk.store, other, who="Ann", why="asked for it")
    assert SECRET not in told(desk)


def test_what_was_decided_stays_for_the_figures(desk, message_id):
    erase_message(desk.database, desk.store, message_id, who="Ann", why="asked for it")
    with desk.database.read() as session:
        row, message = find(session, f"{message_id[:20]}-0")
        assert (row.state, row.intent, row.record_name) == ("approved", "delivery_date_change", "P00041")
        assert [a["name"] for a in row.body["actions"]] == ["update_delivery_date", "notify_customer"]
        assert message.read is None
        assert log.of_subject(session, message_id)[0].content == "null"


def test_what_is_open_or_under_way_is_not_erased(desk):
    open_id = desk.take(mail("one"), ScriptedEngine(date_change()))
    with pytest.raises(StillNeeded, match="decide on it first"):
        erase_message(desk.database, desk.store, open_id, who="Ann", why="asked")
    assert desk.store.get(open_id)


def test_after_the_retention_finished_messages_go_and_open_ones_stay(desk, message_id):
    """Once each, oldest first."""
    open_id = desk.take(mail("still open"), ScriptedEngine(date_change(None)))
    assert erase_old(desk.database, desk.store, timedelta(days=36500)) == 0
    assert erase_old(desk.database, desk.store, timedelta(0)) in (1, 2)
    assert erase_old(desk.database, desk.store, timedelta(0)) == 0
    assert SECRET not in told(desk)
    assert desk.store.path(open_id).exists()
    reject(desk.database, f"{open_id[:20]}-0", version=1, who=ROBIN, reason=RejectReason.not_needed)
    assert erase_old(desk.database, desk.store, timedelta(0)) == 1


def test_an_erased_text_cannot_be_put_back_changed_and_its_erasure_cannot_be_denied(desk, message_id):
    """The hash stays in the chain: another text does not fit it."""
    with desk.database.read() as session:
        entry = log.of_subject(session, message_id)[0]
        key = entry.content_hash
    erase_message(desk.database, desk.store, message_id, who="Ann", why="asked for it")
    tamper(desk, f"INSERT INTO log_contents (content_hash, salt, content) VALUES ('{key}', '', '[]')")
    assert [p.what for p in check(desk).problems] == ["The content was altered after it was written."]
