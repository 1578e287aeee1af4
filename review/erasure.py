"""Erasing what a message told of persons: its bytes and texts, and what the log says of it. What was decided stays.

Intent, record, actions, confidence and who decided stay for the figures; the chain of the log stays whole.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, undefer

from review import log, search
from review.database import Database
from review.raw_store import RawStore
from review.schema import (
    CaseKey,
    CaseRow,
    CommentRow,
    DecisionRow,
    DeliveryRow,
    DeliveryState,
    HandoffRow,
    MessageRow,
    MessageState,
    ModelCallRow,
    ProposalRow,
    ReceiptRow,
)
from review.schema import ProposalState as State

KEPT = ("intent", "record", "confidence", "parts", "lane", "features", "record_write_date")
AT_ONCE = 20


class StillNeeded(Exception):
    """Something about the message is not finished. The sentence says what."""


def erase_message(database: Database, store: RawStore, message_id: str, *, who: str, why: str) -> int:
    """Erases a message and gives how many entries of the log lost their content. Raises StillNeeded while something
    about it is open or on its way, KeyError for a message that there is not."""
    with database.write() as session:
        row = session.get(MessageRow, message_id, options=[undefer(MessageRow.read)])
        if row is None:
            raise KeyError(message_id)
        proposals = list(
            session.scalars(
                select(ProposalRow).where(ProposalRow.message_id == message_id).options(undefer(ProposalRow.body))
            )
        )
        _require_finished(session, row, proposals)
        # A case bears the subject of the message that began it.
        session.execute(
            update(CaseRow).where(CaseRow.id == row.case_id, CaseRow.subject == row.subject).values(subject="")
        )
        _forget_case_keys(session, row)
        session.execute(update(ModelCallRow).where(ModelCallRow.message_id == message_id).values(response=None))
        row.subject = row.sender = row.sender_key = ""
        search.index(session, message_id, [])
        row.read, row.mail_id, row.thread, row.error, row.problems = None, None, None, None, []
        for proposal in proposals:
            proposal.body = _without_words(proposal.body)
            _strip(session, proposal.id)
        subjects = [message_id, *(p.id for p in proposals)]
        erased = log.erase(session, subjects, who, why)
    store.remove(message_id)
    return erased


def erase_old(database: Database, store: RawStore, retention: timedelta) -> int:
    """Erases messages that were received longer ago than `retention` and are finished. Gives how many."""
    before = datetime.now(UTC) - retention
    is_open = select(ProposalRow.id).where(ProposalRow.message_id == MessageRow.id, ProposalRow.state == State.open)
    old = select(MessageRow.id).where(
        MessageRow.received_at < before,
        MessageRow.state != MessageState.received,
        MessageRow.sender != "",
        ~is_open.exists(),
    )
    with database.read() as session:
        due = list(session.scalars(old.order_by(MessageRow.received_at).limit(AT_ONCE)))
    done = 0
    for message_id in due:
        try:
            erase_message(database, store, message_id, who="retention", why=f"older than {retention.days} days")
            done += 1
        except StillNeeded:
            continue
    return done


def _require_finished(session: Session, row: MessageRow, proposals: list[ProposalRow]) -> None:
    if row.state == MessageState.received:
        raise StillNeeded("The message is not triaged yet.")
    if any(p.state == State.open for p in proposals):
        raise StillNeeded("A proposal of the message is open: decide on it first.")
    under_way = (
        select(DeliveryRow.handoff_id)
        .join(HandoffRow, HandoffRow.id == DeliveryRow.handoff_id)
        .where(
            HandoffRow.proposal_id.in_([p.id for p in proposals]),
            DeliveryRow.state.in_((DeliveryState.waiting, DeliveryState.dead)),
        )
    )
    if session.scalars(under_way.limit(1)).first() is not None:
        raise StillNeeded("A decision on the message is on its way: wait for it, or replay or drop it.")


def _forget_case_keys(session: Session, row: MessageRow) -> None:
    """The keys of a case hold subjects and Message-IDs: they go with the last of its messages, which no answer finds then."""
    others = select(MessageRow.id).where(
        MessageRow.case_id == row.case_id, MessageRow.id != row.id, MessageRow.sender != ""
    )
    if row.case_id is not None and session.scalars(others.limit(1)).first() is None:
        session.execute(delete(CaseKey).where(CaseKey.case_id == row.case_id))


def _strip(session: Session, proposal_id: str) -> None:
    for decision in session.scalars(select(DecisionRow).where(DecisionRow.proposal_id == proposal_id)):
        decision.proposed, decision.decided = _without_words(decision.proposed), _without_words(decision.decided)
        decision.difference = [{"path": change["path"]} for change in decision.difference]
        decision.note = None
    for comment in session.scalars(select(CommentRow).where(CommentRow.proposal_id == proposal_id)):
        comment.text = ""
    queued = select(HandoffRow).where(HandoffRow.proposal_id == proposal_id).options(undefer(HandoffRow.body))
    for handoff in session.scalars(queued):
        event = json.loads(handoff.body)
        for action in event["data"]["actions"]:
            action.pop("draft", None)
        handoff.body = json.dumps(event, ensure_ascii=False)
        # What a receiver said of it may name anybody.
        session.execute(update(ReceiptRow).where(ReceiptRow.handoff_id == handoff.id).values(detail=None))
        session.execute(update(DeliveryRow).where(DeliveryRow.handoff_id == handoff.id).values(problem=None))


def _without_words(body: dict[str, Any]) -> dict[str, Any]:
    """A proposal without what was read, drafted or explained."""
    kept = {name: body[name] for name in KEPT if name in body}
    return {**kept, "actions": [{"name": a["name"], "rule": a["rule"]} for a in body.get("actions", [])]}
