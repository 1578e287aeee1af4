"""What is compared: this product's own matching, Chroma alone and SQLite FTS5 alone, behind the same look-ups."""

from __future__ import annotations

import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from agent.orders import RecordKey
from benchmarks.large_company import NOW, LargeCompany
from benchmarks.questions import Question

FIRST = 5
BATCH = 5_000


class Embeds(Protocol):
    def passages(self, texts: Sequence[str]) -> np.ndarray[Any, Any]: ...
    def query(self, text: str) -> np.ndarray[Any, Any]: ...


class HashedEmbedder:
    """Feature hashing (Weinberger et al. 2009) of words and letter triples to unit vectors of the model's length."""

    places = 8

    def __init__(self) -> None:
        self._features: dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = {}

    def passages(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        return np.stack([self.query(text) for text in texts])

    def query(self, text: str) -> np.ndarray[Any, Any]:
        found = [self._feature(name) for name in _features(text)]
        if not found:
            return np.zeros(384, dtype=np.float32)
        at, signs = (np.concatenate(parts) for parts in zip(*found, strict=True))
        vector = np.bincount(at, signs, minlength=384).astype(np.float32)
        return vector / (np.linalg.norm(vector) or 1.0)

    def _feature(self, name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        if name not in self._features:
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            self._features[name] = rng.integers(0, 384, self.places), rng.choice((-1.0, 1.0), self.places)
        return self._features[name]


def _features(text: str) -> Iterator[str]:
    for word in re.findall(r"[^\W_]+", text.lower()):
        if not any(c.isdigit() for c in word):
            yield word
        yield from (word[i : i + 3] for i in range(len(word) - 2))


class Contender(Protocol):
    """Each look-up gives orders, or for a description products, best first."""

    def build(self) -> None: ...
    def references(self, question: Question) -> Iterable[object]: ...
    def descriptions(self, question: Question) -> Iterable[object]: ...
    def messages(self, question: Question) -> Iterable[object]: ...


class ThisProduct:
    def __init__(self, company: LargeCompany, folder: Path, embedder: Any, seconds: float) -> None:
        self.company, self.folder, self.embedder = company, folder, embedder
        self.loading = 0.0  # processor seconds of the build that went into the orders

    def build(self) -> None:
        from agent.orderbook import OrderBook
        from agent.products import product_documents
        from agent.references import References
        from tools.index import RecordIndex

        self.index = RecordIndex(self.embedder, self.folder)
        started = time.process_time()
        self.book = OrderBook(self.company, self.folder / "orders.sqlite")
        self.loading = time.process_time() - started
        self.documents = product_documents(self.book.products.values())
        self.index.build(self.documents)
        if self.index.problem:
            raise SystemExit(self.index.problem)
        self.found_in = References(self.book)

    def start_again(self) -> None:
        """Opens what was built, as a process does that starts while nothing has changed."""
        from agent.orderbook import OrderBook

        self.book = OrderBook(self.company, self.folder / "orders.sqlite")
        self.index.build(self.documents)

    def follow(self, lines: int) -> None:
        """Takes over that the goods of so many order lines have arrived."""
        self.company.receive(lines)
        self.book.follow(self.company)

    def references(self, question: Question) -> Iterable[RecordKey]:
        found = self.found_in.find(question.text)
        records = [r.record for m in found for r in m.exact] + [n.reference.record for m in found for n in m.near]
        return dict.fromkeys(order for record in records for order in self.book.orders_behind(record))

    def descriptions(self, question: Question) -> Iterable[int]:
        products = [int(hit.id) for hit in self.index.search(question.text, 8)]
        for product in products:
            self.book.open_orders_of_product(product, 10)
        return [product - 1 for product in products]

    def messages(self, question: Question) -> Iterable[RecordKey]:
        from agent.match import rank_orders, wanted_model
        from agent.recall import recall
        from agent.said import observe
        from agent.segments import Statement
        from tools.message import Address, Channel, Message, Part, Passage, PassageKind

        passage = Passage(kind=PassageKind.new, start=0, end=len(question.text))
        message = Message(
            id="1",
            channel=Channel.email,
            received_at=NOW,
            sender=Address(email=question.sender),
            parts=[Part(name="body", text=question.text, passages=[passage])],
        )
        recalled = recall(message, self.book, self.found_in, self.index)
        statement = Statement("body", 0, len(question.text), question.text, PassageKind.new)
        said = observe(statement, now=NOW, language="en", day_first=None)
        model = wanted_model(None, recalled.sender.role)
        return [ranked.key for ranked in rank_orders(recalled.candidates, [said], recalled, self.book, model)]


class Unfinished(Exception):
    """There was not the time to build it all. What was built is kept."""

    def __init__(self, lines: int) -> None:
        super().__init__(lines)
        self.lines = lines


class LineSearch:
    """What both peers share: a text a line, searched with the question as it stands."""

    def __init__(self, company: LargeCompany, folder: Path, embedder: Embeds, seconds: float) -> None:
        self.company, self.folder, self.embedder, self.seconds = company, folder, embedder, seconds

    def nearest(self, text: str) -> list[int]:
        """The numbers of the first lines found."""
        raise NotImplementedError

    def references(self, question: Question) -> Iterable[RecordKey]:
        return [self.company.order_of_line(line) for line in self.nearest(question.text)]

    def descriptions(self, question: Question) -> Iterable[int]:
        return [self.company.product_of_line(line) for line in self.nearest(question.text)]

    def messages(self, question: Question) -> Iterable[RecordKey]:
        return [self.company.order_of_line(line) for line in self.nearest(f"{question.sender} {question.text}")]


class ChromaAlone(LineSearch):
    def build(self) -> None:
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(path=str(self.folder / "chroma"), settings=settings)
        self.lines = client.get_or_create_collection(
            "lines", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        started = time.perf_counter()
        texts = islice(enumerate(self.company.line_texts()), self.lines.count(), None)
        while batch := list(islice(texts, BATCH)):
            if time.perf_counter() - started > self.seconds:
                raise Unfinished(self.lines.count())
            vectors = self.embedder.passages([text for _, text in batch])
            self.lines.add(ids=[str(number) for number, _ in batch], embeddings=vectors)

    def nearest(self, text: str) -> list[int]:
        vector = self.embedder.query(text)
        answer = self.lines.query(query_embeddings=[vector.tolist()], n_results=FIRST, include=[])
        return [int(name) for name in answer["ids"][0]]


class WordsAlone(LineSearch):
    def build(self) -> None:
        self.lines = sqlite3.connect(self.folder / "lines.sqlite")
        self.lines.execute('CREATE VIRTUAL TABLE lines USING fts5(text, tokenize="unicode61 remove_diacritics 2")')
        rows = ((number, text) for number, text in enumerate(self.company.line_texts()))
        with self.lines:
            self.lines.executemany("INSERT INTO lines (rowid, text) VALUES (?, ?)", rows)

    def nearest(self, text: str) -> list[int]:
        query = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"[^\W_]+", text)))
        sql = "SELECT rowid FROM lines WHERE lines MATCH ? ORDER BY bm25(lines) LIMIT ?"
        return [number for (number,) in self.lines.execute(sql, (query, FIRST))]


CONTENDERS: dict[str, Callable[[LargeCompany, Path, Embeds, float], Contender]] = {
    "this product": ThisProduct,
    "Chroma alone": ChromaAlone,
    "FTS5 alone": WordsAlone,
}
