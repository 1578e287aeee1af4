"""`triage briefing`: the page that a manager reads each morning, in a terminal or a file."""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.options import DataDir, Refused, configured, existing


class Format(StrEnum):
    html = "html"
    pdf = "pdf"
    md = "md"
    json = "json"


def briefing(
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today if it is due.")] = None,
    format: Annotated[Format, typer.Option(help="html, pdf, md or json.")] = Format.md,
    now: Annotated[bool, typer.Option("--now", help="The 24 hours up to now, which is not kept.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print the briefing of a day: made at its first call, and from then on the same."""
    if date is not None and now:
        raise Refused("Give a day or --now, not both.")
    if format is Format.pdf and out is None and sys.stdout.isatty():
        raise Refused("A PDF is no text: name a file with --out, or send it on with >.")
    from api.briefing.forms import rendered
    from api.briefing.pdf import NoPdf
    from review.briefing.kept import NotYet, as_things_stand
    from review.briefing.kept import briefing as kept
    from review.database import open_database

    settings = existing(configured(data_dir))
    database = open_database(settings)
    try:
        made = as_things_stand(database, settings) if now else kept(database, settings, date.date() if date else None)
    except NotYet as error:
        raise Refused(f"{error} --now gives the 24 hours up to now.") from error
    try:
        content = rendered(made, format, settings.public_url)
    except NoPdf as error:
        raise Refused(str(error)) from error
    if out is not None:
        out.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)
