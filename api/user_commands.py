"""`triage user …`: people who may sign in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from api.options import DataDir, Json, Refused, configured, existing

if TYPE_CHECKING:
    from review.database import Database

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="People who may sign in.")
Name = Annotated[str, typer.Argument(help="The person's name, or their e-mail address.")]
CONSOLE = "the command line"


@app.command("add")
def add_user(
    name: Name,
    role: Annotated[list[str] | None, typer.Option("--role", help="May be given several times.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Add a person, or give one other roles, and print a link that signs them in once."""
    from api.sign_in import sign_in_link
    from review.database import open_database
    from review.people import add_person
    from review.roles import REVIEWER

    settings = configured(data_dir)
    database = open_database(settings)
    first, *more = role or [REVIEWER]
    _or_refuse(lambda: add_person(database, name, first, *more))
    typer.echo(sign_in_link(database, settings, name))


@app.command("place")
def place_user(
    name: Name,
    team: Annotated[list[str] | None, typer.Option(help="A team they are in; may be given several times.")] = None,
    owns: Annotated[list[str] | None, typer.Option(help="A team they see to; may be given several times.")] = None,
    company: Annotated[list[str] | None, typer.Option(help="A company of Odoo; may be given several times.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Say which teams and companies a person sees; what is given takes the place of what was. With none, all."""
    from review.people import place_person

    teams, owned, companies = team or [], owns or [], company or []
    database = _database(data_dir)
    _or_refuse(lambda: place_person(database, name, CONSOLE, teams=teams, owns=owned, companies=companies))


@app.command("list")
def list_users(data_dir: DataDir = None, json: Json = False) -> None:
    """List everybody with their roles and how they sign in."""
    from review.people import list_people

    found = list_people(_database(data_dir))
    if json:
        import json as writer

        typer.echo(writer.dumps([person.model_dump(mode="json") for person in found], indent=2, ensure_ascii=False))
        return
    for person in found:
        state = "locked" if person.locked_until else "active" if person.active else "disabled"
        typer.echo(f"{person.name:24}  {state:8}  {','.join(person.roles)}  ({', '.join(person.signs_in_by)})")


@app.command("disable")
def disable_user(name: Name, data_dir: DataDir = None) -> None:
    """End a person's sessions and links, and let them in no more."""
    from review.people import disable_person

    database = _database(data_dir)
    _or_refuse(lambda: disable_person(database, name, CONSOLE))
    typer.echo(f"{name} is signed out and cannot sign in any more. `triage user add` lets them in again.")


@app.command("reset")
def reset_user(name: Name, data_dir: DataDir = None) -> None:
    """End a person's sessions, links, password and lock, and print a new link."""
    from api.sign_in import sign_in_link
    from review.people import reset_person

    database = _database(data_dir)
    _or_refuse(lambda: reset_person(database, name, CONSOLE))
    typer.echo(sign_in_link(database, configured(data_dir), name))


def _database(data_dir: DataDir) -> Database:
    from review.database import open_database

    return open_database(existing(configured(data_dir)))


def _or_refuse(work: Callable[[], object]) -> None:
    from review.people import PersonError

    try:
        work()
    except PersonError as error:
        raise Refused(str(error)) from error
