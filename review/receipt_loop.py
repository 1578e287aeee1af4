"""Looks in the background whether Odoo holds what was approved."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from review.background import Background
from review.database import Database
from review.receipt_rows import due, settle
from review.receipts import read_records
from tools.records import RecordReader, RecordsError

logger = logging.getLogger(__name__)


class ReceiptLoop(Background):
    """A background thread while the `with` block runs. `records` is Odoo as it is now, None where a snapshot stands in for
    it: then the receiver's or a person's word is all there is. What is not done `overdue_after` counts as overdue; `pause` is in seconds.
    """

    def __init__(
        self, database: Database, records: RecordReader | None, overdue_after: timedelta, pause: float = 5.0
    ) -> None:
        super().__init__("receipt-loop")
        self._database, self._records, self._overdue_after, self._pause = database, records, overdue_after, pause
        self._away = False

    def step(self) -> int:
        """Looks at what is due, and gives how many that were. Raises RecordsError when Odoo cannot be read."""
        with self._database.read() as session:
            looked = due(session, datetime.now(UTC))
        if not looked:
            return 0
        expected = [expected for one in looked for expected in one.approved.expected]
        records = read_records(self._records, expected) if self._records else None
        settle(self._database, looked, records, self._overdue_after)
        return len(looked)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.step()
                self._away = False
            except RecordsError as error:
                if not self._away:
                    logger.warning("Whether Odoo holds what was approved cannot be told. %s", error)
                self._away = True
            except Exception:
                logger.exception("Receipts could not be looked at; tried again in %s s.", self._pause)
            self.stopping.wait(self._pause)
