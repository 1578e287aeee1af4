"""Signed checkpoints: the log's newest entry at a moment, under a key of the desk's own (Ed25519).

A checkpoint that is kept elsewhere proves that the log held that entry then: who rewrites the database and the head file
beside it cannot rewrite what an auditor has. They are lines of JSON in a file that only grows.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from review.database import Database
from review.log import ALGORITHM, Head, Problem, canonical
from review.schema import LogEntry

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNED_WITH = "ed25519"


class CheckpointError(Exception):
    """A key or a file of checkpoints cannot be used. The sentence says what to do."""


class Checkpoint(BaseModel):
    """`seq` and `entry_hash` of the newest entry at `at` (ISO 8601, UTC); `key` is the public key, Base64."""

    algorithm: str
    seq: int
    entry_hash: str
    at: str
    key: str
    signature: str

    def signed(self) -> bytes:
        """What the signature is over: canonical JSON of all other fields in their order."""
        return canonical([SIGNED_WITH, self.algorithm, self.seq, self.entry_hash, self.at, self.key]).encode()


class Checkpoints:
    """The desk's key and file of checkpoints, in its data directory. The key is made when it is first needed (0600)."""

    def __init__(self, folder: Path) -> None:
        self.key_path, self.path = folder / "log.key", folder / "log.checkpoints"

    def public_key(self) -> str:
        """The public key, Base64: give it to whoever is to check the checkpoints."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return base64.b64encode(self._key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()

    def make(self, database: Database) -> Checkpoint | None:
        """Signs where the log stands now and appends it to the file; None for an empty log."""
        with database.read() as session:
            newest = session.execute(select(LogEntry.seq, LogEntry.entry_hash).order_by(LogEntry.seq.desc())).first()
        if newest is None:
            return None
        at = datetime.now(UTC).isoformat(timespec="seconds")
        made = Checkpoint(
            algorithm=ALGORITHM,
            seq=newest.seq,
            entry_hash=newest.entry_hash,
            at=at,
            key=self.public_key(),
            signature="",
        )
        made.signature = base64.b64encode(self._key().sign(made.signed())).decode()
        with self.path.open("a", encoding="utf-8") as file:
            file.write(made.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
        return made

    def make_due(self, database: Database, every: timedelta) -> Checkpoint | None:
        """Makes one when the last is older than `every` and the log has grown since."""
        last = next(reversed(read_checkpoints(self.path)), None)
        if last is not None:
            if datetime.now(UTC) - datetime.fromisoformat(last.at) < every:
                return None
            with database.read() as session:
                if session.scalar(select(LogEntry.seq).where(LogEntry.seq > last.seq).limit(1)) is None:
                    return None
        return self.make(database)

    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            handle = os.open(self.key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "wb") as file:
                file.write(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()))
        try:
            return Ed25519PrivateKey.from_private_bytes(base64.b64decode(self.key_path.read_bytes(), validate=True))
        except ValueError as error:
            raise CheckpointError(f"{self.key_path} is no key of this desk: restore it from a backup.") from error


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """The checkpoints of a file, oldest first; none where there is no file. Raises CheckpointError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(Checkpoint(**json.loads(line)))
        except (ValueError, TypeError, ValidationError) as error:
            if number == len(lines):
                break  # the machine stopped while it was being written
            raise CheckpointError(f"{path}, line {number} is no checkpoint: restore the file from a backup.") from error
    return found


def disagreements(checkpoints: Iterable[Checkpoint], heads: dict[int, str], key: str | None) -> list[Problem]:
    """Where checkpoints and log differ. `heads` are the log's entry hashes by number, for the numbers that checkpoints
    name; with `key` (Base64) only that key's signatures count."""
    found = []
    for one in checkpoints:
        if (key is not None and one.key != key) or not _valid(one):
            what = f"The checkpoint of {one.at} is not signed by the desk's key."
        elif one.seq not in heads:
            what = f"The checkpoint of {one.at} names entry {one.seq}, and the log no longer holds it."
        elif heads[one.seq] != one.entry_hash:
            what = f"The entry differs from the one that was signed at {one.at}: the chain was rewritten."
        else:
            continue
        found.append(Problem(seq=one.seq, what=what))
    return found


def compare(database: Database, checkpoints: list[Checkpoint], key: str | None) -> list[Problem]:
    """The disagreements between checkpoints and the log as it is now."""
    heads: dict[int, str] = {}
    with database.read() as session:
        for first in range(0, len(checkpoints), 500):
            numbers = [c.seq for c in checkpoints[first : first + 500]]
            rows = session.execute(select(LogEntry.seq, LogEntry.entry_hash).where(LogEntry.seq.in_(numbers)))
            heads |= {head.seq: head.entry_hash for head in (Head(*row) for row in rows)}
    return disagreements(checkpoints, heads, key)


def _valid(checkpoint: Checkpoint) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(checkpoint.key, validate=True))
        public.verify(base64.b64decode(checkpoint.signature, validate=True), checkpoint.signed())
    except (InvalidSignature, ValueError):
        return False
    return True
