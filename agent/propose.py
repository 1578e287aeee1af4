"""From a finding, its record and its impact to actions of the closed catalogue, by a declarative policy."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, model_validator

from agent.proposal import Action, Change, Fields
from agent.taxonomy import taxonomy

POLICY_PATH = Path(__file__).with_name("policy.yaml")


class Facts(BaseModel):
    """What policy conditions may ask. The names are those of the comment at the head of `policy.yaml`."""

    record_known: bool = False
    date_unknown: bool = False
    customers_late: bool = False
    substitute_offered: bool = False
    other_supplier: bool = False
    direction: str | None = None
    reason: str | None = None
    replacement_wanted: bool = False
    suspected_fraud: bool = False


class Rule(BaseModel):
    id: str
    intent: str
    when: dict[str, Any] = Field(default_factory=dict)
    actions: list[str]
    escalate_to: str | None = None

    def holds(self, facts: Facts) -> bool:
        return all(getattr(facts, name) == value for name, value in self.when.items())


class Policy(BaseModel):
    """The rules in their order. Unknown intents, actions or conditions are refused when the policy is loaded."""

    version: int
    rules: list[Rule]
    approval: dict[str, str]
    digest: str

    @model_validator(mode="after")
    def _only_known_words(self) -> Policy:
        known = taxonomy()
        for rule in self.rules:
            if rule.intent not in known.intents:
                raise ValueError(f"policy rule {rule.id!r}: unknown intent {rule.intent!r}")
            for action in rule.actions:
                if action not in known.actions:
                    raise ValueError(f"policy rule {rule.id!r}: unknown action {action!r}")
            for name in rule.when:
                if name not in Facts.model_fields:
                    raise ValueError(f"policy rule {rule.id!r}: unknown condition {name!r}")
        uncovered = set(known.intents) - {r.intent for r in self.rules if not r.when}
        if uncovered:
            raise ValueError(f"policy has no unconditional rule for {', '.join(sorted(uncovered))}")
        return self

    def rule_for(self, intent: str, facts: Facts) -> Rule:
        return next(r for r in self.rules if r.intent == intent and r.holds(facts))


@cache
def load_policy(path: Path = POLICY_PATH) -> Policy:
    """Read and check a policy file. Raises ValueError (pydantic) that names the rule at fault."""
    raw = path.read_bytes()
    return Policy(digest=hashlib.sha256(raw).hexdigest()[:12], **yaml.safe_load(raw))


def propose(intent: str, fields: Fields, changes: list[Change], facts: Facts, policy: Policy) -> list[Action]:
    """The actions that the policy gives, with arguments taken from validated fields and changes alone."""
    rule = policy.rule_for(intent, facts)
    return [
        Action(
            name=name,
            arguments=_arguments(name, fields, changes, rule),
            approval=policy.approval.get(name, "reviewer"),
            rule=rule.id,
        )
        for name in rule.actions
    ]


_LINE_ARGUMENT = {
    "update_delivery_date": "date",
    "update_quantity": "qty",
    "update_price": "price",
    "replace_product": "substitute",
    "update_sales_order": None,
}


def _arguments(action: str, fields: Fields, changes: list[Change], rule: Rule) -> dict[str, Any]:
    if action == "escalate":
        return {"to": rule.escalate_to} if rule.escalate_to else {}
    if action == "split_delivery":
        return {
            "lines": [
                {"line_id": x.line_id, "splits": [s.model_dump() for s in x.splits]} for x in fields.lines if x.splits
            ]
        }
    if action in _LINE_ARGUMENT:
        wanted = _LINE_ARGUMENT[action]
        return {
            "lines": [{"line_id": c.line_id, c.field: c.stated} for c in changes if wanted is None or c.field == wanted]
        }
    if action == "record_shipment":
        return {k: v for k, v in {"tracking": fields.tracking, "carrier": fields.carrier}.items() if v}
    if action == "correct_address":
        return {"address": fields.address} if fields.address else {}
    if action == "create_return":
        return {"lines": [{"line_id": x.line_id, "qty": x.qty} for x in fields.lines]}
    if action == "review_invoice":
        return {"invoice": fields.invoice} if fields.invoice else {}
    return {}
