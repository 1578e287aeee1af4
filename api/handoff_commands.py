"""`triage handoff …`: what leaves the desk, what did not get through, and the secrets that it is signed with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.options import DataDir, Json, Refused, configured, existing

if TYPE_CHECKING:
    from review.database import Database
    from review.targets import Target

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What approved decisions became of.")

HandoffFile = Annotated[Path | None, typer.Option("--handoff", help="File of targets (TRIAGE_HANDOFF).")]
EventId = Annotated[str, typer.Argument(help="The event's id, as `triage handoff list` shows it.")]


class State(StrEnum):
    waiting = "waiting"
    delivered = "delivered"
    dead = "dead"
    dropped = "dropped"
    cancelled = "cancelled"


@app.command("list")
def list_handoffs(
    state: Annotated[list[State] | None, typer.Option(help="Only deliveries in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List events and their deliveries, newest first, after the health of each target."""
    from review import outbox
    from review.schema import DeliveryState

    database = _database(data_dir)
    health = outbox.health(database)
    with database.read() as session:
        found = outbox.listed(session, [DeliveryState(s) for s in state or ()], limit)
    if json:
        import json as writer

        rows = [
            {
                "id": row.id,
                "proposal": row.proposal_id,
                "record": row.record_key,
                "state": row.state,
                "due_at": row.due_at.isoformat(),
                "target": delivery and delivery.target,
                "delivery": delivery and delivery.state,
                "attempts": delivery.attempts if delivery else 0,
                "problem": delivery and delivery.problem,
            }
            for row, delivery in found
        ]
        targets = [{"name": t.name, "active": t.active, "failures": t.failures, "problem": t.problem} for t in health]
        typer.echo(writer.dumps({"targets": targets, "handoffs": rows}, indent=2, ensure_ascii=False))
        return
    for target in health:
        said = "removed" if not target.active else "well" if not target.failures else "failing"
        since = f" since {target.failing_since:%Y-%m-%d %H:%M} UTC" if target.failing_since else ""
        typer.echo(f"{target.name}  {said}{since}  {target.problem or ''}".rstrip())
    for row, delivery in found:
        way = f"{delivery.target}  {delivery.state}  {delivery.attempts} tries" if delivery else row.state
        said = f"  {delivery.problem}" if delivery and delivery.problem else ""
        typer.echo(f"{row.id}  {row.created_at:%Y-%m-%d %H:%M}  {row.record_key}  {way}{said}")


@app.command()
def replay(event: EventId, data_dir: DataDir = None) -> None:
    """Try a dead letter again from the beginning, with the same id and body."""
    from review import outbox

    if not outbox.replay(_database(data_dir), event, who=COMMAND_LINE):
        raise _not_dead(event)
    typer.echo(f"{event} is tried again.")


@app.command()
def drop(event: EventId, data_dir: DataDir = None) -> None:
    """Give a dead letter up for good, so that later events of its record go on."""
    from review import outbox

    if not outbox.drop(_database(data_dir), event, who=COMMAND_LINE):
        raise _not_dead(event)
    typer.echo(f"{event} is given up; later events of its record go on.")


@app.command()
def rotate(
    name: Annotated[str, typer.Argument(help="The target, as its file names it.")],
    hours: Annotated[float, typer.Option(min=0.0, help="How long the secrets until now sign beside the new one.")] = 24,
    handoff: HandoffFile = None,
) -> None:
    """Make a new secret for a target and print it. Those until now sign beside it for some hours."""
    from review.targets import rotate

    target = _target(name, handoff)
    new = rotate(target.secret_file, datetime.now(UTC), timedelta(hours=hours))
    typer.echo(f"{target.secret_file} holds a new secret; give it to the receiver within {hours:g} hours:", err=True)
    typer.echo(new)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the event."""
    import json as writer

    from review.handoff_event import json_schema

    typer.echo(writer.dumps(json_schema(), indent=2, ensure_ascii=False))


COMMAND_LINE = "command line"


def _database(data_dir: Path | None) -> Database:
    from review.database import open_database

    return open_database(existing(configured(data_dir)))


def _target(name: str, handoff: Path | None) -> Target:
    settings = configured(handoff=handoff)
    if settings.handoff is None:
        raise Refused("No targets are configured: name their file with --handoff FILE or TRIAGE_HANDOFF.")
    targets = settings.endpoints().targets
    if name not in targets:
        raise Refused(f"{settings.handoff} has no target {name!r}. It has: {', '.join(targets)}.")
    return targets[name]


def _not_dead(event: str) -> Refused:
    return Refused(f"{event} has no dead letter. `triage handoff list --state dead` shows them.")
