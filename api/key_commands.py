"""`triage keys …`: keys for machines that post messages."""

from __future__ import annotations

from typing import Annotated

import typer

from api.options import DataDir, Json, Refused, configured, existing

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Keys for machines that post messages.")


@app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Who posts with it, for the log.")],
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="portal, carrier, email, edi, receipt, metrics, or of the desk: read, decide …"),
    ],
    person: Annotated[str | None, typer.Option(help="As whom it acts on the desk.")] = None,
    days: Annotated[float, typer.Option(min=0.0, help="How long it lasts.")] = 365,
    data_dir: DataDir = None,
) -> None:
    """Make a key and print it. It is shown this once: only its hash is kept."""
    from review.api_keys import KeyRefused, Scope, add_key
    from review.database import open_database
    from review.people import find_person

    if unknown := [s for s in scope if s not in set(Scope)]:
        raise Refused(f"There is no scope {unknown[0]!r}. Choose from: {', '.join(Scope)}.")
    database = open_database(configured(data_dir))
    acting = find_person(database, person) if person else None
    if person and acting is None:
        raise Refused(f"There is nobody called {person!r} who may sign in. `triage user list` shows everybody.")
    try:
        key, text = add_key(database, name, [Scope(s) for s in scope], days, acting)
    except KeyRefused as error:
        raise Refused(str(error)) from error
    typer.echo(
        f"Key {key.id} for {', '.join(key.scopes)}, until {key.expires_at:%Y-%m-%d}. It is shown this once:", err=True
    )
    typer.echo(text)


@app.command("list")
def list_keys(data_dir: DataDir = None, json: Json = False) -> None:
    """List all keys, without their secrets."""
    from review.api_keys import list_keys
    from review.database import open_database

    found = list_keys(open_database(existing(configured(data_dir))))
    if json:
        import json as writer

        typer.echo(writer.dumps([{**k.model_dump(mode="json"), "state": k.state} for k in found], indent=2))
        return
    for key in found:
        typer.echo(f"{key.id}  {key.state:8}  until {key.expires_at:%Y-%m-%d}  {','.join(key.scopes)}  {key.name}")


@app.command("revoke")
def revoke_key(
    id: Annotated[str, typer.Argument(help="The key's id, as `triage keys list` shows it.")], data_dir: DataDir = None
) -> None:
    """End a key at once."""
    from review.api_keys import revoke_key
    from review.database import open_database

    if not revoke_key(open_database(existing(configured(data_dir))), id):
        raise Refused(f"There is no key {id!r}. `triage keys list` shows them.")
    typer.echo(f"Key {id} opens nothing any more.")
