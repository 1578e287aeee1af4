"""What the runner of evaluations costs over the pipeline alone: the same cases, with the same engine, in the same process.

    uv run python -m benchmarks.eval_overhead [SUITE] [--cases 60] [--passes 3]

The peer reads and triages each case and keeps nothing. The runner does the same and judges the cheap baseline, hashes,
serialises and writes every try. Passes alternate, so that both see the same machine; the first, which warms up, is not counted.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from evals.engines import Engine
from evals.runs import runner
from evals.runs.file import RunWriter
from evals.runs.made_of import header_of
from evals.runs.suite import Suite, load_suite
from tools.reading import read_message

DEMO_SET = Path(__file__).parents[1] / "evals" / "suites" / "demo"


def main(
    suite_dir: Annotated[Path, typer.Argument(metavar="[SUITE]", help="A labelled suite.")] = DEMO_SET,
    cases: Annotated[int, typer.Option(min=1, help="How many of its cases.")] = 60,
    passes: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Seconds of processor time a pass with and without the runner, and the ratio."""
    suite = load_suite(suite_dir)
    suite = Suite(type(suite.labelled)(suite.labelled.path, suite.labelled.cases[:cases]), suite.info, suite.inputs)
    bench = runner.Bench({suite.name: suite}, "local", None)
    engine, _, _ = bench.station(suite)
    alone, within = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(passes + 1):
            alone.append(pipeline(suite, engine))
            within.append(with_runner(suite, bench, Path(folder) / f"{number}.jsonl"))
    before, after = median(alone[1:]), median(within[1:])
    typer.echo(
        f"{len(suite.labelled.cases)} cases, {passes} passes: the pipeline alone {before:.2f} s, the runner {after:.2f} s"
    )
    typer.echo(f"overhead {100 * (after / before - 1):+.1f} %")


def pipeline(suite: Suite, engine: Engine) -> float:
    started = time.process_time()
    for case in suite.labelled.cases:
        engine.triage(read_message(suite.labelled.raw(case), channel=case.channel, received_at=case.received_at))
    return time.process_time() - started


def with_runner(suite: Suite, bench: runner.Bench, out: Path) -> float:
    started = time.process_time()
    with RunWriter(out, header_of([suite], engine="local", repeats=1, price=None)) as writer:
        for case in suite.labelled.cases:
            runner.write(writer, *bench.attempt(runner.Job(suite.name, case.id, 0)))
    return time.process_time() - started


if __name__ == "__main__":
    typer.run(main)
