"""What `triage show` and `triage message` print in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.orm import undefer

from agent.proposal import Proposal, Triage
from api import wording
from api.endpoints import read_proposal
from review import log
from review.database import Database
from review.schema import MessageRow, ProposalRow


def find_shown(database: Database, start: str) -> dict[str, Any] | None:
    """The one proposal or message whose id begins with `start`, as JSON; None when there is none."""
    with database.read() as session:
        proposals = session.scalars(select(ProposalRow.id).where(ProposalRow.id == start)).all()
        if proposals:
            return {"kind": "proposal", **read_proposal(database, proposals[0]).model_dump(mode="json")}
        query = select(MessageRow).where(MessageRow.id.startswith(start, autoescape=True)).limit(1)
        row = session.scalars(query.options(undefer(MessageRow.read))).first()
        if row is None:
            return None
        ids = session.scalars(
            select(ProposalRow.id).where(ProposalRow.message_id == row.id).order_by(ProposalRow.ordinal)
        ).all()
        entries = log.of_subject(session, row.id)
        return {
            "kind": "message",
            "id": row.id,
            "state": row.state,
            "error": row.error,
            "received_at": row.received_at.isoformat(),
            "channel": row.channel,
            "subject": row.subject,
            "sender": row.sender,
            "message": row.read,
            "proposals": [read_proposal(database, i).model_dump(mode="json", exclude={"message"}) for i in ids],
            "log": [{"seq": e.seq, "at": e.at, "kind": e.kind, "entry_hash": e.entry_hash} for e in entries],
        }


def print_shown(shown: dict[str, Any]) -> None:
    console = Console()
    if shown["kind"] == "proposal":
        console.print(_heading(shown["id"], shown["state"]))
        print_proposal(console, Proposal(**shown["proposal"]))
        return
    console.print(_heading(shown["id"], shown["state"]))
    for name in ("subject", "sender", "received_at", "channel", "error"):
        if shown[name]:
            console.print(Text(f"{name.replace('_', ' '):12} {wording.visible(shown[name])}"))
    for proposal in shown["proposals"]:
        console.print(_heading(proposal["id"], proposal["state"]))
        print_proposal(console, Proposal(**proposal["proposal"]))
    for entry in shown["log"]:
        line = f"{entry['seq']:>6}  {entry['at'][:19]}  {entry['kind']}  {entry['entry_hash'][:12]}"
        console.print(Text(line, "dim"))


def print_triage(triage: Triage) -> None:
    console = Console()
    if triage.manual:
        console.print(Text(f"A person reads this: {triage.manual_reason or 'nothing could be proposed'}", "yellow"))
    for proposal in triage.proposals:
        print_proposal(console, proposal)
    console.print(Text(f"{triage.engine}, {sum(triage.seconds.values()):.2f} s", "dim"))


def print_proposal(console: Console, proposal: Proposal) -> None:
    """A proposal as a small table. Text from messages is printed as text, never as markup."""
    table = Table.grid(padding=(0, 2))
    record = f"{wording.model_name(proposal.record.model)} {proposal.record.name}" if proposal.record else "no record"
    rows = [
        ("about", f"{wording.words(proposal.intent)} · {record}"),
        ("confidence", f"{wording.band(proposal.confidence).word}, {wording.percent(proposal.confidence)}"),
        ("lane", str(proposal.lane)),
    ]
    rows += [
        (f"{change.product}", f"{change.field}: {wording.value(change.held)} → {wording.value(change.stated)}")
        for change in proposal.changes
    ]
    for action in proposal.actions:
        rows.append(("action", f"{wording.words(action.name)} ({action.approval})"))
        rows += [("", text) for text in wording.arguments(action, proposal)]
    rows += [("because", reason) for reason in proposal.reasons]
    for name, text in rows:
        table.add_row(Text(wording.visible(name), "dim"), Text(wording.visible(text)))
    console.print(table)


def _heading(id: str, state: str) -> Text:
    return Text.assemble((id, "bold"), "  ", (state, "cyan"))
