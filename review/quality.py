"""How surely the desk decides: where a second person looked, whether they agreed; and approvals that left no time to read.

It is about matters, not about people: nobody is named, counted or ranked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from agent.proposal import Lane
from review.schema import DecisionKind, DecisionRow, ProposalRow

FIRST = (DecisionKind.edit, DecisionKind.endorse)
AGREEING = (DecisionKind.approve, DecisionKind.endorse)
FEW = 20


class Taken(NamedTuple):
    """A decision, with the intent and lane of what it was about."""

    proposal_id: str
    kind: str
    who: str
    at: datetime
    intent: str
    lane: str


class Matter(BaseModel):
    """What was seen of one intent. `second_looks` are items that one person edited or approved in part, and another then
    decided on; of these they `agreed` where the other approved what the first had left. `looked_at` are approvals of items
    in the view *check* that followed another decision of the same person, `quick` those within `Quality.seconds` of it."""

    intent: str
    second_looks: int = 0
    agreed: int = 0
    looked_at: int = 0
    quick: int = 0

    @property
    def few(self) -> bool:
        """Too few to conclude anything from."""
        return self.second_looks + self.looked_at < FEW


class Quality(BaseModel):
    """The last `days` days, in all and by intent, the most often seen first."""

    days: int
    seconds: float
    decisions: int
    together: Matter
    matters: list[Matter]


def quality(session: Session, *, days: int, seconds: float) -> Quality:
    """Of the standing decisions on what the session's person sees."""
    columns = (DecisionRow.proposal_id, DecisionRow.kind, DecisionRow.who, DecisionRow.at)
    query = (
        select(*columns, ProposalRow.intent, ProposalRow.lane)
        .join(ProposalRow, ProposalRow.id == DecisionRow.proposal_id)
        .where(DecisionRow.at >= datetime.now(UTC) - timedelta(days=days), DecisionRow.undone_at.is_(None))
        .order_by(DecisionRow.at, DecisionRow.id)
    )
    taken = [Taken(*row) for row in session.execute(query)]
    found: dict[str, Matter] = {}
    for first, second in _second_looks(taken):
        matter = found.setdefault(first.intent, Matter(intent=first.intent))
        matter.second_looks += 1
        matter.agreed += second.kind in AGREEING
    for decision, after in _after_another(taken):
        if decision.kind == DecisionKind.approve and decision.lane == Lane.check:
            matter = found.setdefault(decision.intent, Matter(intent=decision.intent))
            matter.looked_at += 1
            matter.quick += after < timedelta(seconds=seconds)
    matters = sorted(found.values(), key=lambda m: (-(m.second_looks + m.looked_at), m.intent))
    counted = ("second_looks", "agreed", "looked_at", "quick")
    together = Matter(intent="all", **{name: sum(getattr(m, name) for m in matters) for name in counted})
    return Quality(days=days, seconds=seconds, decisions=len(taken), together=together, matters=matters)


def _second_looks(taken: Sequence[Taken]) -> Iterable[tuple[Taken, Taken]]:
    """A decision that left the item for somebody else, with that of the next person."""
    for _, group in groupby(sorted(taken, key=lambda d: (d.proposal_id, d.at)), key=lambda d: d.proposal_id):
        of_item = list(group)
        for first, second in pairwise(of_item):
            if first.kind in FIRST and second.who != first.who:
                yield first, second


def _after_another(taken: Sequence[Taken]) -> Iterable[tuple[Taken, timedelta]]:
    """Each decision with the time since the same person's one before."""
    before: dict[str, datetime] = {}
    for decision in taken:
        if decision.who in before:
            yield decision, decision.at - before[decision.who]
        before[decision.who] = decision.at
