"""Follows Odoo in the background: the mirror every so often, and the engine whenever the mirror has changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from review.background import Background
from review.database import Database
from review.exclusive import Busy
from review.mirror import mirror_version
from review.sync import sync
from tools.records import RecordReader, RecordsError

logger = logging.getLogger(__name__)

REST = 4.0  # times as long as a renewal took, so that triage keeps most of the machine


class MirrorLoop(Background):
    """A background thread while the `with` block runs. `renew` is called after each change of the mirror, which stands
    at the version that `renewed` names; `every` is in seconds. While Odoo is away, the mirror just grows older."""

    def __init__(
        self,
        database: Database,
        remote: RecordReader,
        renew: Callable[[], None],
        *,
        renewed: str,
        every: float,
        reconcile_every: timedelta,
    ) -> None:
        super().__init__("mirror-loop")
        self._database, self._remote, self._renew = database, remote, renew
        self._renewed, self._every, self._reconcile_every = renewed, every, reconcile_every
        self._away = False
        self._rests_until = 0.0

    def step(self) -> None:
        """Syncs once, and renews what stands on the mirror if rows came, changed or went."""
        try:
            sync(self._database, self._remote, reconcile_every=self._reconcile_every)
        except Busy:
            pass  # another process follows Odoo; what that one brings is seen below
        except RecordsError as error:
            if not self._away:
                logger.warning("Odoo cannot be followed; its records are shown as they were. %s", error)
            self._away = True
        else:
            if self._away:
                logger.warning("Odoo is followed again.")
            self._away = False
        version = mirror_version(self._database)
        started = time.monotonic()
        if version != self._renewed and started >= self._rests_until:
            self._renew()
            self._renewed = version
            ended = time.monotonic()
            self._rests_until = ended + REST * (ended - started)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.step()
            except Exception:
                # A full disk or a locked database passes; the next step does what this one left.
                logger.exception("The mirror could not be brought up to date; it is tried again in %s s.", self._every)
            self.stopping.wait(self._every)
