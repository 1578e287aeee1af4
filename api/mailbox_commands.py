"""Commands about mailboxes: `triage mailbox …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.options import DataDir, Json, Refused, configured, has_desk

if TYPE_CHECKING:
    from review.settings import Settings
    from tools.mailbox.accounts import Accounts
    from tools.mailbox.check import Finding

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Connect mailboxes.")

SIGNS = {"ok": "✓", "warning": "!", "failed": "✗"}
COLOURS = {"ok": typer.colors.GREEN, "warning": typer.colors.YELLOW, "failed": typer.colors.RED}


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Mailboxes to check; all if none is named.")] = None,
    mailboxes: Annotated[Path | None, typer.Option("--mailboxes", help="File of mailboxes (TRIAGE_MAILBOXES).")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Say what works and what does not for each mailbox. Changes nothing. Exit code 1 when something fails."""
    from tools.mailbox.check import Level, check_account

    settings = _settings(mailboxes, data_dir)
    accounts = _chosen(settings.mailbox_accounts(), names or [])
    found: dict[str, list[Finding]] = {}
    for name, account in accounts.items():
        if not json:
            typer.secho(name, bold=True)
        found[name] = []
        for finding in [*check_account(account), *_of_the_service(settings, name)]:
            found[name].append(finding)
            if not json:
                typer.secho(f"  {SIGNS[finding.level]} {finding.step}: ", fg=COLOURS[finding.level], nl=False)
                typer.echo(finding.said)
    if json:
        import json as writer

        listed = {name: [f.model_dump() for f in findings] for name, findings in found.items()}
        typer.echo(writer.dumps(listed, indent=2, ensure_ascii=False))
    if any(f.level == Level.failed for findings in found.values() for f in findings):
        raise typer.Exit(1)


def _settings(mailboxes: Path | None, data_dir: Path | None) -> Settings:
    settings = configured(data_dir, mailboxes=mailboxes)
    if settings.mailboxes is None:
        raise Refused("No mailboxes are configured: name their file with --mailboxes FILE or TRIAGE_MAILBOXES.")
    return settings


def _chosen(accounts: Accounts, names: list[str]) -> Accounts:
    if unknown := [name for name in names if name not in accounts]:
        raise Refused(f"There is no mailbox {unknown[0]!r}. There are: {', '.join(accounts)}.")
    return {name: account for name, account in accounts.items() if not names or name in names}


def _of_the_service(settings: Settings, name: str) -> list[Finding]:
    """What `triage serve` wrote down about the account, where there is a desk."""
    from sqlalchemy import select

    from review.database import open_database
    from review.schema import MailboxCursor
    from tools.mailbox.check import Finding, Level

    if not has_desk(settings):
        return []
    database = open_database(settings)
    with database.read() as session:
        rows = session.scalars(select(MailboxCursor).where(MailboxCursor.account == name)).all()
    database.close()
    found = []
    for row in rows:
        when = f"{row.looked_at:%Y-%m-%d %H:%M} UTC" if row.looked_at else "never"
        said = f"The service last found {row.folder} well: {when}." + (
            f" Since then: {row.problem}" if row.problem else ""
        )
        found.append(Finding(step="service", level=Level.warning if row.problem else Level.ok, said=said))
    return found
