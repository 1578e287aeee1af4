"""Shadow runs: a candidate engine reads live mail beside the one at work, without any effect on the queue.

What it would have proposed is held against what was proposed, message by message. The database is only read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from agent.proposal import Lane, Proposal
from evals.engines import Engine
from evals.labelled import LabelError
from evals.predictions import PredictedException, Prediction
from review.database import Database
from review.raw_store import RawStore
from review.schema import DecisionRow, MessageRow, MessageState, ProposalRow
from tools.message import Channel, Message
from tools.reading import read_message

Kind = Literal["same", "confidence", "lane", "actions", "fields", "record", "intent", "failed"]
ORDER: tuple[Kind, ...] = ("failed", "intent", "record", "fields", "actions", "lane", "confidence", "same")
"""From the greatest difference to none."""
NOTABLE_CONFIDENCE = 0.1


class Shadowed(BaseModel):
    """One message: what was proposed at first, what the candidate proposes, and the greatest difference between them."""

    message: str
    channel: str
    language: str
    subject: str
    received_at: AwareDatetime
    live: list[PredictedException]
    shadow: Prediction
    differs: Kind


class ShadowRun(BaseModel):
    """`versions` are those of the candidate."""

    engine: str
    versions: dict[str, str] = Field(default_factory=dict)
    messages: list[Shadowed] = Field(default_factory=list)

    def counts(self) -> dict[Kind, int]:
        found = Counter(m.differs for m in self.messages)
        return {kind: found[kind] for kind in ORDER if found[kind]}


def shadow(
    database: Database,
    store: RawStore,
    engine: Engine,
    *,
    name: str,
    since: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ShadowRun:
    """Lets `engine` read every message that was triaged since, and holds it against what was proposed then."""
    with database.read() as session:
        wanted = select(MessageRow).where(
            MessageRow.state == MessageState.triaged, MessageRow.received_at >= since, MessageRow.duplicate_of.is_(None)
        )
        messages = list(session.scalars(wanted.order_by(MessageRow.received_at, MessageRow.id)))
        rows = session.scalars(
            select(ProposalRow)
            .options(undefer(ProposalRow.body))
            .where(ProposalRow.message_id.in_(m.id for m in messages))
        )
        live: dict[str, list[PredictedException]] = {m.id: [] for m in messages}
        first, made = _before_people(session)
        for row in rows:
            if row.id not in made:
                live[row.message_id].append(PredictedException.of(Proposal(**first.get(row.id, row.body))))
    run = ShadowRun(engine=name)
    for number, message in enumerate(messages, start=1):
        try:
            read = read_message(
                store.get(message.id), channel=Channel(message.channel), received_at=message.received_at
            )
            triage = engine.triage(read)
            run.versions = triage.versions
            found = Prediction.of(message.id, triage, sum(triage.seconds.values()))
        except Exception as error:  # a candidate may fail in any way; that is what a shadow run is for
            found = Prediction(id=message.id, manual=True, error=f"{type(error).__name__}: {error}")
        run.messages.append(
            Shadowed(
                message=message.id,
                channel=message.channel,
                language=message.language,
                subject=message.subject,
                received_at=message.received_at,
                live=live[message.id],
                shadow=found,
                differs=difference(live[message.id], found),
            )
        )
        progress(number, len(messages))
    return run


def _before_people(session: Session) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Of proposals that people decided on, what was proposed at first; and the proposals that people made by dividing."""
    first: dict[str, dict[str, Any]] = {}
    made: set[str] = set()
    for decision in session.scalars(select(DecisionRow).order_by(DecisionRow.id)):
        first.setdefault(decision.proposal_id, decision.proposed)
        made.update(decision.made or [])
    return first, made


def difference(live: Sequence[PredictedException], shadow: Prediction) -> Kind:
    """The greatest difference between two sets of proposals. Two that send the whole message to manual are the same."""
    if shadow.error:
        return "failed"
    old = sorted(live, key=_key)
    new = sorted(shadow.exceptions, key=_key)
    if shadow.manual and all(p.lane is Lane.manual for p in old):
        return "same"
    if [p.intent for p in old] != [p.intent for p in new]:
        return "intent"
    pairs = list(zip(old, new, strict=True))
    if any(a.record != b.record for a, b in pairs):
        return "record"
    if any(a.fields != b.fields for a, b in pairs):
        return "fields"
    if any(set(a.actions) != set(b.actions) for a, b in pairs):
        return "actions"
    if any(a.lane != b.lane for a, b in pairs):
        return "lane"
    moved = any(abs(a.confidence - b.confidence) >= NOTABLE_CONFIDENCE for a, b in pairs)
    return "confidence" if moved else "same"


def _key(proposal: PredictedException) -> tuple[str, str, int]:
    record = proposal.record
    return proposal.intent, record.model if record else "", record.id if record else 0


def print_shadow(run: ShadowRun, console: Console, *, most: int = 40) -> None:
    """How many messages differ in what, then the messages that differ, greatest difference first."""
    table = Table("differs in", title=f"{len(run.messages)} messages, engine {run.engine} beside the one at work")
    table.add_column("messages", justify="right")
    for kind, count in run.counts().items():
        table.add_row(kind, str(count))
    console.print(table)
    differing = sorted((m for m in run.messages if m.differs != "same"), key=lambda m: ORDER.index(m.differs))
    for message in differing[:most]:
        console.print(f"{message.differs}: {message.subject} ({message.message[:12]})", markup=False, highlight=False)
        for said, proposals in (("at work", message.live), ("candidate", message.shadow.exceptions)):
            told = "; ".join(_told(p) for p in proposals) or "to manual"
            console.print(
                f"  {said}: {message.shadow.error if said == 'candidate' and message.shadow.error else told}",
                markup=False,
                highlight=False,
            )


def _told(proposal: PredictedException) -> str:
    record = proposal.record.name if proposal.record else "no record"
    return f"{proposal.intent} {record} → {', '.join(proposal.actions)} ({proposal.confidence:.2f}, {proposal.lane})"


def save(run: ShadowRun, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(run.model_dump_json(indent=1), "utf-8")


def load(file: Path) -> ShadowRun:
    """A shadow run as it was saved. Raises LabelError for a file that is none."""
    try:
        return ShadowRun.model_validate_json(file.read_bytes())
    except ValueError as error:
        raise LabelError(f"{file} is no shadow run; make it with `triage feedback shadow`.") from error


def reader_of(store: RawStore) -> Callable[[Shadowed], Message | None]:
    """Reads a shadowed message again from the raw store; None where it is not kept any more."""

    def read(one: Shadowed) -> Message | None:
        try:
            return read_message(store.get(one.message), channel=Channel(one.channel), received_at=one.received_at)
        except (OSError, ValueError):  # erased by now, or altered: the difference is shown without its text
            return None

    return read
