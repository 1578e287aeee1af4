"""Whether a person may approve a proposal now, and whether that is enough: roles, how many people, never the editor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from agent.approval import ANYBODY, matter_of
from agent.proposal import Proposal
from agent.propose import policy_in_force
from review.handoff_event import Approval, PolicyApplied
from review.people import Person
from review.refusals import NotAllowed
from review.schema import DecisionKind, DecisionRow, ProposalRow


class Standing(NamedTuple):
    """Who made the proposal what it is, and who has approved it since, oldest first."""

    editors: frozenset[str]
    endorsements: Sequence[DecisionRow]


def standing(session: Session, proposal_id: str) -> Standing:
    """What counts of the decisions so far. An edit ends the approvals before it: they were of something else."""
    query = select(DecisionRow).where(DecisionRow.proposal_id == proposal_id, DecisionRow.undone_at.is_(None))
    editors, endorsements = set[str](), list[DecisionRow]()
    for decision in session.scalars(query.order_by(DecisionRow.version)):
        if decision.kind == DecisionKind.edit:
            editors.add(decision.who)
            endorsements.clear()
        elif decision.kind == DecisionKind.endorse:
            endorsements.append(decision)
    return Standing(frozenset(editors), endorsements)


def suffices(session: Session, row: ProposalRow, proposal: Proposal, whole: Proposal, who: Person) -> bool:
    """Whether the approval of `who` is the last that is needed for `proposal`, which may be some lines of `whole`: what
    is at stake in the whole says how many people, so that nobody stays below a limit in pieces.

    Raises NotAllowed where they may not give it."""
    policy = policy_in_force()
    route = policy.route(matter_of(proposal))
    missing = [role for role in (ANYBODY, *route.roles) if not who.may_approve(role)]
    if missing and (ANYBODY in missing or row.escalated_to not in who.roles):
        raise NotAllowed(f"This needs the approval of {' and '.join(missing)}; you are signed in as {who.role}.")
    so_far = standing(session, row.id)
    if any(d.who == who.name for d in so_far.endorsements):
        raise NotAllowed("You have approved this already. Another person has to approve it too.")
    if who.name in so_far.editors or who.name == row.edited_by:
        raise NotAllowed("You edited this proposal. A second person has to approve it.")
    return len(so_far.endorsements) + 1 >= max(route.people, policy.route(matter_of(whole)).people)


def behind(session: Session, last: DecisionRow) -> tuple[list[Approval], list[str]]:
    """Everybody who approved what `last` closed, in their order, and everybody who had edited it, by name."""
    so_far = standing(session, last.proposal_id)
    given = [*so_far.endorsements, last]
    return [Approval(by=d.who, role=d.role or "", at=d.at) for d in given], sorted(so_far.editors)


def applied(proposal: Proposal) -> PolicyApplied:
    """The policy in force, and its rule for this proposal."""
    policy = policy_in_force()
    return PolicyApplied(hash=policy.sha256, rule=policy.route(matter_of(proposal)).rule)
