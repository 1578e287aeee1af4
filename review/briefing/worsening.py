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
    before = (
        select(func.max(earlier.delay_days))
        .where(
            earlier.record_model == P.record_model,
            earlier.record_id == P.record_id,
            earlier.created_at < window.start,
            earlier.delay_days > 0,
        )
        .correlate(P)
        .scalar_subquery()
    )
    came = (P.created_at >= window.start) & (P.created_at < window.end) & exceptional()
    rows = select(P.id, P.record_name, P.supplier, P.delay_days, before.label("known")).where(
        came, P.record_id.is_not(None), P.delay_days > before
    )
    found = session.execute(narrowing.of_items(rows).order_by((P.delay_days - before).desc(), P.id).limit(SHOWN))
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
