"""The small loop of the one-process size: takes received messages from their rows and triages them, one by one; in between
it rehearses what people want to teach.

The row is the truth. The loop carries no state, so stopping it anywhere loses nothing.
"""

from __future__ import annotations

import logging
import threading

from review.background import Background
from review.database import Database
from review.intake import Engine, triage_message, waiting
from review.raw_store import RawStore
from review.rehearsal import rehearse_some

logger = logging.getLogger(__name__)
FAILURE_PAUSE = 5.0


class TriageLoop(Background):
    """A background thread while the `with` block runs. `pause` is how many seconds pass between looks at the rows."""

    def __init__(
        self,
        database: Database,
        store: RawStore,
        engine: Engine,
        pause: float = 1.0,
        authserv_id: str | None = None,
    ) -> None:
        super().__init__("triage-loop")
        self._authserv_id = authserv_id
        self._database, self._store, self._engine, self._pause = database, store, engine, pause
        self._wake = threading.Event()

    def stop(self) -> None:
        super().stop()
        self.wake()

    def wake(self) -> None:
        """Looks at the rows now rather than after the pause."""
        self._wake.set()

    def step(self) -> int:
        """Triages what waits now, and gives how many messages that were."""
        with self._database.read() as session:
            ids = waiting(session)
        for message_id in ids:
            if self.stopping.is_set():
                break
            triage_message(self._database, self._store, message_id, self._engine, self._authserv_id)
        return len(ids)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                busy = self.step() > 0
                busy = rehearse_some(self._database, self._engine) or busy
            except Exception:
                # A full disk or a locked database passes; the rows still say what is left to do.
                logger.exception("The triage loop could not work; it tries again in %s s.", FAILURE_PAUSE)
                self.stopping.wait(FAILURE_PAUSE)
                continue
            if not busy:
                self._wake.wait(self._pause)
                self._wake.clear()
