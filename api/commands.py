"""The command line: `triage …`. What only the work needs is imported where the work is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from api.audit_commands import app as audit_app
from api.briefing_command import briefing
from api.feedback_commands import app as feedback_app
from api.handoff_commands import app as handoff_app
from api.key_commands import app as key_app
from api.mailbox_commands import app as mailbox_app
from api.model_commands import models as model_app
from api.model_commands import prompts as prompt_app
from api.model_commands import replay
from api.odoo_commands import app as odoo_app
from api.options import DataDir, Json, Records, Refused, configured, existing, has_desk, records_of, snapshot_of
from api.policy_commands import app as policy_app
from api.user_commands import app as user_app
from evals.commands import app as eval_app

if TYPE_CHECKING:
    from agent.proposal import Triage


class Refusals(TyperGroup):
    """Ends a command that cannot do its work with one sentence and exit code 1, without a trace."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if (said := sentence(error)) is None:
                raise
            typer.secho(said, fg=typer.colors.RED, err=True)
            raise typer.Exit(1) from error


def sentence(error: Exception) -> str | None:
    """What a person is told about an error, or None for one that nobody foresaw."""
    from review.checkpoints import CheckpointError
    from review.settings import SettingsError
    from review.targets import TargetError
    from tools.operator_file import OperatorFileError
    from tools.records import RecordsError

    if isinstance(error, PermissionError):
        return f"No permission for {error.filename or error}. Use another folder or file, or change its owner."
    if isinstance(error, FileNotFoundError) and error.filename:
        from tools.message_files import missing

        return missing(Path(error.filename))
    if isinstance(error, IsADirectoryError | NotADirectoryError):
        return f"{error.filename}: {error.strerror}. Check the path."
    if isinstance(error, OSError):
        return str(error)
    if (cause := getattr(error, "orig", None)) is not None:  # SQLAlchemy's, which is not loaded for its name alone
        return f"The database cannot be used: {cause}. Check TRIAGE_DATABASE_URL and the data directory."
    return (
        str(error)
        if isinstance(error, Refused | SettingsError | CheckpointError | TargetError | OperatorFileError | RecordsError)
        else None
    )


app = typer.Typer(
    cls=Refusals,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Reads suppliers', carriers' and customers' messages and proposes actions for a person to approve.",
)
app.add_typer(eval_app, name="eval")
app.add_typer(odoo_app, name="odoo")
app.add_typer(audit_app, name="audit")
app.add_typer(mailbox_app, name="mailbox")
app.add_typer(model_app, name="models")
app.add_typer(prompt_app, name="prompts")
app.command()(replay)
app.command()(briefing)
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="keys")
app.add_typer(feedback_app, name="feedback")
app.add_typer(handoff_app, name="handoff")
app.add_typer(policy_app, name="policy")


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve at; 0 takes any free one.")] = 8080,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    arrive_every: Annotated[float, typer.Option(min=0.0, help="Seconds between the messages that arrive.")] = 6.0,
    data_dir: Annotated[Path | None, typer.Option(help="Keep the data here, not in a temporary folder.")] = None,
) -> None:
    """Show the desk with an invented company: one process, no account, nothing kept."""
    from rich.console import Console

    from api.listening import claim_port

    console = Console()
    with demo_folder(data_dir) as folder:
        settings = configured(folder, port=port, demo=True, host="127.0.0.1")
        settings.database_url = None
        with claim_port(settings) as listener:
            with console.status("Loading …"):
                from api.serving import serve_demo
            serve_demo(settings, listener, console, arrive_every=arrive_every, browser=browser)


@contextmanager
def demo_folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is not None:
        yield data_dir
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="triage-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@app.command()
def serve(
    data_dir: DataDir = None,
    records: Records = None,
    host: Annotated[str | None, typer.Option(help="Address to serve at (TRIAGE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to serve at (TRIAGE_PORT).")] = None,
) -> None:
    """Serve the desk and triage what is received."""
    settings = configured(data_dir, records=records, host=host, port=port)
    snapshot = snapshot_of(settings, records)
    from rich.console import Console

    from api.listening import claim_port

    console = Console()
    with claim_port(settings) as listener:
        with console.status("Loading …"):
            from api.serving import serve as run
        run(settings, listener, snapshot, console)


@app.command("sign-in")
def sign_in(
    name: Annotated[str, typer.Argument(help="Who signs in.")],
    role: Annotated[str | None, typer.Option(help="Gives the person this role; a new person is a reviewer.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print a link that signs a person in once. Adds the person if there is none of that name."""
    from api.sign_in import sign_in_link
    from review.database import open_database
    from review.people import add_person, find_person
    from review.roles import REVIEWER, roles

    settings = configured(data_dir)
    if role is not None and role not in roles():
        raise Refused(f"There is no role {role!r}. Choose one of: {', '.join(roles())}.")
    database = open_database(settings)
    if role is not None or find_person(database, name) is None:
        add_person(database, name, role or REVIEWER)
    typer.echo(sign_in_link(database, settings, name))


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Messages (.eml, .json, .mbox, .edi, .xml), or folders of them.")],
    now: Annotated[bool, typer.Option("--now", help="Triage them at once.")] = False,
    data_dir: DataDir = None,
    records: Records = None,
) -> None:
    """Take messages in. The same message twice is one message."""
    from rich.progress import Progress

    from review.database import open_database
    from review.intake import receive, triage_message
    from review.raw_store import RawStore
    from tools.message_files import find_inbound

    settings = configured(data_dir, records=records)
    try:
        found = list(find_inbound(paths))
    except ValueError as error:
        raise Refused(str(error)) from error
    database, store = open_database(settings), RawStore(settings.raw_dir)
    ids = [receive(database, store, m.raw, m.channel, m.received_at) for m in found]
    if now:
        from agent.triage import build_engine
        from review.model_calls import DatabaseLedger
        from review.model_settings import ModelSettings
        from review.past_cases import DecidedCases

        models = ModelSettings.load()
        reader, live = records_of(settings, records)
        local = build_engine(reader, index_dir=settings.index_dir, live=live)
        engine = models.engine_over(local, DatabaseLedger(database), DecidedCases(database))
        with Progress(disable=not sys.stderr.isatty()) as bar:
            for message_id in bar.track(ids, description="Triaging"):
                triage_message(database, store, message_id, engine, settings.authserv_id)
    typer.echo(f"{len(set(ids))} messages kept" + (" and triaged." if now else "; `triage serve` triages them."))


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="Id of a message or proposal, or the start of one.")],
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print a message's or proposal's content and state."""
    from api.report import find_shown, print_shown
    from review.database import open_database

    shown = find_shown(open_database(existing(configured(data_dir))), id)
    if not shown:
        raise Refused(f"No message or proposal starts with {id!r}.")
    if json:
        import json as writer

        typer.echo(writer.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print_shown(shown)


@app.command()
def message(
    file: Annotated[Path, typer.Argument(help="A message: .eml, .json, .edi or .xml.")],
    records: Records = None,
    json: Json = False,
) -> None:
    """Triage one message and print what comes out. Nothing is kept but what a model cost."""
    from tools.message_files import find_inbound

    settings = configured(records=records)
    reader, live = records_of(settings, records)
    try:
        found = next(find_inbound([file]), None)
    except ValueError as error:
        raise Refused(str(error)) from error
    if found is None:
        raise Refused(f"{file} holds no message.")
    from agent.llm.ledger import MemoryLedger
    from agent.triage import build_engine
    from api.report import print_triage
    from review.database import open_database
    from review.model_calls import DatabaseLedger
    from review.model_settings import ModelSettings
    from tools.reading import read_message

    ledger = DatabaseLedger(open_database(settings)) if has_desk(settings) else MemoryLedger()
    engine = ModelSettings.load().engine_over(build_engine(reader, live=live), ledger)
    triage: Triage = engine.triage(read_message(found.raw, channel=found.channel, received_at=found.received_at))
    if json:
        typer.echo(triage.model_dump_json(indent=2))
    else:
        print_triage(triage)


@app.command()
def train(
    cache: Annotated[Path | None, typer.Option(help="File that keeps embeddings between runs.")] = None,
    keep_intents: Annotated[bool, typer.Option("--keep-intents", help="Keep the intent model as it is.")] = False,
) -> None:
    """Refit the models that ship with the agent from the corpora and labelled suites. The same data, the same models."""
    from rich.console import Console

    from evals import training

    with Console(stderr=True).status("Loading …") as status:
        digests = training.train(cache=cache, keep_intents=keep_intents, progress=status.update)
    for name, digest in digests.items():
        typer.echo(f"{name}  {digest}")
