"""What the service remembers of one place where mail arrives: how far it was taken in, and what was found where.

Messages, their places and the cursor move in one transaction, after the raw bytes are on disk. So the process may die
at any moment: what the cursor has passed is kept, and what comes again is known by its hash.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from review.database import Database
from review.intake import Delivery, hold_within, keep_within
from review.raw_store import RawStore
from review.schema import MailboxCursor, MailboxMessage, MessageRow, MessageState
from tools.message import Channel, Message

logger = logging.getLogger(__name__)

NOTE_EVERY = timedelta(minutes=1)
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*\S", re.IGNORECASE | re.MULTILINE)


class Arrival(NamedTuple):
    """A message that was found at `place`. With `held`, a reason, a person gets it instead of the agent."""

    place: str
    raw: bytes
    received_at: datetime
    channel: Channel = Channel.email
    held: str | None = None


HeaderKey = tuple[int, bytes]
"""A message's size in bytes and the hash of its header."""


def header_key(size: int, header: bytes) -> HeaderKey | None:
    """What tells a message from all others before its body is there: its size and every byte of its header, which must
    hold a Message-ID and be whole. None where that is not so."""
    whole = header.endswith(b"\r\n\r\n") and _MESSAGE_ID.search(header)
    return (size, hashlib.sha256(header).digest()) if whole else None


class SourceRows:
    """The rows of one folder of one account. For one thread."""

    def __init__(self, database: Database, store: RawStore, account: str, folder: str) -> None:
        self.account, self.folder = account, folder
        self._database, self._store = database, store
        self._uidvalidity = 0
        self._noted: tuple[datetime, str | None] | None = None

    def begin(self, uidvalidity: int, since: datetime | None) -> tuple[int, datetime | None]:
        """The UID up to which all is taken in, and the day from which; from the start when UIDVALIDITY has changed.

        `since` counts for a folder that is new here. After a change, messages that come again are known by their hash.
        """
        self._uidvalidity = uidvalidity
        with self._database.write() as session:
            row = self._cursor(session)
            if row.uidvalidity == 0:
                row.since = since
            elif row.uidvalidity != uidvalidity:
                what = "%s/%s has new UIDs (UIDVALIDITY %s, was %s): all of it is compared with what is known."
                logger.warning(what, self.account, self.folder, uidvalidity, row.uidvalidity)
                gone = and_(self._mine(), MailboxMessage.settled_at.is_(None))
                session.execute(update(MailboxMessage).where(gone).values(settled_at=datetime.now(UTC)))
            if row.uidvalidity != uidvalidity:
                row.uidvalidity, row.uid = uidvalidity, 0
            return row.uid, row.since

    def under_other_uids(self, uidvalidity: int, header_bytes: int) -> dict[HeaderKey, str]:
        """Ids of what was kept from this folder while it had other UIDs, and since then not found again.

        A header of more than `header_bytes` is not looked at."""
        mine = select(MailboxMessage.message_id).where(self._mine())
        here = MailboxMessage.place.startswith(f"{uidvalidity}/", autoescape=True)
        with self._database.read() as session:
            ids = session.scalars(mine.where(~here).except_(mine.where(here))).all()
        found = {}
        for message_id in ids:
            try:
                size, start = self._store.size_and_start(message_id, header_bytes)
            except FileNotFoundError:
                continue  # its body is fetched once more, and is there again
            if key := header_key(size, start[: start.find(b"\r\n\r\n") + 4]):
                found[key] = message_id
        return found

    def keep(
        self,
        arrivals: Sequence[Arrival],
        *,
        again: Mapping[str, str] = MappingProxyType({}),
        up_to: int | None = None,
        settled: bool = True,
    ) -> None:
        """Keeps messages, and the places of those that came `again` (by id), then moves the cursor to `up_to`.

        With `settled=False` they are to be marked after triage."""
        ids = self._store.put_all([a.raw for a in arrivals])
        held = {a.place: _read(a) for a in arrivals if a.held}
        source = f"mailbox:{self.account}/{self.folder}"
        deliveries = [Delivery(a.raw, a.channel, a.received_at, source) for a in arrivals]
        with self._database.write() as session:
            keep_within(session, deliveries, ids)
            for message_id, arrival in zip(ids, arrivals, strict=True):
                if arrival.held:
                    hold_within(session, message_id, arrival.held, held[arrival.place])
            found = {a.place: i for a, i in zip(arrivals, ids, strict=True)}
            self._add_places(session, {**found, **again}, settled)
            if up_to is not None:
                row = self._cursor(session)
                if row.uidvalidity == self._uidvalidity:  # else another process has begun anew
                    row.uid = max(row.uid, up_to)

    def places(self) -> set[str]:
        """All places whose messages are kept."""
        with self._database.read() as session:
            return set(session.scalars(select(MailboxMessage.place).where(self._mine())))

    def unsettled(self) -> list[str]:
        """Places of messages that were triaged and are not yet marked."""
        triaged = and_(MessageRow.state == MessageState.triaged, MailboxMessage.settled_at.is_(None))
        wanted = select(MailboxMessage.place).join(MessageRow, MessageRow.id == MailboxMessage.message_id)
        with self._database.read() as session:
            return list(session.scalars(wanted.where(self._mine(), triaged)))

    def settle(self, places: Iterable[str]) -> None:
        now = datetime.now(UTC)
        with self._database.write() as session:
            for place in places:
                session.get_one(MailboxMessage, (self.account, self.folder, place)).settled_at = now

    def note(self, problem: str | None) -> None:
        """Writes down, once a minute or when it changes, that the folder works (None) or what is wrong with it."""
        now = datetime.now(UTC)
        if self._noted is not None and self._noted[1] == problem and now - self._noted[0] < NOTE_EVERY:
            return
        if problem and (self._noted is None or self._noted[1] != problem):
            logger.warning("%s/%s: %s", self.account, self.folder, problem)
        with self._database.write() as session:
            row = self._cursor(session)
            row.problem = problem
            if problem is None:
                row.looked_at = now
        self._noted = now, problem

    def _add_places(self, session: Session, found: dict[str, str], settled: bool) -> None:
        among = and_(self._mine(), MailboxMessage.place.in_(found))
        known = set(session.scalars(select(MailboxMessage.place).where(among)))
        own = {"account": self.account, "folder": self.folder, "settled_at": datetime.now(UTC) if settled else None}
        session.add_all(MailboxMessage(place=p, message_id=i, **own) for p, i in found.items() if p not in known)

    def _cursor(self, session: Session) -> MailboxCursor:
        row = session.get(MailboxCursor, (self.account, self.folder))
        if row is None:
            row = MailboxCursor(account=self.account, folder=self.folder, uidvalidity=0, uid=0)
            session.add(row)
            session.flush()
        return row

    def _mine(self) -> ColumnElement[bool]:
        return and_(MailboxMessage.account == self.account, MailboxMessage.folder == self.folder)


def _read(arrival: Arrival) -> Message:
    from tools.reading import read_message

    return read_message(arrival.raw, channel=arrival.channel, received_at=arrival.received_at)
