"""Finding products by what a message says: vectors in Chroma and words in SQLite FTS5, joined by rank.

The documents are distinct products, not order lines, so the index stays small; orders are reached through their open
lines. Each company has a collection of its own. Where vectors fail, words alone answer, and `problem` says why.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tools.embedding import Embedder

BATCH = 5000
RANK_CONSTANT = 60
MOST_WORDS = 24


_TABLES = """
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(id UNINDEXED, text, tokenize="unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE IF NOT EXISTS codes USING fts5(id UNINDEXED, code, tokenize="trigram");
CREATE TABLE IF NOT EXISTS state (version TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Document:
    """Something to be found. `codes` are looked up by any three characters in a row, `text` by words and meaning."""

    id: str
    text: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is the reciprocal rank fusion of both searches (Cormack, Clarke and Büttcher 2009), scaled to 0..1.

    `vector` is the cosine similarity and `lexical` the BM25 score (higher is better); None where not found by it."""

    id: str
    score: float
    vector: float | None = None
    lexical: float | None = None


class RecordIndex:
    """With a `directory`, the index is kept there; without, it lives in memory. `server` is a Chroma server's URL."""

    def __init__(
        self,
        embedder: Embedder,
        directory: Path | None = None,
        *,
        company: str = "records",
        server: str | None = None,
    ) -> None:
        self.problem: str | None = None
        self._embedder = embedder
        self._directory = directory
        self._server = server
        name = re.sub(r"[^a-zA-Z0-9]+", "-", company).strip("-") or "records"
        # Chroma's in-memory clients of one process share their collections, so those get a name of their own.
        self._name = f"products-{name}"[:60] if directory or server else f"products-{uuid4().hex}"
        self._collection: Any = None
        self._lock = threading.Lock()
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self._name}.sqlite" if directory is not None else ":memory:"
        self._words = sqlite3.connect(path, check_same_thread=False)
        self._words.executescript(_TABLES)

    @property
    def version(self) -> str | None:
        """The records' version that the index was built from."""
        row = self._words.execute("SELECT version FROM state").fetchone()
        return row[0] if row else None

    def build(self, documents: Sequence[Document], version: str) -> bool:
        """Make the index hold these documents alone. Does nothing, and returns False, when the version is known."""
        with self._lock:
            if self.version == version:
                return False
            with self._words:
                for table in ("texts", "codes", "state"):
                    self._words.execute(f"DELETE FROM {table}")
                self._words.executemany("INSERT INTO texts VALUES (?, ?)", ((d.id, d.text) for d in documents))
                codes = ((d.id, _code(code)) for d in documents for code in d.codes if code)
                self._words.executemany("INSERT INTO codes VALUES (?, ?)", codes)
                self._words.execute("INSERT INTO state VALUES (?)", (version,))
            try:
                self._build_vectors(documents)
                self.problem = None
            except Exception as error:
                self.problem = f"Vector search is off ({error}). Words alone are searched; check the Chroma store."
            return True

    def search(self, text: str, k: int = 10) -> list[Hit]:
        """The documents nearest to a text in words and meaning, best first, at most `k`."""
        with self._lock:
            lexical = self._search_words(text, 3 * k)
            vector = self._search_vectors(text, 3 * k)
        fused: dict[str, float] = {}
        for ranking in (lexical, vector):
            for rank, name in enumerate(ranking, 1):
                fused[name] = fused.get(name, 0.0) + (RANK_CONSTANT + 1) / (RANK_CONSTANT + rank) / 2
        best = sorted(fused.items(), key=lambda item: -item[1])[:k]
        return [Hit(name, round(score, 4), vector.get(name), lexical.get(name)) for name, score in best]

    def _search_words(self, text: str, k: int) -> dict[str, float]:
        found: dict[str, float] = {}
        words = list(dict.fromkeys(w.lower() for w in re.findall(r"[^\W_]{3,}", text)))[:MOST_WORDS]
        if words:
            query = " OR ".join(f'"{word}"*' if len(word) >= 5 else f'"{word}"' for word in words)
            rows = self._words.execute(
                "SELECT id, -bm25(texts) FROM texts WHERE texts MATCH ? ORDER BY bm25(texts) LIMIT ?", (query, k)
            )
            found.update(rows.fetchall())
        tokens = re.findall(r"(?=[^\s]*\d)[^\W_](?:[^\W_]|[-./](?=[^\W_]))+", text)
        for code in list(dict.fromkeys(filter(lambda c: len(c) >= 4, map(_code, tokens))))[:MOST_WORDS]:
            rows = self._words.execute("SELECT id FROM codes WHERE codes MATCH ? LIMIT 5", (f'"{code}"',))
            for (name,) in rows:
                found[name] = found.get(name, 0.0) + 10.0
        return dict(sorted(found.items(), key=lambda item: -item[1])[:k])

    def _search_vectors(self, text: str, k: int) -> dict[str, float]:
        if self.problem or not text.strip():
            return {}
        try:
            collection = self._open()
            count = collection.count()
            if not count:
                return {}
            vector = self._embedder.query(text)
            answer = collection.query(
                query_embeddings=[vector.tolist()], n_results=min(k, count), include=["distances"]
            )
            return {
                name: round(1.0 - distance, 4)
                for name, distance in zip(answer["ids"][0], answer["distances"][0], strict=True)
            }
        except Exception as error:
            self.problem = f"Vector search is off ({error}). Words alone are searched; check the Chroma store."
            return {}

    def _build_vectors(self, documents: Sequence[Document]) -> None:
        collection = self._open()
        wanted = {d.id for d in documents}
        gone = [name for name in collection.get(include=[])["ids"] if name not in wanted]
        for start in range(0, len(gone), BATCH):
            collection.delete(ids=gone[start : start + BATCH])
        for start in range(0, len(documents), BATCH):
            batch = documents[start : start + BATCH]
            vectors = self._embedder.passages([d.text for d in batch])
            collection.upsert(ids=[d.id for d in batch], embeddings=vectors.tolist())

    def _open(self) -> Any:
        if self._collection is None:
            import chromadb
            from chromadb.config import Settings

            settings = Settings(anonymized_telemetry=False)
            client: Any
            if self._server:
                client = chromadb.HttpClient(host=self._server, settings=settings)
            elif self._directory is not None:
                client = chromadb.PersistentClient(path=str(self._directory / "chroma"), settings=settings)
            else:
                client = chromadb.EphemeralClient(settings=settings)
            # No embedding function: Chroma's own would be downloaded.
            self._collection = client.get_or_create_collection(
                self._name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
        return self._collection


def _code(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())
