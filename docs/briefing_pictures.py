"""Takes the pictures of a briefing, as mail and as PDF: `uv run python docs/briefing_pictures.py`.

Of an invented company's rows. Needs Chromium at /usr/bin/chromium and the extra `pdf`.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2
from PIL import Image
from playwright.sync_api import sync_playwright

from api.briefing.page import document
from api.briefing.pdf import pdf
from benchmarks.briefing_rows import fill
from review.briefing.content import Briefing
from review.briefing.making import make
from review.briefing.window import DAY, Window
from review.database import open_database
from review.settings import Settings

END = datetime(2026, 11, 24, 6, tzinfo=UTC)
MAIL, PRINT = "briefing-mail.png", "briefing-pdf.png"


def sample(folder: Path, days: int = 40, a_day: int = 100) -> Briefing:
    """The briefing of the last of so many invented days."""
    database = open_database(Settings(data_dir=folder))
    fill(database, END, days, a_day)
    with database.read() as session:
        made = make(session, END.date(), Window(END - DAY, END), ZoneInfo("Europe/Berlin"))
    database.close()
    return made


def take(made: Briefing, folder: Path) -> None:
    """Pictures the mail in a browser that is as wide as a mail, and the first two pages of the PDF."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 780, "height": 1100}, color_scheme="light", java_script_enabled=False
        )
        page.set_content(document(made, "https://desk.example"))
        page.screenshot(path=folder / MAIL, full_page=True)
        browser.close()
    printed = pypdfium2.PdfDocument(pdf(made, "https://desk.example"))
    sheets = [printed[n].render(scale=1.3).to_pil() for n in range(min(len(printed), 2))]
    _beside(sheets).save(folder / PRINT, optimize=True)


def _beside(sheets: list[Image.Image]) -> Image.Image:
    whole = Image.new("RGB", (sum(s.width for s in sheets) + 12 * (len(sheets) - 1), sheets[0].height), "#9aa5b1")
    x = 0
    for sheet in sheets:
        whole.paste(sheet, (x, 0))
        x += sheet.width + 12
    return whole


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="briefing-") as made_in:
        take(sample(Path(made_in)), Path(__file__).parent)
