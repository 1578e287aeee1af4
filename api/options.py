"""What the commands share: options, the settings and records that these lead to, and how one refuses its work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from review.settings import Settings
    from tools.odoo.account import ProvedReader
    from tools.odoo.settings import OdooSettings
    from tools.records import RecordReader

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where everything is kept (TRIAGE_DATA_DIR).")]
Records = Annotated[Path | None, typer.Option("--records", help="Records snapshot, JSON (TRIAGE_RECORDS).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Refused(Exception):
    """A command cannot do what was asked; the text says why and what to do."""


def configured(data_dir: Path | None = None, **given: Any) -> Settings:
    """The settings of the environment, with what the command line gives on top."""
    from pydantic import ValidationError

    from review.settings import Settings

    try:
        return Settings(**{k: v for k, v in {"data_dir": data_dir, **given}.items() if v is not None})
    except ValidationError as error:
        wrong = "; ".join(f"TRIAGE_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise Refused(f"A setting cannot be used. {wrong}") from error


def records_of(settings: Settings, given: Path | None) -> tuple[RecordReader, RecordReader | None]:
    """The records to look into and, where they are a mirror, the live Odoo behind it."""
    if (snapshot := snapshot_of(settings, given)) is not None:
        return snapshot, None
    from review.database import open_database
    from review.mirror import MirrorReader

    mirror = MirrorReader(open_database(existing(settings)))
    if mirror.as_of() is None:
        raise Refused("Odoo's records have not been read yet: `triage odoo sync` does it.")
    return mirror, proved_reader(settings)


def snapshot_of(settings: Settings, given: Path | None) -> RecordReader | None:
    """The snapshot to look into, or None where it is the live Odoo: a snapshot that is given on the command line comes
    first, then Odoo, then TRIAGE_RECORDS."""
    if given is None and settings.odoo is not None:
        return None
    from tools.snapshot import SnapshotReader

    if settings.records is None:
        raise Refused(
            "No records to look into: give a snapshot with --records FILE or TRIAGE_RECORDS, or a live Odoo "
            "(TRIAGE_ODOO_URL)."
        )
    return SnapshotReader(settings.records)


def odoo_of(settings: Settings) -> OdooSettings:
    """Where the live Odoo is. Raises Refused when none is set."""
    if settings.odoo is None:
        raise Refused(
            "No Odoo is set: give TRIAGE_ODOO_URL, TRIAGE_ODOO_DATABASE, TRIAGE_ODOO_LOGIN and TRIAGE_ODOO_KEY_FILE."
        )
    return settings.odoo


def proved_reader(settings: Settings) -> ProvedReader:
    """The live Odoo, of which no row is read before its account is known to only read. Raises Refused when none is set."""
    from tools.odoo.account import ProvedReader
    from tools.odoo.connect import connect

    odoo = odoo_of(settings)
    return ProvedReader(connect(odoo), allow_writing=settings.odoo_allow_writing_account, login=odoo.login)


def existing(settings: Settings) -> Settings:
    """The settings, when their data directory holds a desk already."""
    if not has_desk(settings):
        raise Refused(f"There is no desk in {settings.data_dir}. Name its folder with --data-dir.")
    return settings


def has_desk(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.data_dir / "triage.db").exists()
