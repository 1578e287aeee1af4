"""How quick the viewer of runs is with many cases, beside a page that holds all of them as one plain table.

    uv run python -m benchmarks.viewer [--cases 10000] [--chromium /usr/bin/chromium]

Cases, texts and outcomes are drawn with a seed. Times are what a person waits for in Chromium: from opening the file to the
first drawn list, from a key in the search field to the narrowed list, from a jump to the end to its rows.
"""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from agent.proposal import RecordRef
from agent.taxonomy import taxonomy
from evals.labelled import Case, Expected, LabelledException
from evals.predictions import PredictedException, Prediction
from evals.runs.file import End, Header, Run, Try
from evals.runs.suite import SuiteInfo
from evals.viewer.content import content
from evals.viewer.page import page

SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WORDS = [
    "order",
    "pallet",
    "delivery",
    "later",
    "price",
    "invoice",
    "screws",
    "cable",
    "week",
    "supplier",
    "broken",
    "confirm",
    "quantity",
    "address",
]
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def invented(cases: int, seed: int) -> dict[str, Any]:
    """The viewer's content for a run of so many cases, each with a text of some 150 words."""
    drawn = random.Random(seed)
    intents = sorted(taxonomy().intents)
    tries, texts = [], []
    for n in range(cases):
        record = RecordRef(model="purchase.order", id=n, name=f"P{n:05}")
        intent = drawn.choice(intents)
        found = record if drawn.random() < 0.7 else RecordRef(model="purchase.order", id=-1, name="P?")
        case = Case(
            id=f"c-{n:05}",
            channel="email",
            received_at=START + timedelta(minutes=n),
            raw=f"raw/{n}.eml",
            expected=Expected(exceptions=[LabelledException(intent=intent, record=record, actions=["escalate"])]),
            tags={"language": drawn.choice(["en", "de", "fr", "pl"])},
        )
        proposal = PredictedException(intent=intent, record=found, actions=["escalate"], confidence=drawn.random())
        tries.append(
            Try(
                suite="invented",
                repeat=0,
                case=case,
                input="0",
                prediction=Prediction(id=case.id, exceptions=[proposal]),
            )
        )
        texts.append(" ".join(drawn.choices(WORDS, k=150)))
    info = SuiteInfo(
        name="invented", title="", kind="", license="", provenance="", path="", cases=cases, data_version="",
        label_version="", records_version="r",
    )  # fmt: skip
    head = Header(
        created_at=START,
        engine="local",
        repeats=1,
        code="",
        commit="",
        python="",
        platform="",
        packages={},
        suites=[info],
    )
    made = content(Run(name="invented", header=head, tries=tries, end=End(seconds=0)), texts=False)
    for row, detail, text in zip(made["cases"], range(cases), texts, strict=True):
        row["t"] = text[:60]
        made["details"][detail] = made["details"][detail].replace(
            '"parts":[]', f'"parts":[{{"name":"body","text":"{text}"}}]', 1
        )
    return made


def plain_table(made: dict[str, Any]) -> str:
    """The peer: every case as a table row, narrowed by hiding rows."""
    rows = "".join(
        f"<tr><td>{escape(c['i'])}<td>{escape(c['t'])}<td>{c['n'][0]}<td>{c['l']}<td>{c['a']['r']}<td>{c['a']['c']}"
        for c in made["cases"]
    )
    return f"<!doctype html><meta charset=utf-8><input id=text><table><tbody id=rows>{rows}</tbody></table>"


SETTLED = "await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));"
NARROW = """async (word) => { const from = performance.now(); const field = document.getElementById('text'); field.value = word;
  %s; %s return performance.now() - from; }"""
OURS = NARROW % ("field.dispatchEvent(new Event('input', {bubbles: true}))", SETTLED)
THEIRS = NARROW % (
    "for (const row of document.getElementById('rows').rows) row.hidden = !row.textContent.toLowerCase().includes(word)",
    SETTLED,
)
JUMP = """async (where) => { const from = performance.now();
  const box = document.querySelector('#rows[role]') ?? document.scrollingElement;
  box.scrollTop = where * box.scrollHeight; %s return performance.now() - from; }"""
LOADED = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def measure(browser: Any, file: Path, narrow: str) -> dict[str, float]:
    """Median milliseconds of each action in a page, and how many elements it holds."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    opened.goto(file.as_uri())
    opened.evaluate("async () => {" + SETTLED + "}")
    figures = {
        "open": opened.evaluate(LOADED),
        "search": median(opened.evaluate(narrow, word) for word in ("pallet", "c-0123", "price week", "screws", "")),
        "jump": median(opened.evaluate(JUMP % SETTLED, where) for where in (0.9, 0.1, 1.0, 0.5, 0.0)),
        "elements": opened.evaluate("document.querySelectorAll('*').length"),
    }
    opened.close()
    return figures


def main(
    cases: Annotated[int, typer.Option(min=1)] = 10_000,
    seed: Annotated[int, typer.Option()] = 8,
    chromium: Annotated[Path, typer.Option(help="The browser.")] = Path("/usr/bin/chromium"),
) -> None:
    """Milliseconds to open, search and jump, beside a plain table of the same cases."""
    from playwright.sync_api import sync_playwright

    made = invented(cases, seed)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        viewer, peer = Path(folder, "viewer.html"), Path(folder, "table.html")
        viewer.write_text(page(made, "invented"), "utf-8")
        peer.write_text(plain_table(made), "utf-8")
        browser = playwright.chromium.launch(executable_path=str(chromium), args=SWITCHES)
        ours, theirs = measure(browser, viewer, OURS), measure(browser, peer, THEIRS)
        browser.close()
        sizes = [file.stat().st_size / 1e6 for file in (viewer, peer)]
    table = Table("", title=f"{cases} cases, seed {seed}")
    for column in ("viewer", "plain table", "ratio"):
        table.add_column(column, justify="right")
    for name, unit in (("open", " ms"), ("search", " ms"), ("jump", " ms"), ("elements", "")):
        table.add_row(
            name, f"{ours[name]:,.0f}{unit}", f"{theirs[name]:,.0f}{unit}", f"{ours[name] / theirs[name]:.2f}"
        )
    table.add_row("file", f"{sizes[0]:.1f} MB", f"{sizes[1]:.1f} MB", f"{sizes[0] / sizes[1]:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
