"""`triage models …`, `triage prompts …` and `triage replay`: what a language model may do, is told and has said."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from api.options import DataDir, Json, Records, Refused, configured, existing, records_of

models = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Language models: state, budget, on and off.")
prompts = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The words that a language model is given.")


@models.command("show")
def show_models(data_dir: DataDir = None, json: Json = False) -> None:
    """Print which engine decides, what is sent to the model, and what was spent today."""
    import time

    from agent.llm.request import SENT
    from review.database import open_database
    from review.model_calls import spent_today, switch
    from review.model_settings import ModelSettings

    settings = ModelSettings.load()
    with open_database(existing(configured(data_dir))).read() as session:
        switched, spent = switch(session), spent_today(session, settings.tenant, time.time())
    off = switched is not None and switched.off
    told = {
        "engine": settings.decides,
        "endpoint": settings.base_url or "none",
        "model": settings.model or "none",
        "switched": f"off by {switched.changed_by}: {switched.reason}" if switched and off else "on",
        "today": f"{spent.calls} calls, {spent.tokens} tokens, {spent.cost:.4f} in money",
        "redacted": ", ".join(settings.redact) or "nothing",
        **{f"sent: {name}": what for name, what in SENT.items()},
    }
    if json:
        import json as writer

        typer.echo(writer.dumps({**told, "off": off, "spent": vars(spent)}, indent=2, ensure_ascii=False))
        return
    for name, what in told.items():
        typer.echo(f"{name:28} {what}")


@models.command("off")
def turn_off(
    reason: Annotated[str, typer.Option(help="Why; shown on every page.")] = "", data_dir: DataDir = None
) -> None:
    """Stop asking models, in every worker, from the next call on. Messages are read by the local engine meanwhile."""
    _turn(off=True, reason=reason, data_dir=data_dir)
    typer.echo("Models are switched off. `triage models on` turns them on again.")


@models.command("on")
def turn_on(data_dir: DataDir = None) -> None:
    """Let models be asked again."""
    _turn(off=False, reason="", data_dir=data_dir)
    typer.echo("Models are switched on.")


def _turn(*, off: bool, reason: str, data_dir: DataDir) -> None:
    from review.database import open_database
    from review.model_calls import set_switch

    set_switch(open_database(existing(configured(data_dir))), off=off, by=getpass.getuser(), reason=reason)


@prompts.command("show")
def show_prompts(
    name: Annotated[str | None, typer.Argument(help="Only this prompt, with its template.")] = None,
) -> None:
    """Print each prompt's purpose, hash, inputs and about how many tokens it costs as it is sent."""
    from agent.llm.request import SYSTEM, instructions
    from agent.propose import policy_in_force
    from prompts.library import PromptError, all_prompts, load_prompt, tokens_in

    try:
        chosen = [load_prompt(name)] if name else all_prompts()
    except PromptError as error:
        raise Refused(str(error)) from error
    for prompt in chosen:
        fixed = prompt.name == SYSTEM
        tokens = tokens_in(instructions(policy_in_force()) if fixed else prompt.template)
        typer.echo(f"{prompt.name}  {prompt.digest}  about {tokens} tokens{'' if fixed else ' and what is filled in'}")
        typer.echo(f"  {' '.join(prompt.purpose.split())}")
        for given, what in prompt.inputs.items():
            typer.echo(f"  {given}: {what}")
        typer.echo(f"  version {prompt.versions[0]}")
        if name:
            typer.echo(prompt.template)


def replay(
    id: Annotated[str, typer.Argument(help="Id of a message or proposal, or the start of a message's.")],
    live: Annotated[bool, typer.Option("--live", help="Ask the model again; it costs what a message costs.")] = False,
    data_dir: DataDir = None,
    records: Records = None,
) -> None:
    """Make a suggestion again from the recorded answers of the model, and show what differs. Exit code 1 if it does."""
    from agent.triage import build_engine
    from review.database import open_database
    from review.model_calls import DatabaseLedger
    from review.model_settings import ModelSettings
    from review.raw_store import RawStore
    from review.replay import CannotReplay
    from review.replay import replay as once_more

    settings = existing(configured(data_dir, records=records))
    reader, odoo = records_of(settings, records)
    database = open_database(settings)
    local = build_engine(reader, index_dir=settings.index_dir, live=odoo)
    ledger = DatabaseLedger(database) if live else None
    try:
        found = once_more(
            database,
            RawStore(settings.raw_dir),
            id,
            local,
            ModelSettings.load(),
            live=ledger,
            authserv_id=settings.authserv_id,
        )
    except CannotReplay as error:
        raise Refused(str(error)) from error
    typer.echo(f"{found.message_id}: {found.recorded.engine} then, {found.again.engine} now")
    for line in found.changed:
        typer.echo(f"  {line}")
    for line in found.differences:
        typer.echo(line)
    if not found.differences:
        typer.echo("The suggestion is the same.")
    else:
        raise typer.Exit(1)
