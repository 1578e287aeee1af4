"""Customers' orders that will be late: by value, with whose matter each is and until when it has to be decided."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.briefing.content import AtRisk, Fact
from review.briefing.facts import rows_link
from review.briefing.items import open_at
from review.briefing.metric import Better, Metric, Narrowing, Of, Rows, Take, Unit
from review.briefing.window import Window
from review.schema import ProposalRow

P = ProposalRow
SHOWN = 10


def _rows(window: Window) -> Rows:
    late = P.value_at_risk > 0
    found = select(P.id.label("id"), P.received_at.label("at"), P.value_at_risk.label("value"))
    return found.where(open_at(window.end), late)


def _overdue_rows(window: Window) -> Rows:
    return _rows(window).where(P.due_at <= window.end)


# Per exception; the figures below count each customer's order once, however many exceptions name it.
AT_RISK = Metric(
    name="exceptions_at_risk",
    title="Exceptions with orders at risk",
    sentence="{value} open exceptions put orders at risk",
    definition="Open exceptions by which customers' orders will be late, as the records were when they were proposed.",
    formula="number of open exceptions with a value at risk",
    take=Take.number,
    unit=Unit.number,
    better=Better.less,
    of=Of.proposal,
    rows=_rows,
    state=True,
)
AT_RISK_OVERDUE = Metric(
    name="at_risk_overdue",
    title="Orders at risk, past the deadline",
    sentence="{value} exceptions that put orders at risk are past the deadline",
    definition="Of these, those whose time to decide was up at the end.",
    formula="number of open exceptions with a value at risk and a deadline up to the end",
    take=Take.number,
    unit=Unit.number,
    better=Better.less,
    of=Of.proposal,
    rows=_overdue_rows,
    state=True,
)


def at_risk(session: Session, window: Window, narrowing: Narrowing) -> tuple[list[AtRisk], list[Fact]]:
    """The orders at risk with the greatest value, and what they come to: orders, customers and value."""
    now, before = (_by_order(session, stretch, narrowing) for stretch in (window, window.before))
    sums = [_sums(found) for found in (now, before)]
    link = rows_link(AT_RISK.name, window, **narrowing.given)
    told = (
        ("orders_at_risk", "Orders at risk", "{value} {order is|orders are} at risk of being late", Unit.number),
        ("customers_at_risk", "Customers at risk", "{value} {customer has|customers have} orders at risk", Unit.number),
        ("value_at_risk", "Value at risk", "The value of the orders at risk comes to {value}", Unit.money),
    )
    facts = [
        Fact(
            name=name,
            title=title,
            sentence=sentence,
            value=sums[0][name],
            previous=sums[1][name],
            unit=unit,
            better=Better.less,
            rows=len(now),
            link=link,
        )
        for name, title, sentence, unit in told
    ]
    ranked = sorted(now.values(), key=lambda order: (-order.value, order.order))
    return ranked[:SHOWN], facts


def _sums(orders: dict[str, AtRisk]) -> dict[str, float]:
    return {
        "orders_at_risk": len(orders),
        "customers_at_risk": len({order.customer for order in orders.values()}),
        "value_at_risk": round(sum(order.value for order in orders.values()), 2),
    }


def _by_order(session: Session, window: Window, narrowing: Narrowing) -> dict[str, AtRisk]:
    """Each order once: with the exception that has to be decided first."""
    columns = (P.id, P.record_name, P.assignee, P.team, P.due_at, P.body["impact"]["items"].label("waiting"))
    rows = narrowing.of_items(select(*columns).where(open_at(window.end), P.value_at_risk > 0))
    found: dict[str, AtRisk] = {}
    for row in session.execute(rows.order_by(P.due_at, P.id)):
        values: dict[str, float] = defaultdict(float)
        late = [item for item in row.waiting or () if item["late"]]
        for item in late:
            values[item["record"]["name"]] += item.get("value") or 0.0
        for item in late:
            name = item["record"]["name"]
            if name in found:
                continue
            found[name] = AtRisk(
                order=name,
                customer=item.get("customer") or "",
                value=round(values[name], 2),
                promised=item.get("promised"),
                expected=item.get("expected"),
                owner=row.assignee or row.team or "",
                due_at=row.due_at,
                overdue=row.due_at <= window.end,
                about=row.record_name or "",
                link=f"/proposal/{row.id}",
            )
    return found
