"""One process a folder: an index is written by several files at a time, and two writers would spoil it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

_held: dict[Path, IO[str]] = {}


class FolderInUse(OSError):
    """Another process works in the folder. The message names it and the next step."""


def hold(folder: Path) -> None:
    """Keeps other processes out of the folder until this one ends, however it ends. Again in one process: no effect.

    Raises FolderInUse where another one is there already."""
    folder = folder.resolve()
    if folder in _held:
        return
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "in-use").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        number = file.read().strip() or "?"
        file.close()
        raise FolderInUse(
            f"Another process (number {number}) keeps its orders and index in {folder}. Stop it, or name another folder."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    _held[folder] = file
