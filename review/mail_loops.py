"""The threads that take mail in: one for each folder, started again after every failure, slower each time."""

from __future__ import annotations

import logging
import random
from abc import abstractmethod
from collections.abc import Callable
from types import TracebackType

from review.background import Background
from review.database import Database
from review.mail_rows import SourceRows
from review.raw_store import RawStore
from tools.mailbox.accounts import Accounts, ImapAccount
from tools.mailbox.errors import CertificateRefused, LoginRefused, MailboxError
from tools.records import RecordsError

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 300.0
REFUSED_PAUSE = 60.0


class SourceLoop(Background):
    """`on_mail` is called after messages were kept."""

    join_seconds = 10.0

    def __init__(self, rows: SourceRows, on_mail: Callable[[], None]) -> None:
        super().__init__(f"mail {rows.account}/{rows.folder}")
        self.rows, self.on_mail = rows, on_mail
        self._failures = 0

    @abstractmethod
    def work(self) -> None:
        """Takes mail in until `stopping` is set. Raises what goes wrong."""

    def went_well(self, problem: str | None = None) -> None:
        """Work has come round once; a `problem` may concern a part of it."""
        self._failures = 0
        self.rows.note(problem)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.work()
            except Exception as error:
                self._failures += 1
                self._report(error)
                self.stopping.wait(pause(self._failures, error))

    def _report(self, error: Exception) -> None:
        if isinstance(error, MailboxError | RecordsError | OSError):
            problem = str(error)
        else:
            problem = f"Unexpected: {type(error).__name__}: {error}"
            logger.exception("Mail of %s/%s could not be taken in.", self.rows.account, self.rows.folder)
        try:
            self.rows.note(problem)
        except Exception:
            logger.exception("The problem of %s/%s could not be written down.", self.rows.account, self.rows.folder)


def pause(failures: int, error: Exception) -> float:
    """Seconds before the next try: doubled with each failure up to 5 minutes, halved at random so that many clients do
    not return at once. At least a minute after a refusal, for repeated bad logins lock accounts."""
    longest = min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 20))
    if isinstance(error, LoginRefused | CertificateRefused):
        longest = max(longest, 2 * REFUSED_PAUSE)
    return longest * random.uniform(0.5, 1.0)


class MailLoops:
    """All loops of the accounts, while the `with` block runs."""

    def __init__(
        self, database: Database, store: RawStore, accounts: Accounts, on_mail: Callable[[], None] = lambda: None
    ) -> None:
        from review.file_loop import FileLoop
        from review.imap_loop import ImapLoop
        from tools.mailbox.imap import token_source

        self.loops: list[SourceLoop] = []
        for name, account in accounts.items():
            if isinstance(account, ImapAccount):
                tokens = token_source(account)
                for folder in account.folders:
                    rows = SourceRows(database, store, name, folder)
                    self.loops.append(ImapLoop(rows, account, folder, tokens, on_mail))
            else:
                rows = SourceRows(database, store, name, str(account.path))
                self.loops.append(FileLoop(rows, account, on_mail))

    def __enter__(self) -> MailLoops:
        for loop in self.loops:
            loop.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for loop in self.loops:
            loop.stop()
        for loop in self.loops:
            loop.join()
