"""Hand-made messages and outcomes, so that what is remembered is tested apart from what is thought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from agent.proposal import (
    Action,
    Candidate,
    Change,
    Evidence,
    Fields,
    Impact,
    ImpactItem,
    Lane,
    LineFields,
    Proposal,
    RecordRef,
    Triage,
)
from agent.taught import NOTHING, Taught
from review.database import Database, open_database
from review.intake import receive, triage_message
from review.people import Person
from review.raw_store import RawStore
from review.settings import Settings
from tools.message import Channel, Message

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ORDER = RecordRef(model="purchase.order", id=41, name="P00041")
OTHER = RecordRef(model="purchase.order", id=42, name="P00042")


def mail(text: str = "New date: 14 December.", sender: str = "ann@supplier.example", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "orders@us.example"
    message["Subject"] = headers.pop("subject", "P00041: later")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def date_change(record: RecordRef | None = ORDER, **changes: object) -> Proposal:
    """The supplier moves line 97 of an order from 1 to 14 December; a customer's order becomes late."""
    proposal = Proposal(
        intent="delivery_date_change",
        record=record and record.model_copy(),
        candidates=[
            Candidate(**ORDER.model_dump(), score=0.97, reasons=["The number P00041 stands in the subject."]),
            Candidate(**OTHER.model_dump(), score=0.31, reasons=["Another open order of the sender."]),
        ],
        fields=Fields(lines=[LineFields(line_id=97, product="FURN_7800", date="2026-12-14")]),
        evidence=[Evidence(field="lines[0].date", part="body", start=10, end=21, text="14 December")],
        changes=[Change(line_id=97, product="Desk", field="date", held="2026-12-01", stated="2026-12-14")],
        impact=Impact(
            items=[
                ImpactItem(
                    record=RecordRef(model="sale.order", id=7, name="S00007"),
                    customer="Corner Shop",
                    promised="2026-12-05",
                    expected="2026-12-16",
                    value=1200.0,
                    late=True,
                )
            ]
        ),
        actions=[
            Action(name="update_delivery_date", arguments={"lines": [{"line_id": 97, "date": "2026-12-14"}]}),
            Action(name="notify_customer", draft="Dear Corner Shop, your order will be later."),
        ],
        confidence=0.93,
        lane=Lane.ready,
        reasons=["The order is named letter by letter."],
        record_write_date="2026-11-20 10:00:00",
    )
    return proposal.model_copy(update=changes)


class ScriptedEngine:
    """An engine that gives what it was told to, or raises it."""

    def __init__(self, *proposals: Proposal, error: Exception | None = None, manual: str | None = None) -> None:
        self.proposals, self.error, self.manual_reason = proposals, error, manual
        self.calls = 0

    def triage(self, message: Message, taught: Taught = NOTHING) -> Triage:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return Triage(
            message_id=message.id,
            proposals=[p.model_copy(deep=True) for p in self.proposals],
            manual=self.manual_reason is not None,
            manual_reason=self.manual_reason,
            versions={"policy": "abc"},
        )

    def rehearse(self, message: Message, taught: Taught) -> Triage:
        return self.triage(message, taught)


class Desk:
    """A database and raw store in a temporary folder, with short ways to fill them."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder)
        self.database: Database = open_database(self.settings)
        self.store = RawStore(folder / "raw")
        self.minutes = 0

    def take(
        self,
        raw: bytes,
        engine: ScriptedEngine,
        at: datetime | None = None,
        channel: Channel = Channel.email,
    ) -> str:
        """Receives and triages a message; each comes a minute after the one before. Gives its id."""
        self.minutes += 1
        at = at or START + timedelta(minutes=self.minutes)
        message_id = receive(self.database, self.store, raw, channel, at)
        triage_message(self.database, self.store, message_id, engine)
        return message_id

    def propose(self, *proposals: Proposal, text: str = "New date: 14 December.", **mail_parts: str) -> str:
        """Takes a mail with these proposals (a change of date if none) and gives the id of the first."""
        raw = mail(text=f"{text}\n\nMail {self.minutes}", **mail_parts)
        return f"{self.take(raw, ScriptedEngine(*(proposals or (date_change(),))))[:20]}-0"


ROBIN = Person(name="Robin", role="reviewer")
SAM = Person(name="Sam", role="supervisor")
