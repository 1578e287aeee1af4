"""What the three panes show: where on the desk a person is, and the item in front of them with all that explains it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import BaseModel
from sqlalchemy.orm import Session

from agent.proposal import Proposal
from api.evidence import Block, blocks
from review import cases, queue, receipt_rows
from review.cases import CaseMessage
from review.decision_rows import decisions_of
from review.queue import Filters, QueueItem, View
from review.raw_store import RawStore
from review.receipt_rows import Standing
from review.schema import DecisionRow, MessageRow, ProposalRow, ProposalState
from tools.message import Message

RAW_SHOWN = 100_000
CASE_SHOWN = 8
# How the address of the desk names the filters.
QUERY = {name: "q" if name == "text" else name for name in Filters.model_fields}


class Place(BaseModel):
    """Where on the desk a person is: a view, its filters, an item."""

    view: View
    filters: Filters = Filters()
    at: str | None = None

    @classmethod
    def of(cls, link: str) -> Place:
        """The place of an address that `link` gave; of any other, the first view."""
        parts = urlsplit(link)
        given = dict(parse_qsl(parts.query))
        try:
            named = {ours: given[name] for ours, name in QUERY.items() if name in given}
            return cls(view=View(parts.path.removeprefix("/desk/")), filters=Filters(**named))
        except ValueError:
            return cls(view=View.ready)

    @property
    def query(self) -> dict[str, str]:
        """The filters that are set, as the address names them."""
        held = self.filters.model_dump(exclude_defaults=True)
        return {QUERY[ours]: str(value).lower() if value is True else str(value) for ours, value in held.items()}

    def link(self, view: View | None = None, at: str | None = None, **more: str) -> str:
        """The address of this place, or of one beside it."""
        query = self.query | ({"at": at} if at else {}) | more
        return f"/desk/{view or self.view}" + (f"?{urlencode(query)}" if query else "")


class ShownPart(BaseModel):
    """A readable part of the message, cut into blocks. `tabular` parts are laid out by columns."""

    name: str
    tabular: bool
    blocks: list[Block]

    @property
    def marked(self) -> bool:
        return any(block.marked for block in self.blocks)


class Shown(BaseModel):
    """The item in front of a person, with everything that the panes need."""

    model_config = {"arbitrary_types_allowed": True}

    row: ProposalRow
    mail: MessageRow
    proposal: Proposal
    message: Message | None
    parts: list[ShownPart]
    raw: str | None
    decisions: list[DecisionRow]
    handoff: Standing | None
    siblings: list[QueueItem]
    replaced: list[QueueItem]
    case: list[CaseMessage]
    in_case: int
    now: datetime

    @property
    def open(self) -> bool:
        return self.row.state == ProposalState.open

    @property
    def claimed_by(self) -> str | None:
        """Who has it now."""
        return holder(self.row, self.now)

    @property
    def snoozed(self) -> bool:
        return self.row.snoozed_until is not None and self.row.snoozed_until > self.now

    @property
    def seen_as(self) -> str:
        return seen_as(self.row, self.now)

    @property
    def evidence_of(self) -> dict[str, int]:
        """The first piece of evidence for each field that has words to show."""
        found: dict[str, int] = {}
        for i, evidence in enumerate(self.proposal.evidence):
            if evidence.text.strip():
                found.setdefault(evidence.field, i)
        return found

    @property
    def least_sure(self) -> tuple[str, float] | None:
        """The part of the proposal that its confidence rests on the least, where there is more than one."""
        parts: dict[str, Any] = self.proposal.parts
        return min(parts.items(), key=lambda part: part[1]) if len(parts) > 1 else None


def holder(row: ProposalRow | QueueItem, now: datetime) -> str | None:
    """Who has a proposal at that moment."""
    return row.claimed_by if row.claimed_until and row.claimed_until > now else None


def seen_as(row: ProposalRow, now: datetime) -> str:
    """What of a proposal tells whether a page still shows it as it is."""
    return f"{row.state} {row.version} {holder(row, now) or ''}".strip()


def undoable(session: Session, proposal_id: str, who: str) -> DecisionRow | None:
    """The last decision on a proposal, if this person took it and may still take it back."""
    standing = [d for d in decisions_of(session, proposal_id) if d.undone_at is None]
    mine = standing and standing[-1].who == who and standing[-1].undo_until > datetime.now(UTC)
    return standing[-1] if mine else None


def shown(session: Session, store: RawStore, proposal_id: str) -> Shown | None:
    """The item, or None when there is no such proposal."""
    found = queue.find(session, proposal_id)
    if found is None:
        return None
    row, mail = found
    offered = Proposal(**row.body)
    read = Message(**mail.read) if mail.read else None
    parts = [
        ShownPart(name=part.name, tabular=bool(part.tables), blocks=blocks(part, offered.evidence))
        for part in (read.parts if read else [])
        if part.text.strip()
    ]
    return Shown(
        row=row,
        mail=mail,
        proposal=offered,
        message=read,
        parts=parts,
        raw=None if read else raw_text(store, mail.id)[0],
        decisions=decisions_of(session, row.id),
        handoff=receipt_rows.standing(session, row.id),
        siblings=[item for item in queue.siblings(session, mail.id) if item.id != row.id],
        replaced=queue.superseded_by(session, row.id),
        case=cases.timeline(session, row.case_id, CASE_SHOWN) if row.case_id else [],
        in_case=cases.size(session, row.case_id) if row.case_id else 0,
        now=datetime.now(UTC),
    )


def raw_text(store: RawStore, message_id: str) -> tuple[str, bool]:
    """The start of the raw bytes as text, and whether more follows."""
    try:
        raw = store.get(message_id)
    except (FileNotFoundError, ValueError) as error:
        return f"[The original is not available: {error}]", False
    return raw[:RAW_SHOWN].decode("utf-8", "replace"), len(raw) > RAW_SHOWN
