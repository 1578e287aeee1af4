"""The append-only log: each entry carries the hash of the one before, so that any change shows.

    content_hash = SHA-256(salt + canonical JSON of the content)
    entry_hash   = SHA-256(canonical JSON of [ALGORITHM, seq, at, kind, subject, content_hash, previous_hash])

Triggers refuse UPDATE and DELETE. An owner of the database can drop triggers, so the newest hash is also kept in a
small file outside of it: a shortened or rewritten chain no longer fits that head. What an entry says stands apart under
its hash: it can be erased, and the chain stays whole. An erasure is itself an entry (ERASED) that names the entries.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, joinedload

from review.schema import LogContent, LogEntry

ALGORITHM = "exception-desk-log-1/sha256/canonical-json"
GENESIS = "0" * 64
HEAD_BYTES = 256  # of its file: less than a sector, so that it is written as a whole or not at all
ERASED = "log.erased"
_NEWEST = select(LogEntry.seq, LogEntry.entry_hash).order_by(LogEntry.seq.desc()).limit(1)
_ADD_CONTENT, _ADD_ENTRY = insert(LogContent), insert(LogEntry)


class Head(NamedTuple):
    seq: int
    entry_hash: str


class Problem(BaseModel):
    """What is wrong with the chain at `seq`, in a sentence."""

    seq: int
    what: str


class VerifyResult(BaseModel):
    """The outcome of a check of the whole chain. `head` is the newest entry's hash; of `erased` entries the content is gone
    by an erasure that the log tells of."""

    entries: int = 0
    erased: int = 0
    head: str = GENESIS
    problems: list[Problem] = Field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


class HeadFile:
    """The newest entry's number and hash, in a file beside the database. It only ever moves forward.

    It is a witness, not a record: it is written in place, in one sector, and not synced, which would double the time of
    every decision. After a power cut it may name an entry of half a minute before, and the log that it fits is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Head | None:
        """The head, or None when there is no file. Raises ValueError when the file holds something else."""
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                return self._parsed(file.read())
        except FileNotFoundError:
            return None

    def advance(self, seq: int, entry_hash: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            told = file.read()
            if told and self._parsed(told).seq >= seq:
                return
            text = canonical({"algorithm": ALGORITHM, "seq": seq, "entry_hash": entry_hash})
            os.pwrite(file.fileno(), text.encode().ljust(HEAD_BYTES - 1) + b"\n", 0)

    def _parsed(self, told: bytes) -> Head:
        try:
            held = json.loads(told)
            return Head(int(held["seq"]), str(held["entry_hash"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.path} is not a log head: {error}") from error


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces; one value has one text. NaN and infinities raise ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(value: str) -> str:
    # Lone surrogates can stand in hostile text; they must be hashed and kept, not refused.
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def append(session: Session, kind: str, subject: str, content: dict[str, Any]) -> int:
    """Adds an entry within the caller's transaction, and gives its number. The session must come from `Database.write`."""
    return append_all(session, kind, [(subject, content)])


def append_all(session: Session, kind: str, contents: Sequence[tuple[str, dict[str, Any]]]) -> int:
    """Adds entries of one kind, each a subject and a content, in this order. Gives the newest entry's number."""
    session.flush()  # what the entries tell of comes before them
    connection = session.connection()
    newest = connection.execute(_NEWEST).first()
    seq, previous = (newest.seq, newest.entry_hash) if newest else (0, GENESIS)
    entries, said = [], []
    for subject, content in contents:
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        body = canonical(content)
        salt = secrets.token_hex(8)
        content_hash = sha256(salt + body)
        seq += 1
        entry: dict[str, Any] = {
            "seq": seq,
            "at": at,
            "kind": kind,
            "subject": subject,
            "content_hash": content_hash,
            "previous_hash": previous,
            "entry_hash": _entry_hash(seq, at, kind, subject, content_hash, previous),
        }
        previous = entry["entry_hash"]
        entries.append(entry)
        said.append({"content_hash": content_hash, "salt": salt, "content": body})
    if entries:
        # Plain inserts: an entry is never changed, so that objects to keep track of would be work for nothing.
        connection.execute(_ADD_CONTENT, said)
        connection.execute(_ADD_ENTRY, entries)
        session.info["log_head"] = Head(seq, previous)
    return seq


def erase(session: Session, subjects: Sequence[str], who: str, why: str) -> int:
    """Erases what the entries of some subjects say, within the caller's transaction; the chain stays. Gives how many."""
    told = select(LogEntry.seq, LogEntry.content_hash).where(LogEntry.subject.in_(subjects), LogEntry.kind != ERASED)
    found = session.execute(told.join(LogEntry.said).order_by(LogEntry.seq)).all()
    if found:
        session.execute(delete(LogContent).where(LogContent.content_hash.in_([row.content_hash for row in found])))
        append(session, ERASED, subjects[0], {"entries": [row.seq for row in found], "who": who, "why": why})
    return len(found)


def verify(session: Session, head: HeadFile, newest: int | None = None) -> VerifyResult:
    """Walks the chain: altered, missing, reordered and cut-off entries are each named.

    With `newest`, only that many entries are walked, from the end; the one before them is taken as it stands."""
    result = VerifyResult()
    held, problem = _anchor(head)
    if problem:
        result.problems.append(problem)
    previous, first = GENESIS, 1
    walked = select(LogEntry).options(joinedload(LogEntry.said)).order_by(LogEntry.seq)
    if newest is not None:
        skipped = select(LogEntry.seq, LogEntry.entry_hash).order_by(LogEntry.seq.desc()).offset(newest).limit(1)
        if before := session.execute(skipped).first():
            previous, first = before.entry_hash, before.seq + 1
            walked = walked.where(LogEntry.seq >= first)
    anchored, expected = held is None or held.seq < first, first
    silent, erased = set[int](), set[int]()
    for entry in session.scalars(walked.execution_options(yield_per=500)):
        result.problems += _problems_of(entry, expected, previous)
        if held is not None and entry.seq == held.seq:
            anchored = True
            if entry.entry_hash != held.entry_hash:
                what = "The entry differs from the one that the head file remembers: the chain was rewritten."
                result.problems.append(Problem(seq=entry.seq, what=what))
        if entry.said is None:
            silent.add(entry.seq)
        elif entry.kind == ERASED:
            erased.update(json.loads(entry.content)["entries"])
        previous, expected = entry.entry_hash, entry.seq + 1
        result.entries += 1
        session.expunge(entry)
    result.head, result.erased = previous, len(silent & erased)
    for seq in sorted(silent - erased):
        result.problems.append(Problem(seq=seq, what="What it said is missing, and no erasure names it."))
    if held is not None and not anchored:
        what = f"The head file remembers entry {held.seq}, and the log no longer holds it: entries were removed."
        result.problems.append(Problem(seq=held.seq, what=what))
    if held is None and problem is None and result.entries:
        what = f"The head file {head.path.name} is missing, so removed entries at the end could not be noticed."
        result.problems.append(Problem(seq=result.entries, what=what))
    return result


def latest(session: Session, limit: int = 100) -> Sequence[LogEntry]:
    """The newest entries, newest first, with their content."""
    return session.scalars(
        select(LogEntry).options(joinedload(LogEntry.said)).order_by(LogEntry.seq.desc()).limit(limit)
    ).all()


def of_subject(session: Session, subject: str) -> Sequence[LogEntry]:
    """What happened to one message or proposal, oldest first."""
    told = select(LogEntry).options(joinedload(LogEntry.said)).where(LogEntry.subject == subject)
    return session.scalars(told.order_by(LogEntry.seq)).all()


def _entry_hash(seq: int, at: str, kind: str, subject: str, content_hash: str, previous: str) -> str:
    return sha256(canonical([ALGORITHM, seq, at, kind, subject, content_hash, previous]))


def _anchor(head: HeadFile) -> tuple[Head | None, Problem | None]:
    try:
        return head.read(), None
    except ValueError as error:
        return None, Problem(seq=0, what=str(error))


def _problems_of(entry: LogEntry, expected: int, previous: str) -> list[Problem]:
    found = []
    if entry.seq != expected:
        found.append(f"Entries {expected} to {entry.seq - 1} are missing.")
    elif entry.previous_hash != previous:
        found.append("The entry does not follow the one before it: an entry was altered, replaced or moved.")
    if entry.said is not None and sha256(entry.said.salt + entry.said.content) != entry.content_hash:
        found.append("The content was altered after it was written.")
    own = _entry_hash(entry.seq, entry.at, entry.kind, entry.subject, entry.content_hash, entry.previous_hash)
    if own != entry.entry_hash:
        found.append("The entry's own fields were altered after it was written.")
    return [Problem(seq=entry.seq, what=what) for what in found]
