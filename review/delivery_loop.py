"""Sends what the outbox holds: a thread for each target, so that a slow one holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import TracebackType

from review import outbox, waiting_receivers
from review.background import Background
from review.database import Database
from review.outbox import Attempt, Outcome
from review.targets import Target
from review.webhook import deliver

logger = logging.getLogger(__name__)
FAILURE_PAUSE = 5.0


class DeliveryLoop(Background):
    """Delivers to one target while the `with` block runs. `pause` is how many seconds pass between looks at the rows."""

    def __init__(
        self,
        database: Database,
        name: str,
        target: Target,
        pause: float = 1.0,
        send: Callable[[Attempt, Target], Outcome] = deliver,
    ) -> None:
        super().__init__(f"delivery {name}")
        self.join_seconds = target.timeout_seconds + 5.0
        self._database, self._name, self._target, self._pause, self._send = database, name, target, pause, send

    def step(self) -> bool:
        """Tries the next event that is due, else the next outcome that a receiver waits for; False when there is none."""
        attempt = outbox.take(self._database, self._name, self._target)
        if attempt is None:
            return self._answer()
        outbox.settle(self._database, attempt, self._target, self._send(attempt, self._target))
        return True

    def _answer(self) -> bool:
        resume = waiting_receivers.take(self._database, self._name, self._target)
        if resume is None:
            return False
        outcome = self._send(resume.attempt, self._target.model_copy(update={"url": resume.url}))
        waiting_receivers.settle(self._database, resume, self._target, outcome)
        return True

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                busy = self.step()
            except Exception:
                # A full disk or a locked database passes; the lease ends, and the event is tried again.
                logger.exception("Deliveries to %s could not be made; tried again in %s s.", self._name, FAILURE_PAUSE)
                self.stopping.wait(FAILURE_PAUSE)
                continue
            if not busy:
                self.stopping.wait(self._pause)


class DeliveryLoops:
    """All targets' loops, while the `with` block runs. The targets become those that decisions queue for."""

    def __init__(self, database: Database, targets: Mapping[str, Target], pause: float = 1.0) -> None:
        outbox.register(database, targets)
        self._loops = [DeliveryLoop(database, name, target, pause) for name, target in targets.items()]

    def __enter__(self) -> DeliveryLoops:
        for loop in self._loops:
            loop.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for loop in self._loops:
            loop.stop()
        for loop in self._loops:
            loop.join()
