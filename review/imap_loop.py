"""One IMAP folder, attended to: what is new is kept, then the server is asked to tell when there is more.

Order is all: bytes on disk, then rows and cursor in one transaction, then the next batch. Nothing in the mailbox is
changed, but for what the operator asked to be marked after triage.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from review.mail_loops import SourceLoop
from review.mail_rows import Arrival, HeaderKey, SourceRows, header_key
from tools.mailbox.accounts import ImapAccount
from tools.mailbox.errors import CommandRefused, FolderRefused, MailboxError, Unreachable
from tools.mailbox.imap import MOST_HEADER_BYTES, ImapSession, Listed, connect
from tools.mailbox.tokens import TokenSource

logger = logging.getLogger(__name__)

WINDOW = 500  # messages whose sizes are asked for at once
BATCH_MESSAGES = 100
BATCH_BYTES = 16_000_000
# Beyond these a second connection, which reads bodies fast, pays for its sign-in.
FEW_MESSAGES = 25
FEW_BYTES = 1_000_000
MOST_TRIES = 3


class ImapLoop(SourceLoop):
    """Attends to `folder` of `account`."""

    def __init__(
        self,
        rows: SourceRows,
        account: ImapAccount,
        folder: str,
        tokens: TokenSource | None,
        on_mail: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(rows, on_mail)
        self.account, self.folder, self._tokens = account, folder, tokens
        self._session: ImapSession | None = None
        self._wake = threading.Event()
        self._refusals: Counter[int] = Counter()
        self._earlier: dict[HeaderKey, str] = {}

    def work(self) -> None:
        with connect(self.account, self._tokens) as self._session:
            while not self.stopping.is_set():
                self._wake.clear()
                self.went_well(self.look(self._session))
                if not self.stopping.is_set():
                    self._session.wait(self.account.poll_seconds, self._wake)

    def look(self, session: ImapSession) -> str | None:
        """Takes in what is new, and marks what was triaged. Gives a sentence about what could not be marked, or None."""
        uidvalidity = session.examine(self.folder).uidvalidity
        days = self.account.first_load_days
        after, since = self.rows.begin(uidvalidity, None if days is None else datetime.now(UTC) - timedelta(days=days))
        uids = session.uids_after(after, since.date() if since else None)
        if uids:
            self._take(session, uids, uidvalidity)
        try:
            if self.account.after_triage:
                self._mark(uidvalidity)
        except (CommandRefused, FolderRefused) as error:
            return f"`after_triage` could not be done: {error}"
        return None

    def stop(self) -> None:
        super().stop()
        self._wake.set()

    def join(self) -> bool:
        if super().join():
            return True
        if self._session is not None:
            self._session.cut()  # it waits for the server
        return super().join()

    def _take(self, session: ImapSession, uids: Sequence[int], uidvalidity: int) -> None:
        first = session.listed(uids[:WINDOW])
        if len(uids) <= FEW_MESSAGES and sum(m.size for m in first) <= FEW_BYTES:
            self._take_listed(session, uids, first, uidvalidity)
            return
        self._earlier = self.rows.under_other_uids(uidvalidity, MOST_HEADER_BYTES)
        with self._loader(session, uidvalidity) as loader:
            for start in range(0, len(uids), WINDOW):
                window = uids[start : start + WINDOW]
                self._take_listed(loader, window, loader.listed(window) if start else first, uidvalidity)

    @contextmanager
    def _loader(self, session: ImapSession, uidvalidity: int) -> Iterator[ImapSession]:
        """A second connection that reads bodies fast, or the first one where the server allows only that."""
        with ExitStack() as opened:
            try:
                second = opened.enter_context(connect(self.account, self._tokens, for_loading=True))
                same = second.examine(self.folder).uidvalidity == uidvalidity
            except MailboxError as error:
                logger.info("%s: no second connection for loading: %s", self.rows.account, error)
                second, same = session, True
            if not same:
                raise Unreachable(f"The folder {self.folder} changed meanwhile.")
            yield second

    def _take_listed(
        self, session: ImapSession, uids: Sequence[int], there: Sequence[Listed], uidvalidity: int
    ) -> None:
        for batch in _batches(there, self.account.message_bytes):
            if self.stopping.is_set():
                return
            began = time.monotonic()
            again = self._known(session, batch) if self._earlier else {}
            arrivals = self._fetch(session, [m for m in batch if m.uid not in again], uidvalidity)
            places = {f"{uidvalidity}/{uid}": message_id for uid, message_id in again.items()}
            self.rows.keep(arrivals, again=places, up_to=batch[-1].uid, settled=not self.account.after_triage)
            self.on_mail()
            self._pace(began, arrivals)
        if not there or there[-1].uid < uids[-1]:  # removed meanwhile
            self.rows.keep([], up_to=uids[-1])

    def _known(self, session: ImapSession, batch: Sequence[Listed]) -> dict[int, str]:
        """The ids of messages that were kept under other UIDs, so that a renumbered folder costs only its headers."""
        headers = session.headers([m.uid for m in batch])
        keys = {m.uid: header_key(m.size, headers.get(m.uid, b"")) for m in batch}
        return {uid: self._earlier[key] for uid, key in keys.items() if key in self._earlier}

    def _fetch(self, session: ImapSession, batch: Sequence[Listed], uidvalidity: int) -> list[Arrival]:
        most = self.account.message_bytes
        wanted = [m.uid for m in batch if m.size <= most]
        try:
            bodies = session.bodies(wanted) if wanted else {}
        except CommandRefused:
            bodies = {}  # one of them may be what the server cannot read
        arrivals = []
        for message in batch:
            place = f"{uidvalidity}/{message.uid}"
            body = bodies.get(message.uid)
            if message.size > most or (body is not None and len(body) > most):
                megabytes = f"{message.size / 1e6:.1f} MB, more than `message_megabytes` of the mailbox"
                arrivals.append(self._header_alone(session, message, place, f"It has {megabytes}."))
            elif body is not None:
                arrivals.append(Arrival(place, body, message.arrived))
            else:
                arrivals += self._again(session, message, place)
        return arrivals

    def _again(self, session: ImapSession, message: Listed, place: str) -> list[Arrival]:
        """A message that did not come with the others: it is gone, or comes alone, or cannot be had."""
        try:
            if body := session.bodies([message.uid]).get(message.uid):
                return [Arrival(place, body, message.arrived)]
            if not session.listed([message.uid]):
                return []
            reason = "The server gives no content for it."
        except CommandRefused as error:
            reason = str(error)
        self._refusals[message.uid] += 1
        if self._refusals[message.uid] < MOST_TRIES:
            raise Unreachable(f"Message {message.uid} of {self.folder} cannot be read: {reason} It is tried again.")
        return [self._header_alone(session, message, place, reason)]

    def _header_alone(self, session: ImapSession, message: Listed, place: str, reason: str) -> Arrival:
        """What a person is given of a message that cannot be taken in: its header, or a note that stands for it."""
        try:
            header = session.headers([message.uid]).get(message.uid)
        except CommandRefused:
            header = None
        where = f"Open it in the mailbox: {self.rows.account}, folder {self.folder}, UID {message.uid}."
        if not header:
            note = EmailMessage()
            note["Subject"] = f"A message in {self.folder} that could not be fetched (UID {message.uid})"
            note.set_content(f"{reason}\n{where}\n{place}\n")
            header = note.as_bytes()
        return Arrival(place, header, message.arrived, held=f"The message was not fetched. {reason} {where}")

    def _mark(self, uidvalidity: int) -> None:
        places = self.rows.unsettled()
        # Places of an earlier UIDVALIDITY lead nowhere.
        here = [p for p in places if p.startswith(f"{uidvalidity}/")]
        for start in range(0, len(here), WINDOW):
            some = here[start : start + WINDOW]
            uids = [int(place.partition("/")[2]) for place in some]
            with connect(self.account, self._tokens, for_loading=True) as session:
                session.change(self.folder, uidvalidity, uids, self.account.after_triage)
            self.rows.settle(some)

    def _pace(self, began: float, arrivals: Sequence[Arrival]) -> None:
        """Pauses so that neither limit of the account is passed: messages and megabytes per minute."""
        megabytes = sum(len(a.raw) for a in arrivals) / 1e6
        shares = len(arrivals) / self.account.messages_per_minute, megabytes / self.account.megabytes_per_minute
        self.stopping.wait(max(0.0, 60 * max(shares) - (time.monotonic() - began)))


def _batches(messages: Sequence[Listed], most_bytes: int) -> Iterator[list[Listed]]:
    """Runs of messages, each small enough to be held in memory. One that is too large counts with its header alone."""
    batch: list[Listed] = []
    size = 0
    for message in messages:
        counted = message.size if message.size <= most_bytes else 0
        if batch and (len(batch) >= BATCH_MESSAGES or size + counted > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += counted
    if batch:
        yield batch
