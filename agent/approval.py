"""Who has to approve a proposal: the policy's limits set beside what is at stake.

The first limit whose conditions all hold decides. What is not known meets no condition.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from agent.proposal import Change, Proposal

DEFAULT_LIMIT = "by action"
ANYBODY = "reviewer"


class Bound(BaseModel):
    """A figure lies above `over`, below `under`, or both."""

    model_config = ConfigDict(extra="forbid")

    over: float | None = None
    under: float | None = None

    @model_validator(mode="after")
    def _some(self) -> Bound:
        if self.over is None and self.under is None:
            raise ValueError("give `over`, `under` or both")
        return self

    def holds(self, figure: float | None) -> bool:
        if figure is None:
            return False
        return (self.over is None or figure > self.over) and (self.under is None or figure < self.under)


Names = Annotated[frozenset[str], Field(min_length=1)]


class Matter(BaseModel):
    """What a limit may ask. Money is in the order's `currency`; `companies`, `vendors` and the like are names as Odoo
    shows them.

    `value` is what the order's lines come to, `value_change` by how much that moves, `value_at_risk` what customers wait
    for, `price_rise_percent` the largest rise of a line, `margin_percent` the least that is left of a selling price,
    `delay_days` the longest delay of a line.
    """

    model_config = ConfigDict(extra="forbid")

    intent: str = ""
    actions: frozenset[str] = frozenset()
    currency: str | None = None
    value: float | None = None
    value_change: float | None = None
    value_at_risk: float | None = None
    price_rise_percent: float | None = None
    margin_percent: float | None = None
    delay_days: float | None = None
    company: str | None = None
    vendor: str | None = None
    customers: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


class Conditions(BaseModel):
    """All that are given must hold. `vendor_in` and `customer_in` name groups of the policy."""

    model_config = ConfigDict(extra="forbid")

    intent: Names | None = None
    action: Names | None = None
    currency: Names | None = None
    value: Bound | None = None
    value_change: Bound | None = None
    value_at_risk: Bound | None = None
    price_rise_percent: Bound | None = None
    margin_percent: Bound | None = None
    delay_days: Bound | None = None
    company: Names | None = None
    vendor_in: Names | None = None
    customer_in: Names | None = None
    category: Names | None = None

    def hold(self, matter: Matter, groups: dict[str, frozenset[str]]) -> bool:
        return all(self._holds(name, matter, groups) for name in self.model_fields_set)

    def _holds(self, name: str, matter: Matter, groups: dict[str, frozenset[str]]) -> bool:
        wanted = getattr(self, name)
        if isinstance(wanted, Bound):
            return wanted.holds(getattr(matter, name))
        if name == "action":
            return bool(wanted & matter.actions)
        if name == "category":
            return bool(wanted & matter.categories)
        if name.endswith("_in"):
            members = frozenset[str]().union(*(groups[group] for group in wanted))
            return bool(members & (matter.customers if name == "customer_in" else {matter.vendor}))
        return getattr(matter, name) in wanted


class Escalation(BaseModel):
    """Open for longer than this, a proposal is also `to`'s, who may then approve it."""

    model_config = ConfigDict(extra="forbid")

    after_hours: PositiveFloat
    to: str


class Limit(BaseModel):
    """Where the conditions hold, `roles` have to approve beside those of the actions, and so many `people`, each once."""

    model_config = ConfigDict(extra="forbid")

    id: str
    when: Conditions = Conditions()
    roles: list[str] = Field(default_factory=list)
    people: Annotated[int, Field(ge=1, le=3)] = 1
    escalate: Escalation | None = None


class Route(NamedTuple):
    """Who has to approve: all of `roles`, and `people` different persons. `rule` is the limit that says so."""

    rule: str
    roles: tuple[str, ...]
    people: int
    escalation: Escalation | None


def matter_of(proposal: Proposal) -> Matter:
    """What is at stake in a proposal as it now stands, after whatever was edited."""
    stakes = proposal.stakes
    prices = [c for c in proposal.changes if c.field == "price"]
    return Matter(
        intent=proposal.intent,
        actions=frozenset(a.name for a in proposal.actions),
        currency=stakes.currency,
        value=stakes.value,
        value_change=_value_change(proposal),
        value_at_risk=proposal.impact.value_at_risk,
        price_rise_percent=_most(100 * (s / h - 1) for h, s in map(_numbers, prices) if h and s is not None),
        margin_percent=_least(
            100 * (1 - stated / sold)
            for change in prices
            if (sold := stakes.selling_prices.get(change.line_id or 0)) and (stated := _numbers(change)[1]) is not None
        ),
        delay_days=_most(_days(c) for c in proposal.changes if c.field == "date" and c.held and c.stated),
        company=stakes.company,
        vendor=stakes.vendor,
        customers=frozenset(i.customer for i in proposal.impact.items if i.customer) | frozenset(stakes.customers),
        categories=frozenset(stakes.categories),
    )


def _value_change(proposal: Proposal) -> float | None:
    """By how much the stated prices and quantities move the order's value."""
    moved = [c for c in proposal.changes if c.field in ("price", "qty")]
    if not moved or any(c.line_id not in proposal.stakes.lines for c in moved):
        return None
    total = 0.0
    for line_id in {c.line_id for c in moved}:
        held = proposal.stakes.lines[line_id or 0]
        stated = {c.field: _numbers(c)[1] for c in moved if c.line_id == line_id}
        price, qty = stated.get("price"), stated.get("qty")
        total += (held.price if price is None else price) * (held.qty if qty is None else qty) - held.price * held.qty
    return total


def _numbers(change: Change) -> tuple[float | None, float | None]:
    held, stated = change.held, change.stated
    return (held if isinstance(held, float | int) else None, stated if isinstance(stated, float | int) else None)


def _days(change: Change) -> float:
    return float((date.fromisoformat(str(change.stated)[:10]) - date.fromisoformat(str(change.held)[:10])).days)


def _most(figures: Iterable[float]) -> float | None:
    return max(figures, default=None)


def _least(figures: Iterable[float]) -> float | None:
    return min(figures, default=None)
