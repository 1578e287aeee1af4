"""What asking a model has cost, and whether it may be asked again: budgets, rate, breaker and kill switch.

A `Ledger` is asked before each call and told after it. The one here lives in memory, for one process that measures or
tries out; the service's lives in its database and is shared by all workers (`review.model_calls`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from agent.llm.failures import ModelFailure
from agent.llm.limits import Limits


@dataclass
class ModelCall:
    """One call of the model: what was asked (by hash), with which parameters, what came back and what it cost.

    `at` is a UTC time stamp in seconds. `result` is `running`, `ok`, or the kind of the failure; `endpoint_failed`: it
    counts for the breaker. `response` is what the endpoint said, as LangChain keeps a message; `not_before` is the time
    stamp before which the endpoint does not want to be asked."""

    id: str
    message_id: str
    tenant: str
    model: str
    prompts: dict[str, str]
    request_hash: str
    parameters: dict[str, Any]
    tokens_in: int
    tokens_out: int
    cost: float
    at: float = field(default_factory=time.time)
    seconds: float = 0.0
    result: str = "running"
    endpoint_failed: bool = False
    response: dict[str, Any] | None = None
    not_before: float = 0.0


class Ledger(Protocol):
    def open(self, call: ModelCall, limits: Limits) -> None:
        """Notes a call that is about to be made, with what it may cost at most.

        Raises ModelFailure when it may not be made; `passing` with `retry_after` when it may be soon."""
        ...

    def close(self, call: ModelCall) -> None:
        """Notes what became of it."""
        ...


@dataclass(frozen=True)
class Spent:
    """What a tenant has spent since the day began."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0


def day_start(now: float) -> float:
    """The time stamp at which the UTC day of `now` began."""
    return datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def check_budget(spent: Spent, call: ModelCall, limits: Limits) -> None:
    """Raises ModelFailure when the day's budget does not hold one more such call."""
    bounds = (
        (spent.calls + 1, limits.day_calls, "calls"),
        (spent.tokens + call.tokens_in + call.tokens_out, limits.day_tokens, "tokens"),
        (spent.cost + call.cost, limits.day_cost, "money"),
    )
    for value, most, what in bounds:
        if most is not None and value > most:
            raise ModelFailure(f"Today's budget of {what} for the model is used up.", "day budget")


def check_rate(since_a_minute: Iterable[float], now: float, limits: Limits) -> None:
    """Raises a passing ModelFailure when the last minute holds as many calls as a minute may."""
    starts = sorted(since_a_minute)
    most = limits.calls_a_minute
    if most is not None and len(starts) >= most:
        wait = starts[len(starts) - most] + 60.0 - now
        said = f"The model is asked {most} times a minute already."
        raise ModelFailure(said, "rate", passing=True, retry_after=max(wait, 0.05))


def check_breaker(newest: list[ModelCall], now: float, limits: Limits) -> None:
    """Raises ModelFailure while the breaker is open. `newest`: calls from the newest on, `breaker_failures` + 1 or more.

    It opens when the endpoint failed in all of the last calls that ended; after `breaker_seconds` one call probes,
    and others wait for its outcome."""
    ended = [c for c in newest if c.result != "running"][: limits.breaker_failures]
    if len(ended) < limits.breaker_failures or not all(c.endpoint_failed for c in ended):
        return
    failed_at = ended[0].at + ended[0].seconds
    probing = any(c.result == "running" and c.at > failed_at for c in newest)
    left = failed_at + limits.breaker_seconds - now
    if left > 0 or probing:
        said = f"The model's endpoint failed {limits.breaker_failures} times in a row; it is left alone for a while."
        raise ModelFailure(said, "breaker")


class MemoryLedger:
    """The ledger of one process. `off` is its kill switch."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []
        self.off = False
        self._turn = threading.Lock()

    def open(self, call: ModelCall, limits: Limits) -> None:
        with self._turn:
            if self.off:
                raise ModelFailure("Models are switched off.", "off")
            wait = max((c.not_before for c in self.calls[-50:]), default=0.0) - call.at
            if wait > 0:
                raise ModelFailure("The model's endpoint asked to wait.", "busy", passing=True, retry_after=wait)
            check_breaker(self.calls[: -limits.breaker_failures - 20 : -1], call.at, limits)
            today = [c for c in self.calls if c.tenant == call.tenant and c.at >= day_start(call.at)]
            spent = Spent(len(today), sum(c.tokens_in + c.tokens_out for c in today), sum(c.cost for c in today))
            check_budget(spent, call, limits)
            check_rate((c.at for c in self.calls if c.at > call.at - 60), call.at, limits)
            self.calls.append(call)

    def close(self, call: ModelCall) -> None:
        """Nothing to do: the call is the one that was opened."""
