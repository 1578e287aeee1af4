"""Open exceptions by the team whose they are and by age, and what waits for a second person or failed on its way."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from review.briefing.content import Ageing, Waiting
from review.briefing.items import open_at
from review.briefing.metric import Narrowing
from review.briefing.window import Window
from review.schema import DeliveryRow, HandoffRow, HandoffState, ProposalRow

P, H = ProposalRow, HandoffRow
AGES = (("up to 4 h", 4), ("up to 1 day", 24), ("up to 3 days", 72), ("older", None))
NO_TEAM = "no team"
SHOWN = 10
DIFFERENT = (HandoffState.differs, HandoffState.overdue)


def ageing(session: Session, window: Window, narrowing: Narrowing) -> list[Ageing]:
    """A row a team; those with the most open exceptions first."""
    limits = [window.end - timedelta(hours=hours) for _, hours in AGES if hours is not None]
    age = case(*((P.received_at >= limit, n) for n, limit in enumerate(limits)), else_=len(limits))
    late = func.sum(case((P.due_at <= window.end, 1), else_=0))
    rows = select(P.team, age, func.count(), late).where(open_at(window.end)).group_by(P.team, age)
    found: dict[str, Ageing] = {}
    for team, place, count, overdue in session.execute(narrowing.of_items(rows)):
        row = found.setdefault(team or NO_TEAM, Ageing(team=team or NO_TEAM, counts=[0] * len(AGES), overdue=0))
        row.counts[place] += count
        row.overdue += overdue
    return sorted(found.values(), key=lambda row: (-sum(row.counts), row.team))


def approvals(session: Session, window: Window, narrowing: Narrowing) -> list[Waiting]:
    """What one person has edited or approved and another must approve, the first due first."""
    columns = (P.id, P.record_name, P.intent, P.due_at, P.received_at, P.value_at_risk)
    rows = select(*columns).where(open_at(window.end), P.edited_by.is_not(None)).order_by(P.due_at, P.id).limit(SHOWN)
    return [
        Waiting(
            record=row.record_name or "no record",
            what=row.intent,
            since=row.received_at,
            value=row.value_at_risk,
            link=f"/proposal/{row.id}",
        )
        for row in session.execute(narrowing.of_items(rows))
    ]


def troubled(session: Session, window: Window, narrowing: Narrowing) -> list[Waiting]:
    """Handoffs that failed, and those that came to differ or be overdue in the window, the newest first, as known now."""
    at = func.coalesce(H.settled_at, H.created_at)
    failed, different = H.state == HandoffState.dead, H.state.in_(DIFFERENT) & (at >= window.start)
    rows = (
        select(
            P.id, P.record_name, P.value_at_risk, H.state, at.label("at"), func.max(DeliveryRow.problem).label("why")
        )
        .join_from(H, P, P.id == H.proposal_id)
        .outerjoin(DeliveryRow, DeliveryRow.handoff_id == H.id)
        .where(failed | different, at < window.end)
        .group_by(H.id, P.id, P.record_name, P.value_at_risk, H.state, at)
        .order_by(at.desc(), P.id)
        .limit(SHOWN)
    )
    return [
        Waiting(
            record=row.record_name or "no record",
            what=f"{row.state}: {row.why}" if row.state == HandoffState.dead and row.why else row.state,
            since=row.at,
            value=row.value_at_risk,
            link=f"/proposal/{row.id}",
        )
        for row in session.execute(narrowing.of_items(rows))
    ]
