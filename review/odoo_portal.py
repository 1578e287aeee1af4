"""Taking in what partners write on Odoo's portal. Each post is kept once, under its id in Odoo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from review.database import Database
from review.mail_loops import SourceLoop
from review.mail_rows import Arrival, SourceRows
from review.raw_store import RawStore
from tools.message import Channel
from tools.odoo.portal_posts import PAGE, posted_at, posts_after, raw_post
from tools.records import RecordReader

FIRST_LOOK_BACK = timedelta(days=1)
# A post gets its id when its transaction writes it and is seen when that commits: lower ids may come after higher ones.
LATE = timedelta(hours=1)


def take_posts(rows: SourceRows, reader: RecordReader, now: datetime) -> int:
    """Takes in the posts that are new, and gives how many. At the first time, those of the last day. Raises RecordsError."""
    after, since = rows.begin(1, now - FIRST_LOOK_BACK)
    known = rows.places()
    taken = 0
    while True:
        page = posts_after(reader, after, since)
        new = [row for row in page if str(row["id"]) not in known]
        arrivals = [Arrival(str(r["id"]), raw_post(reader, r), posted_at(r), Channel.portal) for r in new]
        past = [row["id"] for row in page if posted_at(row) < now - LATE]
        if page:
            rows.keep(arrivals, up_to=max(past, default=None))
        taken += len(arrivals)
        if len(page) < PAGE:
            return taken
        after = page[-1]["id"]


class OdooPortalLoop(SourceLoop):
    """Looks for posts every so many seconds."""

    def __init__(
        self, database: Database, store: RawStore, reader: RecordReader, every: float, on_mail: Callable[[], None]
    ) -> None:
        super().__init__(SourceRows(database, store, "odoo", "portal"), on_mail)
        self._reader, self._every = reader, every

    def work(self) -> None:
        while not self.stopping.is_set():
            if take_posts(self.rows, self._reader, datetime.now(UTC)):
                self.on_mail()
            self.went_well()
            self.stopping.wait(self._every)
