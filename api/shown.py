"""What the three panes show: where on the desk a person is, and the item in front of them with all that explains it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from agent.proposal import Proposal
from api.compared import Difference, ShownLine, differences, lines_of
from api.evidence import Block, blocks
from review import cases, queue, receipt_rows
from review.bands import band
from review.cases import CaseMessage
from review.comments import comments_of
from review.decision_rows import decisions_of
from review.queue import Filters, QueueItem, View
from review.raw_store import RawStore
from review.receipt_rows import Standing
from review.schema import CommentRow, DecisionKind, DecisionRow, MessageRow, ProposalRow, ProposalState, SavedView
from tools.message import Message, PassageKind

RAW_SHOWN = 100_000
NEWER_SHOWN = 4_000
CASE_SHOWN = 8
# Decisions that leave the proposal open, as its next version.
GOES_ON = {DecisionKind.edit, DecisionKind.endorse, DecisionKind.manual, DecisionKind.split_up}
# How the address of the desk names the filters.
QUERY = {name: "q" if name == "text" else name for name in Filters.model_fields}


class Place(BaseModel):
    """Where on the desk a person is: a view, its filters, an item. `after` is the cursor that the list begins behind;
    `bulk`: several items are approved together; `seen` is the version of the item that was seen before."""

    view: View
    filters: Filters = Filters()
    at: str | None = None
    after: str | None = None
    bulk: bool = False
    seen: int | None = None

    @classmethod
    def of(cls, link: str) -> Place:
        """The place of an address that `link` gave; of any other, the first view."""
        try:
            parts = urlsplit(link)
            given = dict(parse_qsl(parts.query))
            named = {ours: given[name] for ours, name in QUERY.items() if name in given}
            after, bulk = given.get("after"), "bulk" in given
            return cls(view=View(parts.path.removeprefix("/desk/")), filters=Filters(**named), after=after, bulk=bulk)
        except ValueError:
            return cls(view=View.ready)

    @classmethod
    def of_kept(cls, kept: SavedView) -> Place:
        return cls(view=View(kept.view), filters=Filters(**kept.filters))

    @property
    def query(self) -> dict[str, str]:
        """The filters that are set, as the address names them."""
        held = self.filters.model_dump(exclude_defaults=True)
        return {QUERY[ours]: str(value).lower() if value is True else str(value) for ours, value in held.items()}

    def link(self, view: View | None = None, at: str | None = None, **more: str) -> str:
        """The address of this place, or of one beside it. Another view's list begins at its top."""
        query = dict(self.query)
        if view in (None, self.view):
            query |= ({"after": self.after} if self.after else {}) | ({"bulk": "1"} if self.bulk else {})
        query |= ({"at": at} if at else {}) | more
        return f"/desk/{view or self.view}" + (f"?{urlencode(query)}" if query else "")

    def beyond(self, cursor: str | None) -> Place:
        """The same list from a cursor on, or from its top."""
        return self.model_copy(update={"after": cursor, "at": None})

    def narrowed(self, **filters: object) -> Place:
        """The top of the same view with other filters."""
        return Place(view=self.view, filters=self.filters.model_copy(update=filters))

    def together(self, item: ProposalRow) -> Place:
        """Where an item is approved together with others of its kind."""
        alike = self.narrowed(intent=item.intent, band=band(item.confidence).key)
        return alike.model_copy(update={"bulk": True})

    def apart(self) -> Place:
        """The same, one by one."""
        return self.narrowed(intent=None, band=None) if self.bulk else self


class ShownPart(BaseModel):
    """A readable part of the message, cut into blocks. `tabular` parts are laid out by columns."""

    name: str
    tabular: bool
    blocks: list[Block]

    @property
    def marked(self) -> bool:
        return any(block.marked for block in self.blocks)


class Newer(BaseModel):
    """The message with which the conversation went on after the item was proposed: what is new in it."""

    id: str
    sender: str
    subject: str
    received_at: datetime
    text: str


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
    alike: list[QueueItem]
    comments: list[CommentRow]
    differences: list[Difference]
    since: Literal["seen", "replaced"]
    newer: Newer | None
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
        return seen_as(self.row, len(self.comments), self.now)

    @property
    def lines(self) -> list[ShownLine]:
        return lines_of(self.proposal)

    @property
    def moved(self) -> set[str]:
        """Keys of the values that are not as they were when they were seen."""
        return {each.key.removesuffix(" held") for each in self.differences}

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


def seen_as(row: ProposalRow, comments: int, now: datetime) -> str:
    """What of a proposal tells whether a page still shows it as it is."""
    return f"{row.state} {row.version} {comments} {[holder(row, now), row.assignee, row.team]}"


def undoable(session: Session, proposal_id: str, who: str) -> DecisionRow | None:
    """The last decision on a proposal, if this person took it and may still take it back."""
    standing = [d for d in decisions_of(session, proposal_id) if d.undone_at is None]
    mine = standing and standing[-1].who == who and standing[-1].undo_until > datetime.now(UTC)
    return standing[-1] if mine else None


def undo_of(decision: DecisionRow) -> dict[str, Any]:
    """What a page needs to take a decision back: the version that the proposal has now, and for how long."""
    left = (decision.undo_until - datetime.now(UTC)).total_seconds()
    return {"version": decision.version + (decision.kind in GOES_ON), "seconds": max(left, 0.0)}


def shown(session: Session, store: RawStore, proposal_id: str, seen: int | None = None) -> Shown | None:
    """The item, or None when there is no such proposal. With `seen`, also what differs from that version of it, else
    from the proposal that it replaced."""
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
    decisions = decisions_of(session, row.id)
    replaced = queue.superseded_by(session, row.id)
    before = _body_at(decisions, seen) if seen is not None else None
    since: Literal["seen", "replaced"] = "seen" if before else "replaced"
    if before is None and replaced:
        before = session.scalars(select(ProposalRow.body).where(ProposalRow.id == replaced[-1].id)).one()
    return Shown(
        row=row,
        mail=mail,
        proposal=offered,
        message=read,
        parts=parts,
        raw=None if read else raw_text(store, mail.id)[0],
        decisions=decisions,
        handoff=receipt_rows.standing(session, row.id),
        siblings=[item for item in queue.siblings(session, mail.id) if item.id != row.id],
        replaced=replaced,
        alike=queue.alike(session, row) if row.state == ProposalState.open else [],
        comments=comments_of(session, row.id),
        differences=differences(Proposal(**before), offered) if before else [],
        since=since,
        newer=_newer(session, row),
        case=cases.timeline(session, row.case_id, CASE_SHOWN) if row.case_id else [],
        in_case=cases.size(session, row.case_id) if row.case_id else 0,
        now=datetime.now(UTC),
    )


def _body_at(decisions: list[DecisionRow], version: int) -> dict[str, Any] | None:
    """What was proposed at a version that a decision began or ended."""
    ended = {decision.version: decision.proposed for decision in decisions}
    began = {decision.version + 1: decision.decided for decision in decisions}
    return (began | ended).get(version)


def _newer(session: Session, row: ProposalRow) -> Newer | None:
    if row.state != ProposalState.open or row.moved_by is None:
        return None
    mail = session.scalars(select(MessageRow).where(MessageRow.id == row.moved_by).options(undefer(MessageRow.read)))
    found = mail.first()
    if found is None:  # it is of another team
        return None
    body = next((part for part in Message(**found.read).parts if part.name == "body"), None) if found.read else None
    new = [body.text[p.start : p.end] for p in body.passages if p.kind is PassageKind.new] if body else []
    text = "".join(new).strip()[:NEWER_SHOWN]
    return Newer(id=found.id, sender=found.sender, subject=found.subject, received_at=found.received_at, text=text)


def raw_text(store: RawStore, message_id: str) -> tuple[str, bool]:
    """The start of the raw bytes as text, and whether more follows."""
    try:
        raw = store.get(message_id)
    except (FileNotFoundError, ValueError) as error:
        return f"[The original is not available: {error}]", False
    return raw[:RAW_SHOWN].decode("utf-8", "replace"), len(raw) > RAW_SHOWN
