"""What closes an open proposal without a person: newer news, the same news said again, an event that ends its matter.

Superseded: another proposal takes its place, and the row links to it. Expired: there is nothing left to decide. Either
way the row and the log say why. Order goes by when things happened, not by when they were read: whoever comes late
with older news is closed in favour of what is newer.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from agent.proposal import Fields, Lane
from review import log
from review.cases import shipment
from review.schema import MessageRow, ProposalRow, ProposalState
from tools.edi.document import EdiKind
from tools.message import Channel, Message

NORMAL = "delivery_update"
# States of a shipment under way: the next event says what holds now. Damage, loss and return stay true.
PASSING = ("transit_delay", "customs_hold", "delivery_failed")
TROUBLE = (*PASSING, "goods_damaged", "goods_lost", "returned_to_sender")
NEWER = "A newer message of the same sender or conversation is about the same."
SAME_NEWS = "Another message says the same."
NEXT_EVENT = "A newer event says what holds for this shipment now."
NOTHING_TO_DECIDE = "A normal transport event: nothing to decide."
ACKNOWLEDGED = "A technical acknowledgement: a machine could read what we sent. Nothing to decide."
_LANES = {Lane.manual: 0, Lane.check: 1, Lane.ready: 2}


def settle(session: Session, row: MessageRow, message: Message, added: list[ProposalRow]) -> dict[str, list[str]]:
    """Closes what a message's new proposals replace or end, or those of them that are old news themselves.

    Gives the ids of what was closed in favour of each new proposal. Each that expired is an entry of the log."""
    closed: dict[str, list[str]] = {}
    if message.event is not None:
        _follow(session, row, added)
        _close_normal(session, row, message, added)
    _close_acknowledged(session, message, added)
    for new in added:
        rivals = [
            *_earlier_news(session, row, new),
            *_same_news(session, row, new),
            *_earlier_events(session, row, new),
        ]
        for other, why in rivals:
            if new.state != ProposalState.open:
                break
            if other.state != ProposalState.open:
                continue
            older, newer = _in_order(session, other, new, row, why)
            supersede(older, newer, why)
            if newer is new:
                closed.setdefault(new.id, []).append(other.id)
    session.flush()
    return closed


def supersede(older: ProposalRow, newer: ProposalRow, why: str | None = None) -> None:
    """Closes an open proposal in favour of another. No reason is given where a message is merely read again."""
    older.state, older.superseded_by = ProposalState.superseded, newer.id
    older.closed_at, older.closed_reason = datetime.now(UTC), why


def _follow(session: Session, row: MessageRow, added: list[ProposalRow]) -> None:
    """An arrival ends the open delays of its shipment; a delay that is read after a later arrival is over too."""
    if row.shipment is None:
        return
    if row.arrived:
        why = f"The carrier says that the shipment arrived ({row.happened_at:%Y-%m-%d %H:%M} UTC)."
        for proposal, happened in _of_shipment(session, row, PASSING):
            if happened <= row.happened_at:
                _expire(session, proposal, why)
    last = select(func.max(MessageRow.happened_at)).where(MessageRow.shipment == row.shipment, MessageRow.arrived)
    arrived = session.scalar(last)
    for proposal in added:
        if arrived is not None and proposal.intent in PASSING and arrived >= row.happened_at:
            _expire(session, proposal, f"The shipment had arrived when this was read ({arrived:%Y-%m-%d %H:%M} UTC).")


def _close_normal(session: Session, row: MessageRow, message: Message, added: list[ProposalRow]) -> None:
    assert message.event is not None
    if message.event.intent == NORMAL and all(proposal.intent == NORMAL for proposal in added):
        for proposal in added:
            _expire(session, proposal, NOTHING_TO_DECIDE)


def _close_acknowledged(session: Session, message: Message, added: list[ProposalRow]) -> None:
    """Attached to a mail it stays with the mail, which may say more."""
    alone = message.channel is Channel.edi and message.documents
    if alone and all(document.kind is EdiKind.acknowledgement for document in message.documents):
        for proposal in added:
            if proposal.intent == "auto_reply":
                _expire(session, proposal, ACKNOWLEDGED)


def _earlier_news(session: Session, row: MessageRow, new: ProposalRow) -> list[tuple[ProposalRow, str]]:
    """Open proposals on the same record and intent from the same sender or the same conversation.

    A conversation counts only within the sender's own domain: a stranger who quotes a thread withdraws nothing."""
    if new.record_id is None:
        return []
    domain = row.sender_key.rpartition("@")[2]
    same_sender: ColumnElement[bool] = MessageRow.sender_key == row.sender_key
    same_thread = (MessageRow.thread == row.thread) & MessageRow.sender_key.endswith(f"@{domain}", autoescape=True)
    from_it = or_(same_sender, same_thread) if row.thread and domain else same_sender
    return [(other, NEWER) for other in _open_about(session, row, new, from_it)]


def _same_news(session: Session, row: MessageRow, new: ProposalRow) -> list[tuple[ProposalRow, str]]:
    """Open proposals of the same case that state the same of the same record, whoever brought them."""
    if new.record_id is None or new.case_id is None:
        return []
    stated = _stated(new)
    others = _open_about(session, row, new, ProposalRow.case_id == new.case_id)
    return [(other, SAME_NEWS) for other in others if _stated(other) == stated]


def _earlier_events(session: Session, row: MessageRow, new: ProposalRow) -> list[tuple[ProposalRow, str]]:
    """Open proposals about the shipment of which the older, be it the new one, tells of a passing state."""
    if row.shipment is None or new.intent not in TROUBLE:
        return []
    found = []
    for other, happened in _of_shipment(session, row, TROUBLE):
        older = new if happened > row.happened_at else other
        if other.message_id != row.id and older.intent in PASSING:
            found.append((other, NEXT_EVENT))
    return found


def _in_order(
    session: Session, other: ProposalRow, new: ProposalRow, row: MessageRow, why: str
) -> tuple[ProposalRow, ProposalRow]:
    """The one that is closed, and the one that stays. Of the same news the better founded stays, else the first."""
    if why == SAME_NEWS:
        better = (_LANES[Lane(new.lane)], new.confidence) > (_LANES[Lane(other.lane)], other.confidence)
        return (other, new) if better else (new, other)
    newer = session.get_one(MessageRow, other.message_id).happened_at > row.happened_at
    return (new, other) if newer else (other, new)


def _open_about(session: Session, row: MessageRow, new: ProposalRow, where: ColumnElement[bool]) -> list[ProposalRow]:
    """Open proposals of other messages on the same record and intent; of several parcels only those of the same."""
    if row.shipment is not None:
        where = where & (func.coalesce(MessageRow.shipment, row.shipment) == row.shipment)
    query = _open().where(
        ProposalRow.message_id != new.message_id,
        ProposalRow.intent == new.intent,
        ProposalRow.record_model == new.record_model,
        ProposalRow.record_id == new.record_id,
        where,
    )
    return [other for other, _ in session.execute(query)]


def _of_shipment(session: Session, row: MessageRow, intents: tuple[str, ...]) -> list[tuple[ProposalRow, datetime]]:
    """Open proposals about the shipment of an event: other events of it, and mails that state its number."""
    query = (
        _open()
        .add_columns(MessageRow.shipment)
        .where(
            ProposalRow.intent.in_(intents),
            or_(MessageRow.shipment == row.shipment, ProposalRow.case_id == row.case_id),
        )
    )
    return [
        (proposal, happened)
        for proposal, happened, known in session.execute(query)
        if row.shipment in (known, shipment(proposal.body["fields"]["tracking"]))
    ]


def _open() -> Select[ProposalRow, datetime]:
    query = select(ProposalRow, MessageRow.happened_at).join(MessageRow, MessageRow.id == ProposalRow.message_id)
    return query.where(ProposalRow.state == ProposalState.open)


def _stated(proposal: ProposalRow) -> dict[str, object]:
    return Fields(**proposal.body["fields"]).stated()


def _expire(session: Session, proposal: ProposalRow, why: str) -> None:
    if proposal.state != ProposalState.open:
        return
    proposal.state, proposal.closed_at, proposal.closed_reason = ProposalState.expired, datetime.now(UTC), why
    log.append(session, "proposal.expired", proposal.id, {"reason": why})
