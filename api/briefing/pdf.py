"""The briefing as PDF: the same HTML, printed by WeasyPrint (the extra `pdf`). The same briefing gives the same bytes."""

from __future__ import annotations

from api.briefing.page import document
from review.briefing.content import Briefing


class NoPdf(Exception):
    """PDF cannot be made here; the sentence says why and what to do."""


def pdf(briefing: Briefing, base: str) -> bytes:
    """A PDF file. Nothing is fetched: what the page shows stands in it. Raises NoPdf."""
    try:
        from weasyprint import HTML
    except ModuleNotFoundError as error:
        raise NoPdf(
            "PDF needs the extra `pdf`: `uv sync --extra pdf`, or `pip install 'exception-desk[pdf]'`."
        ) from error
    except OSError as error:
        said = "PDF needs the library Pango, which is not installed (Debian: libpango-1.0-0, libpangoft2-1.0-0)."
        raise NoPdf(said) from error
    return bytes(HTML(string=document(briefing, base), base_url=None, url_fetcher=_nothing).write_pdf())


def _nothing(url: str, *_args: object, **_more: object) -> dict[str, object]:
    raise ValueError(f"A briefing loads nothing, and this is asked for: {url}")
