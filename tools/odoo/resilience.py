"""A wire that bears with a server: it tries again what may pass, and leaves alone who is away or says no.

Everything that is sent only reads, so that it may be sent twice.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tools.odoo.errors import LoginRefused, Unreachable
from tools.odoo.wire import Wire

LONGEST_WAIT = 20.0
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30.0
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 900.0


class Breaker:
    """A circuit breaker: after `FAILURES_TO_OPEN` failures in a row calls fail at once for `OPEN_SECONDS`; then one of
    them tries, and its outcome closes or opens the circuit again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at = 0.0

    def enter(self) -> None:
        """Raises Unreachable while the circuit is open."""
        with self._lock:
            if self._failures < FAILURES_TO_OPEN:
                return
            left = self._opened_at + OPEN_SECONDS - self._clock()
            if left > 0:
                raise Unreachable(
                    f"Odoo gave no answer {self._failures} times in a row. It is asked again in {left:.0f} s.",
                    retry_after=left,
                )
            self._opened_at = self._clock()  # this call tries; the others go on waiting for it

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._opened_at = self._clock()


class SignInPause:
    """After a refused login the same key is not sent again for a while, twice as long each time: Odoo itself does not
    slow down guessing over its interface, and whoever watches its log sees an attack. Another key may try at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._refused = b""
        self._until = 0.0
        self._pause = 0.0

    def enter(self, key: str) -> None:
        """Raises LoginRefused while this key is paused."""
        with self._lock:
            left = self._until - self._clock()
            if left > 0 and _digest(key) == self._refused:
                raise LoginRefused(
                    f"Odoo refused the login. The same key is tried again in {left:.0f} s; a new key in the file at once."
                )

    def refused(self, key: str) -> None:
        with self._lock:
            again = _digest(key) == self._refused
            self._pause = min(self._pause * 2, LONGEST_PAUSE) if again else FIRST_PAUSE
            self._refused, self._until = _digest(key), self._clock() + self._pause


class ResilientWire:
    """Calls `wire` up to `attempts` times, waiting with exponential back-off and jitter, or as long as the server asks.

    `key` gives the key as it is now."""

    def __init__(
        self,
        wire: Wire,
        key: Callable[[], str],
        *,
        attempts: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wire = wire
        self._key = key
        self._attempts = attempts
        self._sleep = sleep
        self._breaker = Breaker(clock)
        self._pause = SignInPause(clock)

    def call(self, model: str, method: str, ids: Sequence[int] | None = None, **arguments: Any) -> Any:
        from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
        from tenacity.wait import wait_random_exponential

        backing_off = wait_random_exponential(multiplier=0.5, max=8)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = getattr(error, "retry_after", None) or 0.0
            return min(asked + backing_off(state), LONGEST_WAIT)

        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=wait,
            retry=retry_if_exception_type(Unreachable),
            sleep=self._sleep,
            reraise=True,
        )
        self._breaker.enter()
        return retrying(self._once, model, method, ids, arguments)

    def _once(self, model: str, method: str, ids: Sequence[int] | None, arguments: dict[str, Any]) -> Any:
        key = self._key()
        self._pause.enter(key)
        try:
            answer = self._wire.call(model, method, ids, **arguments)
        except Unreachable:
            self._breaker.failed()
            raise
        except LoginRefused:
            self._breaker.succeeded()
            self._pause.refused(key)
            raise
        except Exception:
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return answer


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
