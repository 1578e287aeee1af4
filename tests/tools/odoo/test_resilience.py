"""Patience with a server: tries again what may pass, leaves alone who is away or refuses the login."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tools.odoo.errors import AccessRefused, LoginRefused, Unreachable
from tools.odoo.resilience import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LONGEST_WAIT,
    OPEN_SECONDS,
    ResilientWire,
)


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


class Script:
    """Gives or raises one thing after the other; the last for ever."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0

    def call(self, model: str, method: str, ids: Sequence[int] | None = None, **arguments: Any) -> Any:
        self.calls += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def clock() -> Clock:
    return Clock()


def resilient(script: Script, clock: Clock, attempts: int = 3, key: Any = lambda: "key") -> ResilientWire:
    return ResilientWire(script, key, attempts=attempts, clock=clock, sleep=clock.sleep)


def ask(wire: ResilientWire) -> Any:
    return wire.call("res.partner", "search_count", domain=[])


def test_what_passes_is_tried_again(clock):
    script = Script(Unreachable("away"), Unreachable("away"), 4)
    assert ask(resilient(script, clock)) == 4
    assert (script.calls, len(clock.waits)) == (3, 2)


def test_tries_are_bounded_and_waits_are_short(clock):
    script = Script(Unreachable("away"))
    with pytest.raises(Unreachable, match="away"):
        ask(resilient(script, clock))
    assert script.calls == 3
    assert all(0 <= wait <= 1.5 for wait in clock.waits)


def test_waits_are_not_in_step():
    firsts = set()
    for _ in range(5):
        clock = Clock()
        ask(resilient(Script(Unreachable("away"), 1), clock))
        firsts.add(clock.waits[0])
    assert len(firsts) == 5


@pytest.mark.parametrize(("asked", "waited"), [(3.0, 3.0), (3600.0, LONGEST_WAIT)])
def test_a_server_is_left_alone_as_long_as_it_asks_within_reason(clock, asked, waited):
    ask(resilient(Script(Unreachable("busy", retry_after=asked), 1), clock))
    assert waited <= clock.waits[0] <= max(waited + 1, LONGEST_WAIT)


def test_a_refusal_is_not_tried_again(clock):
    script = Script(AccessRefused("no"))
    with pytest.raises(AccessRefused):
        ask(resilient(script, clock))
    assert script.calls == 1


def test_the_circuit_opens_tries_once_and_closes(clock):
    script = Script(*[Unreachable("away")] * (FAILURES_TO_OPEN + 1), 4)
    wire = resilient(script, clock, attempts=1)
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(Unreachable, match="away"):
            ask(wire)
    with pytest.raises(Unreachable, match=f"{FAILURES_TO_OPEN} times in a row"):
        ask(wire)
    assert script.calls == FAILURES_TO_OPEN
    clock.now += OPEN_SECONDS
    with pytest.raises(Unreachable, match="away"):
        ask(wire)
    with pytest.raises(Unreachable, match="in a row"):
        ask(wire)
    clock.now += OPEN_SECONDS
    assert (ask(wire), ask(wire)) == (4, 4)


def test_a_refused_key_rests_longer_each_time(clock):
    script = Script(LoginRefused("no"))
    wire = resilient(script, clock)
    rests = []
    for _ in range(8):
        asked, calls = clock.now, script.calls
        while script.calls == calls:
            with pytest.raises(LoginRefused):
                ask(wire)
            clock.now += FIRST_PAUSE
        rests.append(clock.now - FIRST_PAUSE - asked)
    assert rests[1:4] == [0, FIRST_PAUSE, 3 * FIRST_PAUSE]
    assert FIRST_PAUSE + max(rests) == LONGEST_PAUSE


def test_a_new_key_is_tried_at_once(clock):
    keys = ["old"]
    script = Script(LoginRefused("no"), 4)
    wire = resilient(script, clock, key=lambda: keys[0])
    with pytest.raises(LoginRefused):
        ask(wire)
    keys[0] = "new"
    assert ask(wire) == 4
