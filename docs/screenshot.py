"""Takes the pictures of the desk: `uv run python docs/screenshot.py`. Needs Chromium at /usr/bin/chromium.

They show the demo's company, each page in one colour scheme, and are kept small by a palette of 128 colours.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
SHOWN = "partial_shipment"
COLOURS = 128
# Name of the picture, address or None for the desk as it stands, keys to press, colour scheme.
PICTURES: tuple[tuple[str, str | None, str, str], ...] = (
    ("desk", None, "", "light"),
    ("desk-original", None, "o", "light"),
    ("desk-edit", None, "e", "light"),
    ("desk-dark", None, "", "dark"),
    ("desk-together", "/desk/ready", "b", "light"),
    ("desk-filters", "/desk/ready", "f", "light"),
    ("desk-keys", "/desk/ready", "?", "dark"),
    ("desk-log", "/log", "", "light"),
)


def take(link: str) -> None:
    """Signs in by the demo's link and takes each picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(link)
        address = page.url.split("/desk/")[0]
        for name, path, keys, scheme in PICTURES:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            page.goto(address + (path or "/desk/check"))
            if path is None:
                page.get_by_role("link", name=re.compile("^" + SHOWN.replace("_", " "), re.IGNORECASE)).first.click()
                page.locator("mark.ev").first.wait_for()
            for key in keys:
                page.keyboard.press(key)
            page.wait_for_timeout(1_500)  # frames and what is loaded beside
            _keep(page, FOLDER / f"{name}.png")
        browser.close()


def _keep(page: Any, file: Path) -> None:
    picture = Image.open(BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


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
