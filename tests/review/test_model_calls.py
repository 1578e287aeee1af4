"""The ledger that all workers share: budgets, rate, breaker, switch, and the record of every call."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from agent.llm.failures import ModelFailure
from agent.llm.ledger import ModelCall
from agent.llm.limits import Limits
from review import log
from review.model_calls import DatabaseLedger, calls_for, notice, set_switch, spent_today

LIMITS = Limits()


def call(id: str, **more: object) -> ModelCall:
    planned = ModelCall(id, "m" * 64, "default", "scripted-1", {"read_message": "abc"}, "hash", {}, 1000, 100, 0.01)
    return replace(planned, **more)  # type: ignore[arg-type]


def ended(ledger: DatabaseLedger, made: ModelCall, **outcome: object) -> None:
    for name, value in outcome.items():
        setattr(made, name, value)
    ledger.close(made)


def test_what_was_said_is_kept_and_the_log_has_an_entry(desk):
    ledger = DatabaseLedger(desk.database)
    made = call("1")
    ledger.open(made, LIMITS)
    ended(ledger, made, result="ok", response={"type": "ai", "data": {"content": "{}"}}, tokens_in=900)
    with desk.database.read() as session:
        [kept] = calls_for(session, "m" * 64)
        [entry] = log.of_subject(session, "m" * 64)
        assert (kept.result, kept.tokens_in, kept.response) == ("ok", 900, {"type": "ai", "data": {"content": "{}"}})
        assert (entry.kind, '"prompts":{"read_message":"abc"}' in entry.content) == ("model.called", True)


def test_budgets_are_a_tenants_own_and_count_what_is_under_way(desk):
    ledger, limits = DatabaseLedger(desk.database), Limits(day_tokens=2_500)
    ledger.open(call("1"), limits)
    ledger.open(call("2"), limits)
    with pytest.raises(ModelFailure, match="budget of tokens"):
        ledger.open(call("3"), limits)
    ledger.open(call("4", tenant="other"), limits)
    with desk.database.read() as session:
        assert spent_today(session, "default", time.time()).tokens == 2_200


def test_yesterdays_calls_do_not_count(desk):
    ledger, limits = DatabaseLedger(desk.database), Limits(day_calls=1)
    ledger.open(call("1", at=time.time() - 86_400), limits)
    ledger.open(call("2"), limits)


def test_two_workers_never_spend_the_same_rest(desk):
    outcomes: list[bool] = []

    def work(name: str) -> None:
        ledger = DatabaseLedger(desk.database)
        for number in range(5):
            try:
                ledger.open(call(f"{name}{number}"), Limits(day_calls=4))
                outcomes.append(True)
            except ModelFailure:
                outcomes.append(False)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(True), outcomes.count(False)) == (4, 6)


def test_the_rate_is_shared_and_says_when_to_come_back(desk):
    limits = Limits(calls_a_minute=2)
    for id in ("1", "2"):
        DatabaseLedger(desk.database).open(call(id), limits)
    with pytest.raises(ModelFailure) as refused:
        DatabaseLedger(desk.database).open(call("3"), limits)
    assert refused.value.passing
    assert 55 < (refused.value.retry_after or 0) <= 60


def test_a_wait_that_the_endpoint_asked_for_holds_for_every_worker(desk):
    ledger, made = DatabaseLedger(desk.database), call("1")
    ledger.open(made, LIMITS)
    ended(ledger, made, result="busy", endpoint_failed=True, not_before=time.time() + 30)
    with pytest.raises(ModelFailure, match="asked to wait"):
        DatabaseLedger(desk.database).open(call("2"), LIMITS)


def test_the_breaker_opens_lets_one_call_probe_and_closes_again(desk):
    ledger, limits, ago = (
        DatabaseLedger(desk.database),
        Limits(breaker_failures=2, breaker_seconds=60),
        time.time() - 50,
    )
    for id in ("1", "2"):
        made = call(id, at=ago)
        ledger.open(made, limits)
        ended(ledger, made, result="timeout", endpoint_failed=True)
    with pytest.raises(ModelFailure, match="left alone"):
        ledger.open(call("3"), limits)
    probe = call("4", at=ago + 61)
    ledger.open(probe, limits)
    with pytest.raises(ModelFailure, match="left alone"):
        ledger.open(call("5", at=ago + 62), limits)
    ended(ledger, probe, result="ok")
    ledger.open(call("6", at=ago + 63), limits)


def test_the_switch_stops_calls_says_so_on_the_pages_and_is_logged(desk):
    ledger = DatabaseLedger(desk.database)
    set_switch(desk.database, off=True, by="Robin", reason="costs")
    with pytest.raises(ModelFailure, match="switched off \\(costs\\)"):
        ledger.open(call("1"), LIMITS)
    assert notice(desk.database) == "Language models are switched off (costs); messages are read without them."
    set_switch(desk.database, off=False, by="Robin")
    ledger.open(call("2"), LIMITS)
    assert notice(desk.database) is None
    with desk.database.read() as session:
        assert [e.kind for e in log.of_subject(session, "models")] == ["models.off", "models.on"]
