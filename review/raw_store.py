"""Raw bytes as they came, kept under their own hash. Written and synced to disk before any row speaks of them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PARALLEL_SYNCS = 16


class RawStore:
    """A content-addressed folder: `<root>/<first two hex digits>/<sha256>`. Files are never changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._syncing = ThreadPoolExecutor(PARALLEL_SYNCS, thread_name_prefix="raw-store")

    def path(self, digest: str) -> Path:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ValueError(f"{digest!r} is not a SHA-256 in hex.")
        return self.root / digest[:2] / digest

    def put(self, raw: bytes) -> str:
        """Keeps `raw` and gives its SHA-256 (hex). Returns only when the bytes and their name are on disk."""
        return self.put_all([raw])[0]

    def put_all(self, raws: Sequence[bytes]) -> list[str]:
        """The same for many at once, ten times as fast: what several threads sync, the disk writes together."""
        digests = [hashlib.sha256(raw).hexdigest() for raw in raws]
        folders = {self.path(digest).parent for digest in digests}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        new = {path: raw for digest, raw in zip(digests, raws, strict=True) if not (path := self.path(digest)).exists()}
        self._each(lambda path: _write(path, new[path]), list(new))
        # Also of files that are there: another thread may have named one and not yet synced its folder.
        self._each(sync_folder, [*folders, self.root] if folders else [])
        return digests

    def get(self, digest: str) -> bytes:
        """The bytes of `digest`. Raises FileNotFoundError when they are missing, ValueError when they were altered."""
        raw = self.path(digest).read_bytes()
        if hashlib.sha256(raw).hexdigest() != digest:
            raise ValueError(f"The stored bytes of {digest} do not match their hash: restore the file from a backup.")
        return raw

    def size_and_start(self, digest: str, most: int) -> tuple[int, bytes]:
        """How many bytes there are, and the first `most` of them. Raises FileNotFoundError when they are missing."""
        path = self.path(digest)
        with path.open("rb") as file:
            return path.stat().st_size, file.read(most)

    def remove(self, digest: str) -> None:
        """Removes the bytes of `digest` for good; nothing happens where they are gone already."""
        self.path(digest).unlink(missing_ok=True)

    def _each(self, work: Callable[[Path], None], paths: Sequence[Path]) -> None:
        if len(paths) <= 2:
            for path in paths:
                work(path)
        else:
            list(self._syncing.map(work, paths))


def _write(path: Path, raw: bytes) -> None:
    """Writes a file under a passing name, syncs it and gives it its own."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut (POSIX: the directory itself must be synced)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
