"""Which messages are about one matter: a case holds a conversation, a shipment or an order, whatever the channel.

A message finds its case by the strongest thing that it names: the case's own token, the conversation that it answers,
the shipment, the record, and at last a subject that is alike. What it names beyond that then belongs to the case too.
Putting messages together is for reading; what closes a proposal is decided in `review.closing`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from agent.directory import is_free_mail, registrable
from review.log import sha256
from review.schema import CaseKey, CaseRow, MessageRow, MessageState, ProposalRow, ProposalState
from tools.message import Channel, Message
from tools.phrases import either

FRESH = timedelta(days=60)  # an order or shipment that was quiet for longer begins a new matter
SUBJECT_FRESH = timedelta(days=14)
SENT_AGAIN = timedelta(days=1)
SHORTEST_TEXT = 20
MOST_REFERENCES = 50
_TOKEN = re.compile(r"\[XD-([0-9a-f]{12})\]", re.IGNORECASE)


class CaseMessage(BaseModel):
    """A message of a case, for its timeline."""

    id: str
    received_at: datetime
    happened_at: datetime
    channel: str
    sender: str
    subject: str
    state: str
    duplicate_of: str | None
    proposals: list[CaseProposal] = []


class CaseProposal(BaseModel):
    id: str
    intent: str
    record_name: str | None
    state: str
    closed_reason: str | None


def token(case_id: str) -> str:
    """What a person puts into the subject of a new mail so that the answer finds the case."""
    return f"[XD-{case_id}]"


def assign(session: Session, row: MessageRow, message: Message, proposals: Sequence[ProposalRow]) -> None:
    """Puts a message into its case, and each proposal into that of its record. A message's case never changes."""
    conversation, shipments = _conversation(message), _shipments(message, proposals)
    records = list(dict.fromkeys(key for p in proposals if (key := _record_key(p))))
    fresh = row.received_at - FRESH
    case = (
        session.get(CaseRow, row.case_id or "")
        or _named(session, row.subject)
        or _holder(session, conversation)
        or _holder(session, shipments, fresh)
        or _holder(session, records, fresh)
        or _alike(session, row, message, records)
        or _open(session, row, row.subject)
    )
    row.case_id = case.id
    case.updated_at = max(case.updated_at, row.received_at)
    _give(session, case, [*conversation, *shipments, *_subject_keys(row, message)], fresh)
    for proposal in proposals:
        key = _record_key(proposal)
        proposal.case_id = _case_of_record(session, case, key, row, proposal).id if key else case.id
    session.flush()


def repeated(session: Session, row: MessageRow, message: Message) -> str | None:
    """The earlier message that this one merely repeats: the same mail that came twice, or was sent twice.

    The same Message-ID with the same text is the same mail, delivered another way. Another one with the same sender,
    subject and text within a day repeats it while nothing was decided; after a decision it is a reminder."""
    if row.text_hash is None:
        return None
    earlier = (
        select(MessageRow)
        .where(
            MessageRow.text_hash == row.text_hash,
            MessageRow.sender_key == row.sender_key,
            MessageRow.id != row.id,
            MessageRow.state == MessageState.triaged,
            MessageRow.duplicate_of.is_(None),
        )
        .order_by(MessageRow.received_at)
    )
    for other in session.scalars(earlier.limit(20)):
        if row.mail_id is not None and other.mail_id == row.mail_id:
            return other.id
        near = abs(row.received_at - other.received_at) <= SENT_AGAIN
        same = near and other.channel == row.channel and other.subject == row.subject
        if same and len(message.new_text) >= SHORTEST_TEXT and _undecided(session, other.id):
            return other.id
    return None


def text_hash(message: Message) -> str | None:
    """What a message says, as a hash: its new words and its files. None where it says nothing, and for events."""
    words = " ".join(message.new_text.casefold().split())
    if message.channel is Channel.carrier or not (words or message.attachments):
        return None
    said = [
        words,
        message.document_model or "",
        str(message.document_id),
        *sorted(a.sha256 for a in message.attachments),
    ]
    return sha256("\0".join(said))


def shipment(tracking: str | None) -> str | None:
    """A tracking number in one spelling; None for what is too short to tell shipments apart."""
    plain = re.sub(r"[^0-9a-z]", "", (tracking or "").casefold())
    return plain if len(plain) >= 6 else None


def timeline(session: Session, case_id: str, limit: int = 200) -> list[CaseMessage]:
    """The newest messages of a case, oldest first: its own, and those with a proposal about its record."""
    newest = select(MessageRow).where(_in_case(case_id)).order_by(MessageRow.happened_at.desc(), MessageRow.id)
    rows = session.scalars(newest.limit(limit)).all()
    found = {
        row.id: CaseMessage(**{name: getattr(row, name) for name in CaseMessage.model_fields if name != "proposals"})
        for row in reversed(rows)
    }
    proposals = select(ProposalRow).where(ProposalRow.message_id.in_(found)).order_by(ProposalRow.ordinal)
    for proposal in session.scalars(proposals):
        fields = {name: getattr(proposal, name) for name in CaseProposal.model_fields}
        found[proposal.message_id].proposals.append(CaseProposal(**fields))
    return list(found.values())


def size(session: Session, case_id: str) -> int:
    """How many messages a case has."""
    return session.execute(select(func.count()).select_from(MessageRow).where(_in_case(case_id))).scalar_one()


def _in_case(case_id: str) -> ColumnElement[bool]:
    about = select(ProposalRow.message_id).where(ProposalRow.case_id == case_id)
    return (MessageRow.case_id == case_id) | MessageRow.id.in_(about)


def _undecided(session: Session, message_id: str) -> bool:
    still = select(ProposalRow.id).where(ProposalRow.message_id == message_id, ProposalRow.state == ProposalState.open)
    return session.scalars(still.limit(1)).first() is not None


def _conversation(message: Message) -> list[str]:
    """Keys of the mail answered, of those it refers to, and of its own, in this order."""
    ids = [*message.in_reply_to[:MOST_REFERENCES], *([message.message_id] if message.message_id else [])]
    return [f"mail:{each}" for each in dict.fromkeys(ids)]


def _shipments(message: Message, proposals: Iterable[ProposalRow]) -> list[str]:
    stated = [message.event.tracking if message.event else None, *(p.body["fields"]["tracking"] for p in proposals)]
    return [f"shipment:{plain}" for plain in dict.fromkeys(map(shipment, stated)) if plain]


def _record_key(proposal: ProposalRow) -> str | None:
    if proposal.record_id is None:
        return None
    return f"record:{proposal.record_model},{proposal.record_id}"


def _subject_keys(row: MessageRow, message: Message) -> list[str]:
    """A subject that tells something apart (it holds a digit), within one company; on free mail, one address."""
    bare = row.subject.casefold()
    while (shorter := _prefix().sub("", bare)) != bare:
        bare = shorter
    bare = " ".join(re.sub(r"[^\w]+", " ", bare).split())
    domain = registrable(message.sender.email)
    party = row.sender_key if not domain or is_free_mail(domain) else domain
    return [f"subject:{party}:{bare[:300]}"] if any(c.isdigit() for c in bare) and message.sender.email else []


@cache
def _prefix() -> re.Pattern[str]:
    """What mail programs and lists put before a subject: "Re:", "AW[2]:", "[extern]"."""
    kinds = f"(?:{either('reply_prefix')}|{either('forward_prefix')})"
    return re.compile(rf"^\s*(?:{kinds}(?:\[\d+\])?\s*:|\[[^\]\d]{{1,40}}\])\s*", re.IGNORECASE)


def _named(session: Session, subject: str) -> CaseRow | None:
    found = _TOKEN.search(subject)
    return session.get(CaseRow, found[1].lower()) if found else None


def _holder(session: Session, keys: Sequence[str], since: datetime | None = None) -> CaseRow | None:
    """The case that the first of `keys` belongs to, if a message of it came after `since`."""
    if not keys:
        return None
    query = select(CaseKey.key, CaseRow).join(CaseRow, CaseRow.id == CaseKey.case_id).where(CaseKey.key.in_(keys))
    held = {key: case for key, case in session.execute(query) if since is None or case.updated_at >= since}
    return next((held[key] for key in keys if key in held), None)


def _alike(session: Session, row: MessageRow, message: Message, records: Sequence[str]) -> CaseRow | None:
    """The case of a like subject. It is a hint only: a case about another record is another case."""
    case = _holder(session, _subject_keys(row, message), row.received_at - SUBJECT_FRESH)
    if case is None or (records and _has_record(session, case)):
        return None
    return case


def _has_record(session: Session, case: CaseRow) -> bool:
    query = select(CaseKey.key).where(CaseKey.case_id == case.id, CaseKey.key.startswith("record:"))
    return session.scalars(query.limit(1)).first() is not None


def _case_of_record(session: Session, case: CaseRow, key: str, row: MessageRow, proposal: ProposalRow) -> CaseRow:
    """The case of a record: the one that has it, the message's own while that has none, else a new one."""
    fresh = row.received_at - FRESH
    held = _holder(session, [key], fresh)
    if held is None:
        held = _open(session, row, proposal.record_name or row.subject) if _has_record(session, case) else case
        _give(session, held, [key], fresh)
    held.updated_at = max(held.updated_at, row.received_at)
    return held


def _open(session: Session, row: MessageRow, subject: str) -> CaseRow:
    case = CaseRow(id=secrets.token_hex(6), subject=subject, opened_at=row.received_at, updated_at=row.received_at)
    session.add(case)
    session.flush()
    return case


def _give(session: Session, case: CaseRow, keys: Sequence[str], fresh: datetime) -> None:
    """Makes keys that no living case has those of `case`. A conversation stays where it began."""
    query = select(CaseKey, CaseRow.updated_at).join(CaseRow, CaseRow.id == CaseKey.case_id)
    held = {row.key: (row, updated) for row, updated in session.execute(query.where(CaseKey.key.in_(keys)))}
    for key in dict.fromkeys(keys):
        if key not in held:
            session.add(CaseKey(key=key, case_id=case.id))
        elif held[key][1] < fresh and not key.startswith("mail:"):
            held[key][0].case_id = case.id
    session.flush()
