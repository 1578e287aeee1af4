"""From a finding, its record and its impact to actions of the closed catalogue, by a declarative policy."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.approval import ANYBODY, DEFAULT_LIMIT, Limit, Matter, Route
from agent.proposal import Action, Change, Fields
from agent.taxonomy import taxonomy
from tools import operator_file

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
    model_config = ConfigDict(extra="forbid")

    id: str
    intent: str
    when: dict[str, Any] = Field(default_factory=dict)
    actions: list[str]
    escalate_to: str | None = None

    def holds(self, facts: Facts) -> bool:
        return all(getattr(facts, name) == value for name, value in self.when.items())


class Policy(BaseModel):
    """The rules in their order, and who approves what. Unknown words are refused when the policy is loaded.

    `sha256` is that of the file, `digest` its first 12 digits."""

    model_config = ConfigDict(extra="forbid")

    version: int
    rules: list[Rule]
    approval: dict[str, str]
    limits: list[Limit] = Field(default_factory=list)
    groups: dict[str, frozenset[str]] = Field(default_factory=dict)
    sha256: str = ""

    @property
    def digest(self) -> str:
        return self.sha256[:12]

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
        if odd := sorted(set(self.approval) - set(known.actions)):
            raise ValueError(f"policy approval: unknown action {odd[0]!r}")
        for limit in self.limits:
            for name, of in (("intent", known.intents), ("action", known.actions)):
                if odd := sorted((getattr(limit.when, name) or frozenset()) - set(of)):
                    raise ValueError(f"policy limit {limit.id!r}: unknown {name} {odd[0]!r}")
            named = (limit.when.vendor_in or frozenset()) | (limit.when.customer_in or frozenset())
            if odd := sorted(named - set(self.groups)):
                raise ValueError(f"policy limit {limit.id!r}: there is no group {odd[0]!r}")
        ids = [rule.id for rule in self.rules] + [limit.id for limit in self.limits]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"policy: the id {twice[0]!r} stands there twice")
        return self

    def rule_for(self, intent: str, facts: Facts) -> Rule:
        return next(r for r in self.rules if r.intent == intent and r.holds(facts))

    def route(self, matter: Matter) -> Route:
        """Who has to approve: the roles of the actions, and what the first limit that holds asks beside them."""
        roles = {self.approval.get(action, ANYBODY) for action in matter.actions} - {ANYBODY}
        limit = next((x for x in self.limits if x.when.hold(matter, self.groups)), None)
        if limit is None:
            return Route(DEFAULT_LIMIT, tuple(sorted(roles)), 1, None)
        return Route(limit.id, tuple(sorted(roles | set(limit.roles))), limit.people, limit.escalate)

    def roles(self) -> set[str]:
        """Every role that an approval may be asked of."""
        asked = {role for limit in self.limits for role in limit.roles}
        escalated = {limit.escalate.to for limit in self.limits if limit.escalate}
        return set(self.approval.values()) | asked | escalated


@cache
def load_policy(path: Path = POLICY_PATH) -> Policy:
    """Read and check a policy file. Raises OperatorFileError (a ValueError) that names the line and rule at fault."""
    return parse_policy(operator_file.read_text(path), path)


def parse_policy(text: str, source: Path) -> Policy:
    """The policy that a file's text says. Raises OperatorFileError."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()

    def known_by(given: Any) -> Any:
        return {**given, "sha256": sha256} if isinstance(given, dict) else given

    return operator_file.parse(text, source, Policy, docs="docs/policy.md", prepare=known_by)


class InForce:
    """The policy that this process follows: the one that ships, until another is put in its place."""

    policy: Policy | None = None


def policy_in_force() -> Policy:
    """The policy to follow now. Ask for it each time: an operator may change it while the service runs."""
    return InForce.policy or load_policy()


def put_in_force(policy: Policy) -> None:
    """Makes `policy` the one that whatever comes next follows."""
    InForce.policy = policy


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
CANCELS = ("cancel_purchase_lines", "cancel_sales_order")
OF_LINES = ("item_unavailable",)  # what is said of lines never means the order as a whole


def _arguments(action: str, fields: Fields, changes: list[Change], rule: Rule) -> dict[str, Any]:
    if action in CANCELS:
        named = [{"line_id": x.line_id} for x in fields.lines if x.line_id is not None]
        return {"lines": named} if fields.lines or rule.intent in OF_LINES else {}
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
