"""Finding products by what a message says: vectors in Chroma and words in SQLite FTS5, joined by rank.

The documents are distinct products, not order lines, so the index stays small; orders are reached through their open
lines. Each company has a collection of its own. Where vectors fail, words alone answer, and `problem` says why.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tools.embedding import Embedder

BATCH = 500
RANK_CONSTANT = 60
MOST_WORDS = 24


FORMAT = 2
MOST_CODES = 1_000
_TABLES = """
DROP TABLE IF EXISTS texts;
DROP TABLE IF EXISTS codes;
DROP TABLE IF EXISTS documents;
CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT UNIQUE, digest TEXT NOT NULL, has_vector INTEGER NOT NULL);
CREATE VIRTUAL TABLE texts USING fts5(id UNINDEXED, text, tokenize="unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE codes USING fts5(id UNINDEXED, code, tokenize="trigram");
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
        if self._words.execute("PRAGMA user_version").fetchone() != (FORMAT,):
            self._words.executescript(f"{_TABLES}PRAGMA user_version = {FORMAT};")

    def build(self, documents: Sequence[Document]) -> bool:
        """Make the index hold these documents alone. Only what is new or differs is written; False where nothing did."""
        with self._lock:
            wanted = {d.id: d for d in documents}
            digests = {d.id: hashlib.sha256(repr(d).encode()).hexdigest() for d in wanted.values()}
            held = dict(self._words.execute("SELECT id, digest FROM documents").fetchall())
            gone = [name for name in held if name not in wanted]
            changed = [d for d in wanted.values() if held.get(d.id) != digests[d.id]]
            with self._words:
                self._remove([*gone, *(d.id for d in changed if d.id in held)])
                for document in changed:
                    self._add(document, digests[document.id])
            try:
                embedded = self._build_vectors(wanted)
                self.problem = None
            except Exception as error:
                embedded = 0
                self.problem = f"Vector search is off ({error}). Words alone are searched; check the Chroma store."
            return bool(gone or changed or embedded)

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
            # Known without asking Chroma, which takes as long to count as to search.
            [count] = self._words.execute("SELECT COUNT(*) FROM documents WHERE has_vector").fetchone()
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

    def _remove(self, names: list[str]) -> None:
        for name in names:
            [number] = self._words.execute("SELECT number FROM documents WHERE id = ?", (name,)).fetchone()
            first = number * MOST_CODES
            self._words.execute("DELETE FROM documents WHERE number = ?", (number,))
            self._words.execute("DELETE FROM texts WHERE rowid = ?", (number,))
            self._words.execute("DELETE FROM codes WHERE rowid BETWEEN ? AND ?", (first, first + MOST_CODES - 1))

    def _add(self, document: Document, digest: str) -> None:
        row = (document.id, digest)
        number = self._words.execute("INSERT INTO documents VALUES (NULL, ?, ?, 0)", row).lastrowid or 0
        self._words.execute(
            "INSERT INTO texts (rowid, id, text) VALUES (?, ?, ?)", (number, document.id, document.text)
        )
        codes = [_code(code) for code in document.codes[:MOST_CODES] if code]
        rows = ((number * MOST_CODES + place, document.id, code) for place, code in enumerate(codes))
        self._words.executemany("INSERT INTO codes (rowid, id, code) VALUES (?, ?, ?)", rows)

    def _build_vectors(self, documents: Mapping[str, Document]) -> int:
        """Embeds what has no vector yet, batch by batch, so that what was done stands when it is interrupted."""
        collection = self._open()
        marked = {name for (name,) in self._words.execute("SELECT id FROM documents WHERE has_vector")}
        if collection.count() != len(marked):
            stored = set(collection.get(include=[])["ids"])
            gone = sorted(stored - documents.keys())
            for start in range(0, len(gone), BATCH):
                collection.delete(ids=gone[start : start + BATCH])
            marked &= stored
        missing = [d for d in documents.values() if d.id not in marked]
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            vectors = self._embedder.passages([d.text for d in batch])
            collection.upsert(ids=[d.id for d in batch], embeddings=vectors.tolist())
            with self._words:
                self._words.executemany("UPDATE documents SET has_vector = 1 WHERE id = ?", ((d.id,) for d in batch))
        return len(missing)

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
