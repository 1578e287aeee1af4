"""Normal, Watch or Act: the first rule that holds says which, and the rules that hold are the reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from review.briefing.content import Fact, Status

ACT_SHARE = 0.10  # of the open exceptions past their deadline
ACT_LEAST = 3
GROWTH = 1.2
Facts = dict[str, Fact]


class Rule(NamedTuple):
    """`means` is the rule in words; the figure `fact` is the reason where it holds."""

    status: Status
    means: str
    fact: str
    holds: Callable[[Facts], bool]


def _value(facts: Facts, name: str) -> float:
    return facts[name].value or 0.0


def _many_overdue(facts: Facts) -> bool:
    overdue = _value(facts, "overdue")
    return overdue >= max(ACT_LEAST, ACT_SHARE * _value(facts, "open"))


def _grew(facts: Facts) -> bool:
    before = facts["open"].previous or 0.0
    return before >= 10 and _value(facts, "open") > GROWTH * before


def _any(name: str) -> Callable[[Facts], bool]:
    return lambda facts: _value(facts, name) > 0


RULES = (
    Rule(Status.act, "approved decisions could not be handed on", "handoffs_failed", _any("handoffs_failed")),
    Rule(Status.act, "orders at risk wait past their deadline", "at_risk_overdue", _any("at_risk_overdue")),
    Rule(
        Status.act, "a tenth of the open exceptions, and three or more, are past the deadline", "overdue", _many_overdue
    ),
    Rule(Status.watch, "an exception is past the deadline", "overdue", _any("overdue")),
    Rule(Status.watch, "Odoo differs from what was approved", "handoffs_differ", _any("handoffs_differ")),
    Rule(Status.watch, "open exceptions grew by more than a fifth", "open", _grew),
    Rule(Status.watch, "an alert stood", "alerts", _any("alerts")),
    Rule(Status.watch, "a supplier or carrier drifts", "drifting", _any("drifting")),
    Rule(Status.watch, "a count is unusual", "unusual", _any("unusual")),
)


def judge(facts: list[Fact]) -> tuple[Status, list[Fact]]:
    """The status, and the figures that are its reasons; those of Watch too where it is Act."""
    by_name = {fact.name: fact for fact in facts if not fact.key}
    holding = [rule for rule in RULES if rule.holds(by_name)]
    status = holding[0].status if holding else Status.normal
    return status, list({rule.fact: by_name[rule.fact] for rule in holding}.values())
