"""`triage audit …`: whether the log is whole, what it holds, and erasing what it says of persons."""

from __future__ import annotations

import json as writer
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.options import DataDir, Json, Refused, configured, existing

if TYPE_CHECKING:
    from review.schema import LogEntry
    from review.settings import Settings

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Check and read what the log holds.")


@app.command()
def verify(
    checkpoints: Annotated[
        list[Path] | None, typer.Option(help="Files of checkpoints kept elsewhere; the desk's own is always checked.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The desk's public key, as `triage audit checkpoint` gave it.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Check the log's hash chain against itself, its head file and signed checkpoints. Exit code 1 when it is broken."""
    from review import log
    from review.checkpoints import Checkpoints, compare, read_checkpoints
    from review.database import open_database

    settings = _settings(data_dir)
    database = open_database(settings)
    with database.read() as session:
        result = log.verify(session, database.head)
    own = Checkpoints(settings.data_dir)
    signed = [c for path in (own.path, *(checkpoints or [])) for c in read_checkpoints(path)]
    result.problems += compare(database, signed, key or (own.public_key() if signed else None))
    if json:
        typer.echo(result.model_dump_json(indent=2))
    elif result.ok:
        typer.echo(
            f"The chain is whole: {result.entries} entries, {result.erased} of them erased, {len(signed)} checkpoints, "
            f"head {result.head}."
        )
    for problem in result.problems if not json else ():
        typer.secho(f"Entry {problem.seq}: {problem.what}", fg=typer.colors.RED, err=True)
    if not result.ok:
        raise typer.Exit(1)


@app.command()
def export(
    subject: Annotated[str | None, typer.Option(help="Only entries about this message, proposal or person.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print the log as lines of JSON, oldest first, with all that is needed to check its chain elsewhere."""
    from sqlalchemy import select
    from sqlalchemy.orm import joinedload

    from review.database import open_database
    from review.log import ALGORITHM
    from review.schema import LogEntry

    database = open_database(_settings(data_dir))
    entries = select(LogEntry).options(joinedload(LogEntry.said)).order_by(LogEntry.seq)
    if subject is not None:
        entries = entries.where(LogEntry.subject == subject)
    with database.read() as session:
        for entry in session.scalars(entries.execution_options(yield_per=500)):
            typer.echo(writer.dumps({"algorithm": ALGORITHM, **_line(entry)}, ensure_ascii=False))
            session.expunge(entry)


@app.command()
def show(
    what: Annotated[str, typer.Argument(help="Number of an entry, or id of a message, proposal or person.")],
    data_dir: DataDir = None,
) -> None:
    """Print what the log says of something, oldest first."""
    from review import log
    from review.database import open_database
    from review.schema import LogEntry

    database = open_database(_settings(data_dir))
    with database.read() as session:
        entry = session.get(LogEntry, int(what)) if what.isdigit() else None
        found = [entry] if entry is not None else list(log.of_subject(session, what))
        if not found:
            raise Refused(f"The log has no entry {what!r} and none about it.")
        for one in found:
            said = (
                "erased" if one.said is None else writer.dumps(writer.loads(one.content), indent=2, ensure_ascii=False)
            )
            typer.echo(f"{one.seq}  {one.at}  {one.kind}  {one.subject}\n{said}")


@app.command()
def checkpoint(data_dir: DataDir = None) -> None:
    """Sign where the log stands now, and print that and the public key: keep both elsewhere."""
    from review.checkpoints import Checkpoints
    from review.database import open_database

    settings = _settings(data_dir)
    keeper = Checkpoints(settings.data_dir)
    made = keeper.make(open_database(settings))
    if made is None:
        raise Refused("The log is empty: there is nothing to sign yet.")
    typer.echo(f"The public key is {keeper.public_key()}", err=True)
    typer.echo(made.model_dump_json())


@app.command()
def erase(
    message: Annotated[str, typer.Argument(help="The message's id, as `triage show` prints it.")],
    who: Annotated[str, typer.Option(help="Who asked for it, for the log.")],
    why: Annotated[str, typer.Option(help="The reason, for the log.")],
    data_dir: DataDir = None,
) -> None:
    """Erase a message: its bytes and texts, and what the log says of it. The chain stays whole."""
    from review.database import open_database
    from review.erasure import StillNeeded, erase_message
    from review.raw_store import RawStore

    settings = _settings(data_dir)
    try:
        gone = erase_message(open_database(settings), RawStore(settings.raw_dir), message, who=who, why=why)
    except KeyError as error:
        raise Refused(f"There is no message {message!r}.") from error
    except StillNeeded as error:
        raise Refused(str(error)) from error
    typer.echo(f"Erased, with the content of {gone} entries of the log.")


def _settings(data_dir: Path | None) -> Settings:
    return existing(configured(data_dir))


def _line(entry: LogEntry) -> dict[str, Any]:
    kept = ("seq", "at", "kind", "subject", "content_hash", "previous_hash", "entry_hash")
    said = entry.said
    return {
        **{name: getattr(entry, name) for name in kept},
        "salt": said and said.salt,
        "content": said and said.content,
    }
