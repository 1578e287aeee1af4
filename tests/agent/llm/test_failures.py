"""Every way in which a model can fail ends in the local engine's proposal, with the reason on it, within its bounds."""

from __future__ import annotations

import time
from email.utils import format_datetime

import pytest

from agent.llm.failures import retry_after
from agent.llm.ledger import MemoryLedger
from agent.llm.limits import Limits
from agent.proposal import Triage
from tests.agent.llm.reading import LATE, RIGHT, asking, late, local
from tests.llm_endpoint import Reply, answers, calls, fails, finding, says
from tools.message import Part

QUICK = Limits(message_seconds=4)


def assert_local(outcome: Triage, reason: str) -> None:
    """The proposal is the local engine's, and says why."""
    expected = local().triage(late())
    assert outcome.engine == "fallback"
    assert reason in (outcome.fallback or "")
    assert [(p.intent, p.record, p.confidence, p.lane) for p in outcome.proposals] == [
        (p.intent, p.record, p.confidence, p.lane) for p in expected.proposals
    ]
    assert all(any(reason in said for said in p.reasons) for p in outcome.proposals)


@pytest.mark.parametrize(
    ("reply", "reason", "tries"),
    [
        (fails(401), "refused the key (401)", 1),
        (fails(403), "refused the key (403)", 1),
        (fails(404), "no such address or model (404)", 1),
        (fails(400), "refused the request (400)", 2),
        (fails(429, "insufficient_quota"), "quota is used up", 1),
        (fails(429, retry_after="0.01"), "too busy", 3),
        (fails(500, retry_after="0.01"), "failed (500)", 3),
        (fails(503, retry_after="600"), "failed (503)", 1),
        (Reply(hang_up=True), "cannot be reached", 3),
        (says(None, refusal="I can't help with that."), "refused to answer", 1),
        (says('{"findings": [{"intent": "delivery_da', finish="length"), "cut off", 1),
        (says("", finish="content_filter"), "content filter", 1),
        (says("Certainly! The order is late."), "does not have the form", 1),
        (says('{"findings": [{"intent": "pay_invoice", "record": null}]}'), "does not have the form", 1),
        (says('{"answer": 42}'), "does not have the form", 1),
        (Reply(raw=b"<html>Bad gateway</html>"), "does not have the form", 1),
        (Reply(raw=b'{"choices": []}'), "does not have the form", 1),
        (answers(), "Nothing that the model said", 1),
        (answers(finding("delivery_date_change", "P00099", LATE)), "Nothing that the model said", 1),
    ],
)  # fmt: skip
def test_a_failure_falls_back_and_says_why(reply, reason, tries):
    with asking(reply, limits=QUICK) as (engine, script):
        assert_local(engine.triage(late()), reason)
    assert len(script.requests) == tries


def test_nobody_there_falls_back():
    with asking(RIGHT, limits=QUICK) as (engine, _):
        pass  # the endpoint is down now
    assert_local(engine.triage(late()), "cannot be reached")


@pytest.mark.parametrize("reply", [Reply(after=30.0), Reply(RIGHT.body, drip=0.3)])
def test_an_endpoint_that_is_silent_or_drips_is_left_in_time(reply):
    with asking(reply, limits=Limits(message_seconds=1.0)) as (engine, _):
        engine.reader._model()
        started = time.monotonic()
        assert_local(engine.triage(late()), "in time" if reply.after else "longer than a message's seconds")
        assert time.monotonic() - started < 15


def test_after_a_hang_the_next_message_is_asked_about_again():
    with asking(Reply(RIGHT.body, drip=0.3), RIGHT, limits=Limits(message_seconds=1.5)) as (engine, _):
        assert engine.triage(late()).engine == "fallback"
        engine.reader._model()
        assert engine.triage(late()).engine == "llm"


def test_endless_look_ups_end_at_their_bound():
    with asking(calls("search_records", query="rope"), limits=Limits(message_seconds=20)) as (engine, script):
        assert_local(engine.triage(late()), "within its calls")
        assert len(script.requests) == Limits().message_calls
    few = Limits(message_seconds=20, message_tool_calls=2, message_calls=9)
    with asking(calls("search_records", query="rope"), limits=few) as (engine, script):
        assert_local(engine.triage(late()), "without an end")
        assert len(script.requests) == 3


def test_a_message_of_a_hundred_thousand_tokens_is_not_sent():
    message = late(f"{LATE}\n{'We are sorry for the trouble that this may cause. ' * 4}")
    message.parts.append(Part(name="attachment:terms.txt", text="lorem ipsum " * 30_000))
    with asking(RIGHT) as (engine, script):
        outcome = engine.triage(message)
    assert "too long" in (outcome.fallback or "")
    assert script.requests == []


def test_a_key_that_cannot_be_read_is_said_and_nothing_is_sent(tmp_path):
    with asking(RIGHT, key_file=tmp_path / "none") as (engine, script):
        assert_local(engine.triage(late()), "check TRIAGE_LLM_KEY_FILE")
    assert script.requests == []


def test_the_key_is_sent_as_the_file_has_it(tmp_path):
    (tmp_path / "key").write_text("sk-test\n")
    with asking(RIGHT, key_file=tmp_path / "key") as (engine, script):
        assert engine.triage(late()).engine == "llm"
    assert script.keys == ["Bearer sk-test"]


def test_what_passes_is_tried_again_after_the_time_asked_for():
    with asking(fails(429, retry_after="0.2"), RIGHT) as (engine, script):
        started = time.monotonic()
        outcome = engine.triage(late())
        assert time.monotonic() - started >= 0.2
    assert (outcome.engine, outcome.model_calls) == ("llm", 2)
    assert len(script.requests) == 2


def test_an_endpoint_without_json_schema_is_asked_by_a_tool_from_then_on():
    by_tool = calls("Answer", findings=[finding("delivery_date_change", "P00041", "P00041 is delayed")])
    with asking(fails(400, "response_format is not supported"), by_tool) as (engine, script):
        assert engine.triage(late()).engine == "llm"
        assert engine.triage(late()).engine == "llm"
    assert ["response_format" in body for body in script.requests] == [True, False, False]
    assert "Answer" in [tool["function"]["name"] for tool in script.requests[-1]["tools"]]


def test_the_breaker_opens_after_failures_in_a_row_and_one_call_probes():
    limits = Limits(message_seconds=20, breaker_failures=2, breaker_seconds=0.5)
    ledger = MemoryLedger()
    with asking(fails(401), fails(401), RIGHT, limits=limits, ledger=ledger) as (engine, script):
        engine.triage(late())
        engine.triage(late())
        assert "left alone" in (engine.triage(late()).fallback or "")
        assert len(script.requests) == 2
        time.sleep(0.6)
        assert engine.triage(late()).engine == "llm"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(day_calls=1), "budget of calls"),
        (Limits(day_tokens=3_500), "budget of tokens"),
        (Limits(day_cost=0.011), "budget of money"),
        (Limits(calls_a_minute=1, message_seconds=3), "1 times a minute"),
    ],
)
def test_a_days_budget_and_a_minutes_rate_hold_for_all_messages(limits, reason):
    with asking(RIGHT, limits=limits, price_in=2.0, price_out=6.0) as (engine, script):
        assert engine.triage(late()).engine == "llm"
        assert_local(engine.triage(late()), reason)
    assert len(script.requests) == 1


@pytest.mark.parametrize("limits", [Limits(message_tokens=4_000), Limits(message_cost=0.011)])
def test_a_message_has_a_budget_of_its_own(limits):
    with asking(calls("search_records", query="rope"), limits=limits, price_in=2.0, price_out=6.0) as (engine, script):
        assert_local(engine.triage(late()), "than a message may cost")
    assert len(script.requests) == 1


def test_the_kill_switch_works_while_running():
    ledger = MemoryLedger()
    with asking(RIGHT, ledger=ledger) as (engine, script):
        assert engine.triage(late()).engine == "llm"
        ledger.off = True
        assert_local(engine.triage(late()), "switched off")
        ledger.off = False
        assert engine.triage(late()).engine == "llm"
    assert len(script.requests) == 2


def test_retry_after_is_read_as_seconds_or_a_date():
    from datetime import UTC, datetime, timedelta

    assert retry_after({"retry-after": "12"}) == 12.0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
    moment = retry_after({"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)})
    assert moment is not None
    assert 50 < moment <= 60
