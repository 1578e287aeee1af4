"""Each form of a briefing as bytes. All are made of what is kept: the same briefing, the same bytes."""

from __future__ import annotations

from api.briefing.markdown import markdown
from api.briefing.page import document
from review.briefing.content import Briefing

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}


def rendered(briefing: Briefing, form: str, base: str) -> bytes:
    """The briefing as html, pdf, md or json; links begin with `base`. Raises NoPdf."""
    if form == "pdf":
        from api.briefing.pdf import pdf

        return pdf(briefing, base)
    if form == "json":
        return (briefing.model_dump_json(indent=2) + "\n").encode()
    return (document if form == "html" else markdown)(briefing, base).encode()
