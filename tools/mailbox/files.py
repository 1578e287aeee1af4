"""Mail that lies in folders of this machine: files dropped by other programs, and Maildirs.

Writers should write under a hidden name and rename, as Maildir has it. For those that do not, a dropped file is taken
only when it has been quiet for a while.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from tools.mailbox.accounts import FolderDrop, Maildir
from tools.mailbox.errors import FolderRefused
from tools.message import Channel
from tools.message_files import SUFFIXES, Inbound, messages_of

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")


class Waiting(NamedTuple):
    """A complete file. `place` tells it from a later one of the same name; `size` is in bytes."""

    path: Path
    place: str
    size: int


class FileSource(Protocol):
    def waiting(self) -> list[Waiting]:
        """Complete files, the oldest first. Raises FolderRefused."""

    def read(self, found: Waiting) -> Iterator[Inbound]:
        """The messages in a file. Raises OSError."""

    def put_away(self, found: Waiting) -> None:
        """Moves a file whose messages are kept, where that is configured."""

    def strangers(self) -> list[Path]:
        """Files that are of no known kind, and stay where they are."""


class DroppedFiles:
    """Files of the kinds that `triage ingest` takes, in one folder, not below it."""

    def __init__(self, settings: FolderDrop) -> None:
        self._settings = settings

    def waiting(self) -> list[Waiting]:
        quiet_since = time.time() - self._settings.quiet_seconds
        found = []
        for path, status in self._files():
            # Names may be copied with an old time; the change time tells when the file itself came or grew.
            if path.suffix.lower() in SUFFIXES and max(status.st_mtime, status.st_ctime) <= quiet_since:
                place = f"{path.name};{status.st_size};{status.st_mtime_ns}"
                found.append((status.st_mtime_ns, Waiting(path, place, status.st_size)))
        return [waiting for _, waiting in sorted(found, key=lambda f: (f[0], f[1].place))]

    def read(self, found: Waiting) -> Iterator[Inbound]:
        return messages_of(found.path)

    def put_away(self, found: Waiting) -> None:
        if self._settings.move_to is not None:
            _move(found.path, self._settings.move_to)

    def strangers(self) -> list[Path]:
        return [path for path, _ in self._files() if path.suffix.lower() not in SUFFIXES]

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path, status in _regular_files(self._settings.path):
            if not path.name.endswith(UNFINISHED):
                yield path, status


class MaildirFiles:
    """A Maildir's `new` and `cur`. A name up to its colon is never given twice."""

    def __init__(self, settings: Maildir) -> None:
        self._settings = settings

    def waiting(self) -> list[Waiting]:
        found = []
        for part in ("new", "cur"):
            for path, status in _regular_files(self._settings.path / part):
                found.append((status.st_mtime_ns, Waiting(path, path.name.partition(":")[0], status.st_size)))
        return [waiting for _, waiting in sorted(found, key=lambda f: (f[0], f[1].place))]

    def read(self, found: Waiting) -> Iterator[Inbound]:
        arrived = datetime.fromtimestamp(min(found.path.stat().st_mtime, time.time()), UTC)
        yield Inbound(str(found.path), found.path.read_bytes(), Channel.email, arrived)

    def put_away(self, found: Waiting) -> None:
        if self._settings.move_to is not None:
            for part in ("tmp", "new", "cur"):
                (self._settings.move_to / part).mkdir(parents=True, exist_ok=True)
            _move(found.path, self._settings.move_to / found.path.parent.name)

    def strangers(self) -> list[Path]:
        return []


def file_source(settings: FolderDrop | Maildir) -> FileSource:
    return DroppedFiles(settings) if isinstance(settings, FolderDrop) else MaildirFiles(settings)


def _regular_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Visible files, without links: those could lead anywhere on this machine."""
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise FolderRefused(f"{folder} cannot be read ({error.strerror}). Check the path and its owner.") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # somebody else took it
        if stat.S_ISREG(status.st_mode):
            yield Path(entry.path), status


def _move(path: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target, number = folder / path.name, 0
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    shutil.move(path, target)
