"""What got worse: news that a record will be later than earlier news of it had said."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from review.briefing.content import Worsening
from review.briefing.items import exceptional
from review.briefing.metric import Narrowing
from review.briefing.window import Window
from review.schema import ProposalRow

P = ProposalRow
SHOWN = 10


def worsening(session: Session, window: Window, narrowing: Narrowing) -> list[Worsening]:
    """Records whose delay is longer in the window's news than in any before, the worst first."""
    earlier = aliased(P)
    known = (
        select(earlier.record_model, earlier.record_id, func.max(earlier.delay_days).label("days"))
        .where(earlier.created_at < window.start, earlier.delay_days > 0, earlier.record_id.is_not(None))
        .group_by(earlier.record_model, earlier.record_id)
        .subquery()
    )
    came = (P.created_at >= window.start) & (P.created_at < window.end) & exceptional()
    same = (P.record_model == known.c.record_model) & (P.record_id == known.c.record_id)
    rows = (
        select(P.id, P.record_name, P.supplier, P.delay_days, known.c.days.label("known"))
        .join(known, same)
        .where(came, P.delay_days > known.c.days)
    )
    found = session.execute(narrowing.of_items(rows).order_by((P.delay_days - known.c.days).desc(), P.id).limit(SHOWN))
    return [
        Worsening(
            record=row.record_name or "",
            supplier=row.supplier or "",
            days=row.delay_days,
            days_before=row.known,
            link=f"/proposal/{row.id}",
        )
        for row in found
    ]
