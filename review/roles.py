"""What each role may do. A person holds one or more roles, and may do what any of them allows."""

from __future__ import annotations

from enum import StrEnum

from agent.propose import policy_in_force


class Scope(StrEnum):
    """decide: edit, approve, reject. approve: give the approvals that the policy asks beyond a reviewer's. manage: see
    how the desk and its people do. engineer: see mailboxes, measurements and the engine. administer: people and keys.
    Reading needs no scope but to be signed in."""

    decide = "decide"
    approve = "approve"
    manage = "manage"
    engineer = "engineer"
    administer = "administer"


REVIEWER = "reviewer"
SUPERVISOR = "supervisor"
_SCOPES: dict[str, frozenset[Scope]] = {
    REVIEWER: frozenset({Scope.decide}),
    "approver": frozenset({Scope.decide, Scope.approve}),
    "manager": frozenset({Scope.manage}),
    "engineer": frozenset({Scope.engineer}),
    "administrator": frozenset({Scope.administer}),
    SUPERVISOR: frozenset(Scope),
}


def roles() -> list[str]:
    """The roles that there are: the fixed ones, and the departments that the policy asks approvals of. A department
    decides like a reviewer, and gives its own approvals."""
    return [*_SCOPES, *sorted(policy_in_force().roles() - set(_SCOPES))]


def scopes_of(held: list[str]) -> frozenset[Scope]:
    """What these roles allow together. A role that is no longer one of the policy's decides like a reviewer."""
    return frozenset[Scope]().union(*(_SCOPES.get(role, _SCOPES[REVIEWER]) for role in held))
