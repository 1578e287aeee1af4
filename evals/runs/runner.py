"""Runs an engine over suites through the product's own pipeline, with a cheap baseline beside it.

Each try is written as soon as it is done, so that a run that was stopped is continued by the same command.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from agent.proposal import Triage
from evals.baselines import KeywordRules
from evals.engines import Engine, engine_named, known, records_of
from evals.labelled import Case, LabelError, named_products
from evals.predictions import Prediction
from evals.runs.file import End, Failure, Run, RunWriter, Try, Versions, read_run
from evals.runs.made_of import header_of
from evals.runs.suite import Suite, digest
from tools.embedding import Embedder
from tools.message import Message
from tools.reading import read_message
from tools.records import RecordsError

Progress = Callable[[int, int], None]
AWAY = (OSError, RecordsError, MemoryError, TimeoutError)
"""What tells of the machine, a file, a server or the network, and not of the agent."""


@dataclass(frozen=True)
class Job:
    suite: str
    case: str
    repeat: int


def run(
    suites: Sequence[Suite],
    out: Path,
    *,
    engine: str = "local",
    repeats: int = 1,
    workers: int = 1,
    cache: Path | None = None,
    price: float | None = None,
    models: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Run:
    """Runs `engine` over the suites, `repeats` times each case, and gives what stands in `out` at the end.

    A file that holds part of the same run is continued; infrastructure failures in it are tried again. `workers`
    processes share the work, each with an engine of its own. `cache` is a folder that keeps embeddings between runs,
    `models` one whose weights and calibrators are tried in place of those at work.
    Raises LabelError for an engine that is not known or an `out` that holds another run."""
    known(engine)
    started = time.perf_counter()
    with RunWriter(out, header_of(suites, engine=engine, repeats=repeats, price=price, models=models)) as writer:
        jobs = [Job(s.name, c.id, r) for s in suites for c in s.labelled.cases for r in range(repeats)]
        waiting = [job for job in jobs if (job.suite, job.case, job.repeat) not in writer.done]
        bench = Bench({s.name: s for s in suites}, engine, cache, models)
        done = len(jobs) - len(waiting)
        progress(done, len(jobs))
        for tried, versions in _in_turn(bench, waiting) if workers == 1 else _in_pool(bench, waiting, workers):
            write(writer, tried, versions)
            done += 1
            progress(done, len(jobs))
        if waiting:
            writer.write([End(seconds=time.perf_counter() - started)])
    return read_run(out)


def write(writer: RunWriter, tried: Try, versions: Mapping[str, str] | None) -> None:
    new = tried.versions is not None and tried.versions not in writer.known_versions
    if new and tried.versions and versions:
        writer.write([Versions(id=tried.versions, versions=dict(versions)), tried])
        writer.known_versions.add(tried.versions)
    else:
        writer.write([tried])


Outcome = tuple[Try, Mapping[str, str] | None]


class Bench:
    """Engines and baselines over suites, each built when its first case comes."""

    def __init__(
        self, suites: Mapping[str, Suite], engine: str, cache: Path | None = None, models: Path | None = None
    ) -> None:
        self.suites, self.engine, self.cache, self.models = suites, engine, cache, models
        self._cases = {name: {c.id: c for c in s.labelled.cases} for name, s in suites.items()}
        self._built: dict[str, tuple[Engine, KeywordRules, dict[str, str]]] = {}
        self._embedder: Embedder | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Without engines: another process builds its own."""
        return {**self.__dict__, "_built": {}, "_embedder": None}

    def case(self, job: Job) -> Case:
        return self._cases[job.suite][job.case]

    def attempt(self, job: Job) -> Outcome:
        """One try of one case: what went wrong stands in the outcome. Raises LabelError where no case could be tried."""
        suite, case = self.suites[job.suite], self.case(job)
        started = time.perf_counter()
        read = 0.0
        try:
            engine, baseline, products = self.station(suite)
            started = time.perf_counter()
            message = read_message(suite.labelled.raw(case), channel=case.channel, received_at=case.received_at)
            read = time.perf_counter() - started
            triage = engine.triage(message)
            seconds = time.perf_counter() - started
        except LabelError:  # the suite or the engine's settings are wrong, and so would every other case be
            raise
        except Exception as error:  # no case may be missing from the file, whatever its message does to the agent
            return self.failed(job, error, time.perf_counter() - started), None
        prediction = Prediction.of(case.id, triage, seconds)
        if triage.fallback:  # a model was to be asked and was away: what local said instead is not the engine's outcome
            prediction = prediction.model_copy(update={"error": triage.fallback})
        return Try(
            suite=suite.name,
            repeat=job.repeat,
            case=case,
            input=suite.inputs[case.id],
            vendor=vendor(message),
            prediction=prediction,
            baseline=self._baseline(baseline, message, case) if job.repeat == 0 else None,
            failure=Failure.infrastructure if triage.fallback else None,
            spans={"read": read, **triage.seconds},
            cost=triage.cost,
            products=named_products(
                products, [*(case.expected.exceptions if case.expected else ()), *prediction.exceptions]
            ),
            versions=digest([triage.versions]),
        ), triage.versions

    def failed(self, job: Job, error: Exception, seconds: float) -> Try:
        case = self.case(job)
        away = isinstance(error, AWAY)
        return Try(
            suite=job.suite,
            repeat=job.repeat,
            case=case,
            input=self.suites[job.suite].inputs[case.id],
            prediction=Prediction(
                id=case.id, manual=True, engine="fallback", seconds=seconds, error=f"{type(error).__name__}: {error}"
            ),
            failure=Failure.infrastructure if away else Failure.product,
        )

    def station(self, suite: Suite) -> tuple[Engine, KeywordRules, dict[str, str]]:
        if suite.name not in self._built:
            if self._embedder is None:
                self._embedder = Embedder(self.cache / "embeddings.sqlite" if self.cache else None)
            reader = records_of(suite.labelled)
            engine = engine_named(self.engine, reader, embedder=self._embedder, models=self.models)
            self._built[suite.name] = engine, KeywordRules(reader), suite.labelled.product_keys()
        return self._built[suite.name]

    def _baseline(self, baseline: KeywordRules, message: Message, case: Case) -> Prediction:
        started = time.perf_counter()
        try:
            said: Triage = baseline.triage(message)
        except Exception as error:  # the baseline must not spoil the run that it stands beside
            return Prediction(id=case.id, error=f"{type(error).__name__}: {error}")
        return Prediction.of(case.id, said, time.perf_counter() - started)


def vendor(message: Message) -> str:
    """Whose way of writing a message shows: the sender's domain, or the provider of a carrier's event."""
    return message.event.provider if message.event else message.sender.domain


def _in_turn(bench: Bench, jobs: Sequence[Job]) -> Iterator[Outcome]:
    for job in jobs:
        yield bench.attempt(job)


# -- several processes --------------------------------------------------------------------------------------------

_bench: Bench | None = None


def _start(bench: Bench) -> None:
    global _bench
    _bench = bench


def _attempt(job: Job) -> Outcome:
    assert _bench is not None
    return _bench.attempt(job)


def _in_pool(bench: Bench, jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """The jobs by several processes. When a process dies, what was under way is noted as an infrastructure failure and
    the rest goes on in new processes."""
    left = list(reversed(jobs))
    while left:
        under_way: dict[Future[Outcome], Job] = {}
        with ProcessPoolExecutor(workers, get_context("spawn"), _start, (bench,)) as pool:
            try:
                while left or under_way:
                    while left and len(under_way) < 2 * workers:
                        under_way[pool.submit(_attempt, left[-1])] = left[-1]
                        left.pop()
                    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                        yield future.result()
                        del under_way[future]
            except BrokenProcessPool:
                for future, job in under_way.items():
                    lost = not future.done() or future.exception() is not None
                    died = OSError("the process that worked on it died")
                    yield (bench.failed(job, died, 0.0), None) if lost else future.result()
