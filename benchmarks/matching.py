"""How the cost of matching grows with the order lines on record, beside Chroma alone and SQLite FTS5 alone.

    uv run python -m benchmarks.matching 1000 10000 [--embedder model|hashed] [--write docs/performance.md]

An invented company of each size (benchmarks/large_company.py) is matched by the product, and searched by Chroma and by
FTS5, each alone over one text a line: its order's numbers, partner, product and quantity. All get the same questions,
and for each it is counted how often what was asked for is among the first five, so that speed is not bought by
blindness. Each contender builds and answers in a process of its own; its peak memory is that process's.

With `--embedder hashed`, words and letter triples are hashed to vectors of the same length instead of being embedded by
the model: search costs the same, only the time of embedding is left out. What it would be is measured and printed.

With `--keep` what was built and measured stays in a folder, so that sizes can be run one by one and all be printed.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import numpy as np
import typer

from agent.orders import RecordKey
from benchmarks.large_company import NOW, LargeCompany, Question, questions

SEED = 1
FIRST = 5
BATCH = 5_000
KINDS = ("references", "descriptions", "messages")
CONTENDERS = ("this product", "Chroma alone", "FTS5 alone")
PATIENCE = 60.0  # seconds of questions of one kind; what is left then is not asked
BEGIN = "<!-- matching: written by `python -m benchmarks.matching`, do not edit -->"
END = "<!-- matching: end -->"


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
        self.more: dict[str, float] = {}

    def build(self) -> None:
        from agent.orderbook import OrderBook
        from agent.products import product_documents
        from agent.references import References
        from tools.index import RecordIndex

        self.index = RecordIndex(self.embedder, self.folder)
        self.book = OrderBook(self.company, self.folder / "orders.sqlite")
        self.documents = product_documents(self.book.products.values())
        self.index.build(self.documents)
        if self.index.problem:
            raise SystemExit(self.index.problem)
        self.found_in = References(self.book)

    def measure_more(self) -> None:
        """What a restart costs while nothing has changed, and following a hundred lines that did."""
        from agent.orderbook import OrderBook

        def restart() -> None:
            self.book = OrderBook(self.company, self.folder / "orders.sqlite")
            self.index.build(self.documents)

        self.more["starting again"] = timed(restart)
        self.company.receive(100)
        self.more["following 100 changed lines"] = timed(lambda: self.book.follow(self.company))

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
                raise Unfinished(f"{self.lines.count():,} of {self.company.lines:,} lines are in Chroma")
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


@dataclass
class Timing:
    """Milliseconds at the 50th and 95th percentile, and the share of questions answered within the first five."""

    p50: float
    p95: float
    found: float
    asked: int


@dataclass
class Outcome:
    contender: str
    lines: int
    embedder: str
    products: int
    companies: int
    build: float  # seconds, of which `reading` went into making the records
    reading: float
    peak: float  # MB, of which `before` before the build
    before: float
    disk: float  # MB
    timings: dict[str, Timing] = field(default_factory=dict)
    more: dict[str, float] = field(default_factory=dict)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(name: str, lines: int, embedder: str, folder: Path, count: int, seconds: float) -> Outcome:
    """Builds one contender and asks it everything. Raises Unfinished when building takes more than `seconds`."""
    company = LargeCompany(lines, SEED)
    contender = {"this product": ThisProduct, "Chroma alone": ChromaAlone, "FTS5 alone": WordsAlone}[name]
    made: Contender = contender(company, folder, _embedder(embedder, folder), seconds)
    reading = timed(lambda: _read_all(company, lines_only=name != "this product"))
    before = _peak_megabytes()
    spent = folder / "seconds"  # of building, in runs that did not finish
    build = float(spent.read_text()) if spent.exists() else 0.0
    started = time.perf_counter()
    try:
        made.build()
    finally:
        build += time.perf_counter() - started
        spent.write_text(str(build))
    outcome = Outcome(
        name, lines, embedder, company.products, company.companies, build, reading, 0.0, before, _disk(folder)
    )
    for kind in KINDS:
        outcome.timings[kind] = _ask(getattr(made, kind), questions(company, kind, count, SEED), kind)
    outcome.peak = _peak_megabytes()
    if isinstance(made, ThisProduct):
        made.measure_more()
        outcome.more = made.more
    return outcome


def _ask(look_up: Callable[[Question], Iterable[object]], asked: list[Question], kind: str) -> Timing:
    look_up(asked[0])  # opens what is opened once
    seconds, found = [], 0
    until = time.perf_counter() + PATIENCE
    for question in asked:
        started = time.perf_counter()
        answer = list(look_up(question))[:FIRST]
        seconds.append(time.perf_counter() - started)
        found += (question.product if kind == "descriptions" else question.order) in answer
        if time.perf_counter() > until:
            break
    p50, p95 = np.percentile(seconds, (50, 95)) * 1000
    return Timing(float(p50), float(p95), found / len(seconds), len(seconds))


def _read_all(company: LargeCompany, *, lines_only: bool) -> None:
    """Makes every record once, as building does, and keeps none."""
    from agent.order_rows import SOURCES

    if lines_only:
        for _ in company.line_texts():
            pass
        return
    for source in SOURCES:
        after = 0
        while page := company.search_read(
            source.model, [("id", ">", after)] if after else (), source.fields, limit=BATCH
        ):
            after = page[-1]["id"]


def _embedder(name: str, folder: Path) -> Any:
    if name == "hashed":
        return HashedEmbedder()
    from tools.embedding import Embedder

    return Embedder(folder.parent / "embeddings.sqlite")


def texts_a_second(company: LargeCompany) -> tuple[float, float]:
    """Distinct product texts that the model embeds in a second, and the 95th percentile of a question in ms."""
    from tools.embedding import Embedder

    model = Embedder()
    model.query("the model is loaded")
    names = [" · ".join(company.words_of(product)) for product in range(min(100, company.products))]
    rate = len(names) / timed(lambda: model.passages(names))
    asked = [timed(lambda q=q: model.query(q.text)) for q in questions(company, "descriptions", 60, SEED + 1)]  # type: ignore[misc]
    return rate, float(np.percentile(asked, 95)) * 1000


def _disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _peak_megabytes() -> float:
    """The most resident memory that this process has had (Linux: `VmHWM`, in kB)."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1000 if found else float("nan")


def measured(names: Sequence[str], sizes: Sequence[int], embedder: str, keep: Path, count: int, seconds: float) -> None:
    """Measures what the folder holds no outcome of yet, each in a process of its own, and leaves the outcomes there."""
    for lines in sizes:
        for name in names:
            folder = keep / f"{lines}-{embedder}-{name.replace(' ', '-')}"
            done = folder.with_suffix(".json")
            if done.exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                try:
                    outcome = process.submit(measure, name, lines, embedder, folder, count, seconds).result()
                except Unfinished as unfinished:
                    print(f"{unfinished}. Run the same command again to go on.")
                    continue
            done.write_text(json.dumps(asdict(outcome)))
            shutil.rmtree(folder)
            print(f"{name}, {lines:,} lines: built in {outcome.build:,.1f} s")


def report(outcomes: list[Outcome], rate: float, question_ms: float) -> str:
    """The outcomes as Markdown."""
    outcomes = sorted(outcomes, key=lambda o: (o.embedder, o.lines, CONTENDERS.index(o.contender)))
    cost = [
        "| lines | | vectors | build s | of it reading | peak MB | before | disk MB |",
        "|--:|---|---|--:|--:|--:|--:|--:|",
    ]
    look_ups = ["| lines | | vectors | references | descriptions | messages |", "|--:|---|---|--:|--:|--:|"]
    more = [
        "| lines | vectors | products | companies | starting again s | following 100 changed lines s |",
        "|--:|---|--:|--:|--:|--:|",
    ]
    for o in outcomes:
        head = f"| {o.lines:,} | {o.contender} | {'–' if o.contender == 'FTS5 alone' else o.embedder} "
        cost.append(f"{head}| {o.build:,.1f} | {o.reading:,.1f} | {o.peak:,.0f} | {o.before:,.0f} | {o.disk:,.1f} |")
        cells = [
            f"{t.p50:,.1f} / {t.p95:,.1f} ms, {t.found:.0%} of {t.asked}" for t in (o.timings[kind] for kind in KINDS)
        ]
        look_ups.append(f"{head}| {' | '.join(cells)} |")
        if o.more:
            again, following = o.more.values()
            sizes = f"{o.products:,} | {o.companies:,}"
            more.append(f"| {o.lines:,} | {o.embedder} | {sizes} | {again:.2f} | {following:.2f} |")
    most = max(o.products for o in outcomes)
    embedding = (
        f"Vectors named *hashed* stand in for the model's: embedding is then left out. The model embeds {rate:.0f} product "
        f"texts a second here ({most / rate / 60:.0f} minutes for {most:,}, once, then kept by content) and takes "
        f"{question_ms:.0f} ms for a question of the *descriptions* (95th percentile), to be added to their time."
    )
    title = f"Measured on {os.cpu_count()} cores with seed {SEED}."
    reading = (
        "Look-ups: 50th / 95th percentile, and how often what was asked for is among the first five. `descriptions` ask "
        "for a product, the others for an order; `messages` are recalled and ranked in whole."
    )
    return "\n\n".join([title + " " + embedding, "\n".join(cost), reading, "\n".join(look_ups), "\n".join(more)])


def write_section(page: Path, text: str) -> None:
    """Puts the text between the page's marks, or at its end with marks around it."""
    page_text = page.read_text(encoding="utf-8") if page.exists() else "# Performance\n"
    if BEGIN not in page_text:
        page_text += f"\n## Matching\n\n{BEGIN}\n{END}\n"
    head, _, rest = page_text.partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def main(
    sizes: Annotated[list[int], typer.Argument(help="Order lines on record.")],
    embedder: Annotated[Literal["model", "hashed"], typer.Option(help="Where vectors come from.")] = "model",
    contender: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    count: Annotated[int, typer.Option(min=20, help="Questions of each kind.")] = 200,
    minutes: Annotated[float, typer.Option(help="Pause building in Chroma after this long; with --keep.")] = 600.0,
    keep: Annotated[Path | None, typer.Option(help="Folder of unfinished work and outcomes.")] = None,
    write: Annotated[Path | None, typer.Option(help="Page whose section on matching is written.")] = None,
) -> None:
    """Build time, memory, disk and look-up times of matching by size, beside Chroma and FTS5 alone."""
    with tempfile.TemporaryDirectory() as folder:
        kept = keep or Path(folder)
        measured(contender or CONTENDERS, sizes, embedder, kept, count, 60 * minutes)
        outcomes = []
        for path in sorted(kept.glob("*.json")):
            told = json.loads(path.read_text())
            told["timings"] = {kind: Timing(**timing) for kind, timing in told["timings"].items()}
            outcomes.append(Outcome(**told))
    if not outcomes:
        return
    text = report(outcomes, *texts_a_second(LargeCompany(max(sizes), SEED)))
    print(text)
    if write:
        write_section(write, text)


if __name__ == "__main__":
    typer.run(main)
