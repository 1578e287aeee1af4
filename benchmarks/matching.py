"""How the cost of matching grows with the order lines on record, beside Chroma alone and SQLite FTS5 alone.

    uv run python -m benchmarks.matching 1000 10000 [--embedder model|hashed] [--write docs/performance.md]

An invented company of each size (benchmarks/large_company.py) is matched by the product, and searched by Chroma and by
FTS5, each alone over one text a line: its order's numbers, partner, product and quantity. All get the same questions,
and for each it is counted how often what was asked for comes first and is among the first five, so that speed is not
bought by blindness. Each contender builds and answers in a process of its own; its peak memory is that process's.

Times are processor time, which other work on the machine does not lengthen; the slowest look-ups are given by the clock
on the wall, too. With `--embedder hashed`, words and letter triples are hashed to vectors of the same length instead of
being embedded by the model: search costs the same, only embedding is left out. What it would cost is measured.

With `--keep` what was built and measured stays in a folder, so that sizes can be run one by one and all be printed.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer

from benchmarks.contenders import BATCH, CONTENDERS, FIRST, HashedEmbedder, ThisProduct, Unfinished
from benchmarks.large_company import LargeCompany
from benchmarks.questions import Question, questions

SEED = 1
KINDS = ("references", "descriptions", "messages")
CHANGED = 100
PATIENCE = 60.0  # processor seconds of questions of one kind; what is left then is not asked
BEGIN = "<!-- matching: written by `python -m benchmarks.matching`, do not edit -->"
END = "<!-- matching: end -->"


@dataclass
class Timing:
    """Milliseconds of the processor at the 50th and 95th percentile, and by the clock at the 95th; the shares of the
    questions of which the answer came first, and among the first five."""

    p50: float
    p95: float
    clock95: float
    first: float
    found: float
    asked: int


@dataclass
class Outcome:
    """Seconds are the processor's, megabytes 10^6 bytes. `built` lines of `lines`; fewer where the time was up."""

    contender: str
    lines: int
    embedder: str
    built: int
    products: int
    companies: int
    build: float  # seconds, of which `reading` went into making the records
    reading: float = 0.0
    peak: float = 0.0  # MB, of which `before` before the build
    before: float = 0.0
    disk: float = 0.0  # MB
    timings: dict[str, Timing] = field(default_factory=dict)
    loading: float = 0.0  # seconds of the build that read and kept all orders
    again: float = 0.0  # seconds to start while nothing changed
    following: float = 0.0  # seconds to follow `CHANGED` changed lines
    commit: str = "unknown"


def timed(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(name: str, lines: int, embedder: str, folder: Path, count: int, seconds: float) -> Outcome:
    """Builds one contender, for at most so many seconds where it can be gone on with, and asks it everything."""
    company = LargeCompany(lines, SEED)
    made = CONTENDERS[name](company, folder, _embedder(embedder, folder), seconds)
    spent = folder / "seconds"  # of building, in runs that did not finish
    outcome = Outcome(name, lines, embedder, lines, company.products, company.companies, 0.0, before=_peak_megabytes())
    outcome.commit = _commit()
    started = time.process_time()
    try:
        made.build()
    except Unfinished as unfinished:
        outcome.built = unfinished.lines
    outcome.build = time.process_time() - started + (float(spent.read_text()) if spent.exists() else 0.0)
    spent.write_text(str(outcome.build))
    outcome.peak, outcome.disk = _peak_megabytes(), _disk(folder)
    if outcome.built < lines:
        return outcome
    for kind in KINDS:
        outcome.timings[kind] = _ask(getattr(made, kind), questions(company, kind, count, SEED), kind)
    outcome.peak = _peak_megabytes()
    outcome.reading = timed(lambda: _read_all(company, lines_only=name != "this product"))
    if isinstance(made, ThisProduct):
        outcome.loading = made.loading
        outcome.again = timed(made.start_again)
        outcome.following = timed(lambda: made.follow(CHANGED))
    return outcome


def _ask(look_up: Callable[[Question], Iterable[object]], asked: list[Question], kind: str) -> Timing:
    look_up(asked[0])  # opens what is opened once
    spent, waited, first, found = [], [], 0, 0
    for question in asked:
        clock, processor = time.perf_counter(), time.process_time()
        answer = list(look_up(question))[:FIRST]
        spent.append(time.process_time() - processor)
        waited.append(time.perf_counter() - clock)
        wanted = question.product if kind == "descriptions" else question.order
        first += answer[:1] == [wanted]
        found += wanted in answer
        if sum(spent) > PATIENCE:
            break
    p50, p95 = np.percentile(spent, (50, 95)) * 1000
    clock95 = float(np.percentile(waited, 95)) * 1000
    return Timing(float(p50), float(p95), clock95, first / len(spent), found / len(spent), len(spent))


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
    """Distinct product texts that the model embeds in a processor second, and the 95th percentile of the processor's
    milliseconds for a question."""
    from tools.embedding import Embedder

    model = Embedder()
    model.query("the model is loaded")
    names = [" · ".join(company.words_of(product)) for product in range(min(60, company.products))]
    rate = len(names) / timed(lambda: model.passages(names))
    asked = [timed(lambda q=q: model.query(q.text)) for q in questions(company, "descriptions", 60, SEED + 1)]  # type: ignore[misc]
    return rate, float(np.percentile(asked, 95)) * 1000


def _disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _peak_megabytes() -> float:
    """The most resident memory that this process has had (Linux: `VmHWM`, in kB)."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1000 if found else float("nan")


def measured(
    names: Iterable[str], sizes: Sequence[int], embedder: str, keep: Path, count: int, seconds: float
) -> list[Outcome]:
    """All outcomes in the folder, after measuring what it holds none of yet, each in a process of its own."""
    for lines in sizes:
        for name in names:
            folder = keep / f"{lines}-{embedder}-{name.replace(' ', '-')}"
            told = folder.with_suffix(".json")
            if told.exists() and not folder.exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                outcome = process.submit(measure, name, lines, embedder, folder, count, seconds).result()
            told.write_text(json.dumps(asdict(outcome)))
            if outcome.built == lines:
                shutil.rmtree(folder)
                print(f"{name}, {lines:,} lines: built in {outcome.build:,.1f} s")
            else:
                print(f"{name}, {outcome.built:,} of {lines:,} lines. Run the same command again to go on.")
    outcomes = []
    for path in sorted(keep.glob("*.json")):
        read = json.loads(path.read_text())
        read["timings"] = {kind: Timing(**timing) for kind, timing in read["timings"].items()}
        outcomes.append(Outcome(**read))
    return sorted(outcomes, key=lambda o: (o.lines, list(CONTENDERS).index(o.contender), o.embedder))


def report(outcomes: list[Outcome], rate: float, question_ms: float) -> str:
    """The outcomes as Markdown."""
    cost = [
        "| lines | products | companies | | vectors | build s | of it reading | peak MB | of it before | disk MB |",
        "|--:|--:|--:|---|---|--:|--:|--:|--:|--:|",
    ]
    look_ups = ["| lines | | vectors | references | descriptions | messages |", "|--:|---|---|---|---|---|"]
    following = [
        f"| lines | all orders anew s | following {CHANGED} changed lines s | ratio | starting again s |",
        "|--:|--:|--:|--:|--:|",
    ]
    for o in outcomes:
        who = f"{o.contender} | {'–' if o.contender == 'FTS5 alone' else o.embedder}"
        sizes = f"{o.lines:,} | {o.products:,} | {o.companies:,}"
        if o.built < o.lines:
            cost.append(f"| {sizes} | {who} | {o.build:,.1f} for the first {o.built:,} lines, then stopped | | | | |")
            continue
        memory = f"{o.peak:,.0f} | {o.before:,.0f} | {o.disk:,.1f}"
        cost.append(f"| {sizes} | {who} | {o.build:,.1f} | {o.reading:,.1f} | {memory} |")
        look_ups.append(f"| {o.lines:,} | {who} | {' | '.join(_cell(o.timings[kind]) for kind in KINDS)} |")
        if o.following:
            ratio = f"{o.loading / o.following:,.0f}"
            following.append(f"| {o.lines:,} | {o.loading:,.2f} | {o.following:.3f} | {ratio} | {o.again:.2f} |")
    most = max(o.products for o in outcomes)
    embedding = (
        "Vectors named *hashed* stand in for the model's: embedding is then left out. The model embeds "
        f"{rate:.0f} product texts in a second of one core here ({most / rate / 60:.0f} minutes for {most:,}, once, then "
        f"kept by content) and takes {question_ms:.0f} ms for a question of the *descriptions* (95th percentile), to be "
        "added to their time."
    )
    title = f"Measured at commit {', '.join(sorted({o.commit for o in outcomes}))} on {os.cpu_count()} cores with seed {SEED}. Seconds are processor time."
    reading = (
        "Look-ups: milliseconds of the processor at the 50th / 95th percentile (95th by the clock, with whatever else "
        f"ran), and how often what was asked for came first / among the first {FIRST}. `descriptions` ask for a product, "
        "the others for an order; `messages` are recalled and ranked in whole."
    )
    return "\n\n".join([f"{title} {embedding}", "\n".join(cost), reading, "\n".join(look_ups), "\n".join(following)])


def _cell(t: Timing) -> str:
    return f"{t.p50:,.1f} / {t.p95:,.1f} ms ({t.clock95:,.0f}); {t.first:.0%} / {t.found:.0%} of {t.asked}"


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def write_section(page: Path, text: str) -> None:
    """Puts the text between the page's marks."""
    head, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


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
        outcomes = measured(contender or CONTENDERS, sizes, embedder, keep or Path(folder), count, 60 * minutes)
    text = report(outcomes, *texts_a_second(LargeCompany(max(sizes), SEED)))
    print(text)
    if write:
        write_section(write, text)


if __name__ == "__main__":
    typer.run(main)
