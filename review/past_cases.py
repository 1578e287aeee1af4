"""What people decided on earlier messages that were like one at hand: a look-up for the model, read from the decisions."""

from __future__ import annotations

from rapidfuzz import fuzz
from sqlalchemy import select

from review.database import Database
from review.schema import DecisionRow, ProposalRow, SearchText
from review.search import words_of

MOST_LOOKED_AT = 400
ALIKE = 40.0


class DecidedCases:
    """The newest decisions, by how alike the words of their messages are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def similar(self, text: str, most: int) -> list[str]:
        """One line a case, most alike first: what was decided about what kind of matter. No words of other messages."""
        newest = (
            select(DecisionRow.kind, DecisionRow.at, ProposalRow.intent, SearchText.words)
            .join(ProposalRow, ProposalRow.id == DecisionRow.proposal_id)
            .join(SearchText, SearchText.message_id == ProposalRow.message_id)
            .where(DecisionRow.undone_at.is_(None))
            .order_by(DecisionRow.at.desc())
            .limit(MOST_LOOKED_AT)
        )
        with self._database.read() as session:
            rows = session.execute(newest).all()
        words = " ".join(words_of(text))
        scored = [(fuzz.token_set_ratio(words, row.words[:2_000]), row) for row in rows]
        scored = sorted((pair for pair in scored if pair[0] >= ALIKE), key=lambda pair: -pair[0])
        return [f"{row.at:%Y-%m-%d}: {row.intent}, which a person decided to {row.kind}" for _, row in scored[:most]]
