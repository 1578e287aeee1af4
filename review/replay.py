"""A suggestion once more: from the recorded answers of the model, or by asking it again, beside what was suggested."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from agent.llm.engine import CascadeEngine, ModelEngine
from agent.llm.ledger import Ledger, MemoryLedger, ModelCall
from agent.llm.limits import Endpoint
from agent.llm.reader import ModelReader
from agent.proposal import Proposal, Triage
from agent.triage import TriageEngine
from review.database import Database
from review.model_calls import calls_for
from review.model_settings import ModelSettings
from review.raw_store import RawStore
from review.schema import LogEntry, MessageRow, ProposalRow
from tools.message import Channel, Message
from tools.reading import ReadingLimits, read_message


class CannotReplay(Exception):
    """There is nothing to reproduce. The text says why."""


@dataclass
class Replay:
    """`recorded` is what was suggested, `again` what comes out now; `changed` says what else is no longer the same."""

    message_id: str
    recorded: Triage
    again: Triage
    changed: list[str] = field(default_factory=list)

    @property
    def differences(self) -> list[str]:
        """One line for each thing that differs; none where the suggestion is the same."""
        before, after = _described(self.recorded), _described(self.again)
        return [f"- {line}" for line in before if line not in after] + [
            f"+ {line}" for line in after if line not in before
        ]


def replay(
    database: Database,
    store: RawStore,
    id: str,
    local: TriageEngine,
    settings: ModelSettings,
    *,
    live: Ledger | None = None,
    authserv_id: str | None = None,
) -> Replay:
    """Reproduces what was suggested for a message, given by the start of its id or of a proposal's. With `live` the model
    is asked again, on the account of that ledger.

    Raises CannotReplay."""
    with database.read() as session:
        row = _message(session, id)
        recorded = _suggested(session, row.id)
        calls = calls_for(session, row.id)
    used = calls[-recorded.model_calls :] if recorded.model_calls else []
    message = read_message(
        store.get(row.id),
        channel=Channel(row.channel),
        received_at=row.received_at,
        settings=ReadingLimits(authserv_id=authserv_id),
    )
    if live is not None:
        if settings.base_url is None:
            raise CannotReplay("There is no endpoint to ask: set TRIAGE_LLM_BASE_URL and TRIAGE_LLM_MODEL.")
        again = settings.engine_over(local, live).triage(message)
        return Replay(row.id, recorded, again, _changed(recorded, again))
    if not used:
        return Replay(row.id, recorded, local.triage(message))
    again, asked = _heard_again(message, recorded, used, local, settings)
    changed = _changed(recorded, again)
    if [c.request_hash for c in asked] != [c.request_hash for c in used]:
        changed.append("The request is no longer the recorded one: prompts, records or settings have changed since.")
    return Replay(row.id, recorded, again, changed)


def _heard_again(
    message: Message, recorded: Triage, calls: list[ModelCall], local: TriageEngine, settings: ModelSettings
) -> tuple[Triage, list[ModelCall]]:
    from agent.llm.recorded import RecordedModel

    ledger = MemoryLedger()
    endpoint = settings.endpoint() if settings.base_url else Endpoint("recorded", calls[0].model)
    reader = ModelReader(endpoint, ledger, model=RecordedModel.of(calls))
    kind = CascadeEngine if recorded.versions.get("engine", "").startswith("cascade") else ModelEngine
    return kind(local, reader, settings.worth()).triage(message), ledger.calls


def _message(session: Session, id: str) -> MessageRow:
    proposal = session.get(ProposalRow, id)
    start = proposal.message_id if proposal else id
    row = session.scalars(select(MessageRow).where(MessageRow.id.startswith(start, autoescape=True)).limit(1)).first()
    if row is None:
        raise CannotReplay(f"No message or proposal starts with {id!r}.")
    return row


def _suggested(session: Session, message_id: str) -> Triage:
    """The newest suggestion for a message, as the log has it."""
    entries = select(LogEntry).where(LogEntry.subject == message_id, LogEntry.kind == "message.triaged")
    entry = session.scalars(entries.order_by(LogEntry.seq.desc()).options(joinedload(LogEntry.said)).limit(1)).first()
    if entry is None:
        raise CannotReplay("Nothing was suggested for this message yet.")
    if entry.said is None:
        raise CannotReplay("What was suggested for this message was erased.")
    return Triage.model_validate(json.loads(entry.content)["triage"])


def _changed(recorded: Triage, again: Triage) -> list[str]:
    names = sorted(set(recorded.versions) | set(again.versions))
    before, after = recorded.versions, again.versions
    return [
        f"{name}: {before.get(name, 'none')} then, {after.get(name, 'none')} now"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _described(triage: Triage) -> list[str]:
    told = [f"manual: {triage.manual_reason}"] if triage.manual else []
    return told + [_line(proposal) for proposal in triage.proposals]


def _line(proposal: Proposal) -> str:
    record = proposal.record.name if proposal.record else "no record"
    fields = json.dumps(proposal.fields.stated(), sort_keys=True, ensure_ascii=False)
    actions = ", ".join(action.name for action in proposal.actions)
    return f"{proposal.intent} of {record}: {fields} → {actions} ({proposal.lane}, {proposal.confidence:.3f})"
