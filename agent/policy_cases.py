"""Cases that a policy has to answer as expected: what `triage policy test` runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from agent.approval import Matter
from agent.propose import Facts, Policy
from tools import operator_file

SHIPPED_CASES = Path(__file__).with_name("policy_cases.yaml")


class Given(BaseModel):
    """`facts` choose the actions, as in the policy's rules; `matter` is what its limits look at."""

    model_config = ConfigDict(extra="forbid")

    intent: str
    facts: Facts = Facts()
    matter: Matter = Matter()


class Expected(BaseModel):
    """Only what is given is compared."""

    model_config = ConfigDict(extra="forbid")

    actions: list[str] | None = None
    rule: str | None = None
    roles: list[str] | None = None
    people: int | None = None
    escalates_to: str | None = None


class Case(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    given: Given
    expect: Expected


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cases: list[Case] = Field(min_length=1)


class Difference(NamedTuple):
    """A field of a case that came out differently."""

    case: str
    field: str
    expected: Any
    found: Any


def load_cases(path: Path) -> list[Case]:
    """The cases of a file. Raises OperatorFileError, FileNotFoundError and PermissionError."""
    return operator_file.parse(operator_file.read_text(path), path, _File, docs="docs/policy.md").cases


def differences(policy: Policy, cases: list[Case]) -> list[Difference]:
    """What does not come out as the cases expect."""
    found = []
    for case in cases:
        came_out = _answer(policy, case.given)
        for name in sorted(case.expect.model_fields_set):
            if (expected := getattr(case.expect, name)) != came_out[name]:
                found.append(Difference(case.name, name, expected, came_out[name]))
    return found


def _answer(policy: Policy, given: Given) -> dict[str, Any]:
    actions = policy.rule_for(given.intent, given.facts).actions
    matter = given.matter.model_copy(update={"intent": given.intent, "actions": frozenset(actions)})
    route = policy.route(matter)
    return {
        "actions": actions,
        "rule": route.rule,
        "roles": list(route.roles),
        "people": route.people,
        "escalates_to": route.escalation.to if route.escalation else None,
    }
