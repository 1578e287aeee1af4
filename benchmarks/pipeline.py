"""How fast the pipeline is, beside a peer in the same run, and what the demo costs to start.

    uv run python -m benchmarks.pipeline [SET] [--repeat N] [--no-demo]

The peer does the least that a script would: the standard library's mail parser and one pattern for order numbers. It
shows what the machine does at that moment; compare ratios between machines, not seconds.
"""

from __future__ import annotations

import email
import email.policy
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from evals.engines import records_of
from evals.labelled import LabelledSet, load_labelled

DEMO_SET = Path(__file__).parents[1] / "evals" / "suites" / "demo"
TRIAGE = str(Path(sys.executable).with_name("triage"))
ORDER_NUMBER = re.compile(r"\b(?:PO?|SO?)[-/]?\d{4,}\b")
START_SECONDS = 180.0
AT_WORK_SECONDS = 20.0


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peer(raw: bytes) -> list[str]:
    """A mail's order numbers, by the standard library and one pattern."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    return ORDER_NUMBER.findall(f"{message['subject']} {body.get_content() if body else ''}")


def pipeline_table(labelled: LabelledSet, repeat: int) -> Table:
    """Messages per second of each step, end to end, and of the peer: each from the mean over all messages."""
    from agent.triage import build_engine
    from tools.reading import read_message

    built = time.perf_counter()
    engine = build_engine(records_of(labelled))
    built = time.perf_counter() - built
    steps: dict[str, float] = defaultdict(float)
    whole: list[float] = []
    peers: list[float] = []
    for _ in range(repeat):
        for case in labelled.cases:
            raw = labelled.raw(case)
            started = time.perf_counter()
            message = read_message(raw, channel=case.channel, received_at=case.received_at)
            read = time.perf_counter() - started
            triage = engine.triage(message)
            whole.append(time.perf_counter() - started)
            steps["read"] += read
            for step, seconds in triage.seconds.items():
                steps[step] += seconds
            if case.channel == "email":
                peers.append(timed(lambda raw=raw: peer(raw)))  # type: ignore[misc]
    table = Table("step", title=f"{labelled.path.name}: {len(labelled.cases)} messages, {repeat} times")
    for column in ("messages/s", "ms a message"):
        table.add_column(column, justify="right")
    for step, seconds in steps.items():
        mean = seconds / len(whole)
        table.add_row(step, f"{1 / mean:,.0f}" if mean else "–", f"{1000 * mean:.2f}")
    mean = sum(whole) / len(whole)
    table.add_row("end to end", f"{1 / mean:,.1f}", f"{1000 * mean:.2f}")
    table.add_row("end to end, median", f"{1 / median(whole):,.1f}", f"{1000 * median(whole):.2f}")
    if peers:
        mean = sum(peers) / len(peers)
        table.add_row("peer: stdlib mail + one pattern", f"{1 / mean:,.0f}", f"{1000 * mean:.2f}")
    table.add_row("engine and index built, once", "", f"{1000 * built:,.0f}")
    return table


def free_port() -> int:
    with socket.socket() as claimed:
        claimed.bind(("127.0.0.1", 0))
        return int(claimed.getsockname()[1])


def peak_megabytes(pid: int) -> float:
    """The most resident memory that a process has had (Linux: `VmHWM`, in kB)."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else float("nan")


def demo_figures() -> tuple[float, float]:
    """Seconds until `triage demo` answers at /healthz, and its peak memory (MB) some seconds of work later."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, Path(folder, "out").open("w+") as out:
        started = time.perf_counter()
        command = [TRIAGE, "demo", "--no-browser", "--port", str(port), "--data-dir", str(Path(folder, "data"))]
        demo = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            while time.perf_counter() - started < START_SECONDS:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
                    seconds = time.perf_counter() - started
                    time.sleep(AT_WORK_SECONDS)
                    return seconds, peak_megabytes(demo.pid)
                except (urllib.error.URLError, OSError):
                    if demo.poll() is not None:
                        break
                    time.sleep(0.05)
            out.seek(0)
            raise SystemExit(f"`triage demo` did not answer at port {port}:\n{out.read()[-2000:]}")
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(timeout=30)


def main(
    set_dir: Annotated[Path, typer.Argument(metavar="[SET]", help="A labelled set.")] = DEMO_SET,
    repeat: Annotated[int, typer.Option(min=1, help="Passes over the set.")] = 1,
    demo: Annotated[bool, typer.Option(help="Also start the demo and measure it.")] = True,
) -> None:
    """Messages per second by step, the demo's start and memory, and how soon `triage --help` answers."""
    console = Console()
    console.print(pipeline_table(load_labelled(set_dir, labels=False), repeat))
    run_help = [TRIAGE, "--help"]
    best = min(timed(lambda: subprocess.run(run_help, check=True, capture_output=True)) for _ in range(5))
    console.print(f"triage --help: {best:.2f} s (best of 5)")
    if demo:
        seconds, megabytes = demo_figures()
        console.print(f"triage demo answers after {seconds:.1f} s; peak memory {megabytes:.0f} MB")


if __name__ == "__main__":
    typer.run(main)
