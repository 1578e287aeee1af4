"""Reply stripping beside two kept libraries: what each keeps of published samples as the newest text.

Publishers differ on whether a signature belongs to the reply, and libraries follow one or the other. So every reader
gives what it keeps with signatures and without, and is right where either equals what is expected, white space aside.
"""

from __future__ import annotations

import json
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.intervals import bootstrap, resample, wilson
from evals.labelled import LabelError
from evals.quality import table, write_page
from evals.report import with_interval
from evals.score import Figure

SECONDS_A_SAMPLE = 5.0
RESAMPLES, SEED = 1000, 0

Reader = Callable[[str], Sequence[str]]

PAGE = """# Reply stripping, measured

Written by `triage eval replies`; do not edit. Measured at commit `{commit}` on {samples} plain-text samples of `{file}`:
the published tests of three libraries, with the new text that each expects. Samples in HTML, and those that expect no
text, are left out.

Publishers differ on signatures. A reader is right where what it keeps, with signatures or without, equals what is
expected, white space aside. *Words* is the mean F1 between the words kept and the words expected. A reader that takes
longer than {cap:g} s on a sample is stopped, and wrong on it. Intervals are 95 %: Wilson's for shares, else the
percentile bootstrap over samples.

{overall}

## By publisher, share as expected

{sources}
"""


@dataclass(frozen=True)
class Sample:
    id: str
    text: str
    expected: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """`words`: F1 of the words kept, 0..1. `seconds`: wall time of the reader on the sample."""

    sample: Sample
    right: bool
    words: float
    seconds: float
    stopped: bool


def load_samples(path: Path) -> list[Sample]:
    """The plain-text samples of a JSON Lines file of `id`, `text`, `expected` and `source`. Raises LabelError."""
    samples = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["expected"] and not row["expected"].lstrip().startswith("<"):
                source = row["source"].split()[0].split(":")[0]
                samples.append(Sample(row["id"], row["text"], row["expected"], source))
    except (OSError, ValueError, KeyError) as error:
        raise LabelError(f"{path} cannot be read as samples of replies: {error}") from error
    if not samples:
        raise LabelError(f"{path} holds no plain-text sample with an expected text.")
    return samples


def readers() -> dict[str, Reader]:
    """This product's reader and those of the libraries that are installed (development dependencies).

    Raises LabelError naming the command that installs them where one is missing."""
    try:
        from email_reply_parser import EmailReplyParser as Zapier
        from mailparser_reply import EmailReplyParser as Multilingual
    except ImportError as error:
        raise LabelError("The libraries to compare with are not here: run `uv sync --group dev`.") from error
    multilingual = Multilingual(languages=["en", "de", "es", "fr", "it", "nl", "pl"])

    def mail_parser_reply(text: str) -> Sequence[str]:
        newest = multilingual.read(text).replies[0]
        return [newest.body, newest.full_body]

    def email_reply_parser(text: str) -> Sequence[str]:
        read = Zapier.read(text)
        return [read.reply, "\n".join(f.content for f in read.fragments if not f.quoted)]

    return {
        "this product": own,
        "mail-parser-reply": mail_parser_reply,
        "email-reply-parser": email_reply_parser,
    }


def own(text: str) -> Sequence[str]:
    from tools.layout import clean
    from tools.quoting import split

    cleaned = clean(text)
    passages = split(cleaned)

    def kept(*kinds: str) -> str:
        return "".join(cleaned[p.start : p.end] for p in passages if p.kind.value in kinds)

    return [kept("new"), kept("new", "signature", "disclaimer")]


def measure(samples: Sequence[Sample], reader: Reader) -> list[Outcome]:
    """What a reader makes of each sample. A failure of a reader counts as nothing kept."""
    from tools.layout import clean

    outcomes = []
    for sample in samples:
        started = time.perf_counter()
        stopped = False
        try:
            with at_most(SECONDS_A_SAMPLE):
                readings = [clean(kept).split() for kept in reader(sample.text)]
        except TimeoutError:
            readings, stopped = [[]], True
        except Exception:  # a foreign library may raise anything on a hostile text
            readings = [[]]
        seconds = time.perf_counter() - started
        expected = clean(sample.expected).split()
        outcomes.append(
            Outcome(sample, expected in readings, max(overlap(r, expected) for r in readings), seconds, stopped)
        )
    return outcomes


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in the main thread once `seconds` have passed; regular expressions are interrupted too."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def overlap(kept: Sequence[str], expected: Sequence[str]) -> float:
    """F1 of two bags of words: 2 |kept ∩ expected| / (|kept| + |expected|)."""
    return 2 * sum((Counter(kept) & Counter(expected)).values()) / max(1, len(kept) + len(expected))


def write(file: Path, out: Path) -> dict[str, list[Outcome]]:
    """Measure all readers on the samples of a file and write the page. Raises LabelError."""
    samples = load_samples(file)
    measured = {name: measure(samples, reader) for name, reader in readers().items()}
    write_page(
        out,
        PAGE,
        samples=len(samples),
        file=file.name,
        cap=SECONDS_A_SAMPLE,
        overall=overall(measured),
        sources=by_source(measured),
    )
    return measured


def overall(measured: dict[str, list[Outcome]]) -> str:
    rows = []
    for name, outcomes in measured.items():
        right = sum(o.right for o in outcomes)
        words = np.array([[o.words] for o in outcomes])
        weights = resample(len(outcomes), samples=RESAMPLES, seed=SEED)
        between = bootstrap(weights, np.hstack([words, np.ones_like(words)]), lambda sums: sums[:, 0] / sums[:, 1])
        seconds = [o.seconds for o in outcomes]
        rows.append(
            [
                name,
                share(right, len(outcomes)),
                with_interval(Figure.of(float(words.mean()), between)),
                f"{1000 * float(np.median(seconds)):.2f}",
                f"{1000 * max(seconds):.0f}",
                str(sum(o.stopped for o in outcomes)),
            ]
        )
    return table(["reader", "as expected", "words", "ms, median", "ms, longest", "stopped"], rows)


def by_source(measured: dict[str, list[Outcome]]) -> str:
    sources: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for name, outcomes in measured.items():
        for o in outcomes:
            sources[o.sample.source][name].append(o.right)
    rows = [
        [
            source,
            str(len(next(iter(found.values())))),
            *(share(sum(r), len(r)) for r in found.values()),
        ]
        for source, found in sorted(sources.items())
    ]
    return table(["samples from", "samples", *measured], rows)


def share(right: int, total: int) -> str:
    return with_interval(Figure.of(right / total, wilson(right, total)))
