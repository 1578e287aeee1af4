"""From a key to the next item on the screen, in a headless Chromium beside a desk of 300 items.

    uv run python -m benchmarks.keys [--presses N] [--pause SECONDS]

Each press of `j`, and of `a` after it, is timed inside the page: from the key's own moment until the frame in which the other
item is painted. Between presses a person reads. The goal is 100 ms at the 95th percentile. Prints, asserts nothing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from agent.proposal import RecordRef
from api.app import create_app
from api.sign_in import sign_in_link
from review.people import add_person
from tests.api.chromium import CHROMIUM, SWITCHES, opened, served
from tests.review.desk import Desk, date_change

ITEMS = 300
# A frame's callback runs before it is painted, a task after it once it is.
TIMED = """() => {
  window.times = {};
  let pressed = null;
  addEventListener('keydown', (e) => { pressed = {key: e.key, at: e.timeStamp, item: document.querySelector('#panes').dataset.at}; }, true);
  new MutationObserver(() => {
    if (!pressed || document.querySelector('#panes').dataset.at === pressed.item) return;
    const {key, at} = pressed;
    pressed = null;
    requestAnimationFrame(() => setTimeout(() => (window.times[key] ??= []).push(performance.now() - at)));
  }).observe(document.querySelector('main'), {childList: true, subtree: true});
}"""


def main(
    presses: Annotated[int, typer.Option(min=2, help="How often each key is pressed.")] = 60,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between presses.")] = 0.5,
) -> None:
    """Prints the times of each key."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="keys-") as folder, sync_playwright() as playwright:
        desk = Desk(Path(folder))
        add_person(desk.database, "Robin", "supervisor")
        for n in range(ITEMS):
            record = RecordRef(model="purchase.order", id=n + 1, name=f"P{n:05}")
            desk.propose(date_change(record=record), sender=f"p{n}@x{n}.example", text="New date: 14 December.\n" * 20)
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        with served(create_app(desk.settings, database=desk.database)) as port:
            desk.settings.port = port
            with opened(browser, sign_in_link(desk.database, desk.settings, "Robin")) as page:
                page.wait_for_selector("html.scripted")
                page.evaluate(TIMED)
                for _ in range(presses):
                    for key in "ja":
                        page.wait_for_timeout(1000 * pause)
                        page.keyboard.press(key)
                page.wait_for_timeout(2_000)
                times: dict[str, list[float]] = page.evaluate("window.times")
        browser.close()
        desk.database.close()
    table = Table(title="From the key to the painted next item, ms")
    for heading in ("key", "presses", "median", "p95", "most"):
        table.add_column(heading, justify="right")
    for key, taken in sorted(times.items()):
        table.add_row(key, *(f"{v:.0f}" for v in (len(taken), median(taken), quantiles(taken, n=20)[-1], max(taken))))
    Console(highlight=False).print(table)


if __name__ == "__main__":
    typer.run(main)
