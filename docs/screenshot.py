"""Takes the README's picture of the desk: `uv run python docs/screenshot.py`. Needs Chromium at /usr/bin/chromium."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).with_name("desk.png")
SHOWN = "partial_shipment"


def take(link: str) -> None:
    """Signs in by the demo's link and pictures the first lane at a proposal of the shown intent."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        page.goto(link)
        page.goto(page.url.split("/desk/")[0] + "/desk/check")
        page.get_by_role("link", name=re.compile("^" + SHOWN.replace("_", " "), re.IGNORECASE)).first.click()
        page.locator("mark.ev").first.wait_for()
        page.screenshot(path=PICTURE)
        browser.close()


def main() -> None:
    command = [str(Path(sys.executable).with_name("triage")), "demo", "--no-browser", "--port", "0"]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert demo.stdout is not None
        link = next((line.strip() for line in demo.stdout if "/sign-in/" in line), None)
        if link is None:
            raise SystemExit("The demo ended without a link; run `triage demo` to see why.")
        take(link)
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(timeout=30)


if __name__ == "__main__":
    main()
