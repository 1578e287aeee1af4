"""What people say to each other about an item, inside: comments, with the people whom they mention."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from review import log
from review.database import Database
from review.decision_rows import find_row
from review.people import Person
from review.refusals import DecisionError
from review.schema import CommentRow, MentionRow, UserRow

LONGEST = 4_000


class EmptyComment(DecisionError):
    status = 422


def comment(database: Database, proposal_id: str, *, who: Person, text: str) -> CommentRow:
    """Adds a comment; `@Name` mentions a person who may sign in. The log keeps that it was made, not what it says.

    Raises EmptyComment or UnknownProposal."""
    said = text.strip()[:LONGEST]
    if not said:
        raise EmptyComment("Write something.")
    with database.write() as session:
        row = find_row(session, proposal_id)
        mentioned = _mentioned(session, said)
        added = CommentRow(proposal_id=row.id, who=who.name, at=datetime.now(UTC), text=said, mentions=mentioned)
        session.add(added)
        session.flush()
        session.add_all(MentionRow(comment_id=added.id, name=name, proposal_id=row.id) for name in mentioned)
        content = {"who": who.name, "comment": added.id, "mentions": mentioned, "sha256": log.sha256(said)}
        log.append(session, "proposal.commented", row.id, content)
        return added


def comments_of(session: Session, proposal_id: str) -> list[CommentRow]:
    """The comments on a proposal, oldest first."""
    return list(
        session.scalars(select(CommentRow).where(CommentRow.proposal_id == proposal_id).order_by(CommentRow.id))
    )


def _mentioned(session: Session, text: str) -> list[str]:
    if "@" not in text:
        return []
    names = session.scalars(select(UserRow.name).where(UserRow.active).order_by(UserRow.name))
    return [name for name in names if re.search(rf"@{re.escape(name)}(?!\w)", text, re.IGNORECASE)]
