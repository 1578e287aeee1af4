"""Whose an item is: given to a person or a team by hand, or by rules when it comes in.

A rule names where an item comes from (the sender's address or domain, or the vendor's name in Odoo), the warehouse that its
order is for, the mailbox that took it in, or what it is about, and who sees to it. Of several rules the most particular one
holds.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from agent.proposal import Stakes
from review import log
from review.database import Database
from review.decision_rows import find_row, refuse
from review.people import Person
from review.refusals import DecisionError
from review.schema import AssignmentRule, MailboxMessage, MessageRow, ProposalRow, ProposalState, UserRow


class By(StrEnum):
    """What a rule goes by, the most particular first. A vendor is named by the sender's address or domain, or as in Odoo;
    a warehouse as in Odoo."""

    vendor = "vendor"
    warehouse = "warehouse"
    mailbox = "mailbox"
    intent = "intent"


class InvalidAssignment(DecisionError):
    """It names nobody, or somebody who may not sign in."""

    status = 422


def assign(database: Database, proposal_id: str, *, who: Person, person: str | None, team: str | None) -> None:
    """Gives an open proposal to a person, a team, both, or nobody. Raises InvalidAssignment or StaleDecision."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        if row.state != ProposalState.open:
            refuse(session, row, row.version)
        _check(session, person)
        row.assignee, row.team = person or None, team or None
        content = {"who": who.name, "assignee": row.assignee, "team": row.team}
        log.append(session, "proposal.assigned", row.id, content)


def set_rule(
    database: Database, *, who: Person, by: By, value: str, person: str | None, team: str | None
) -> AssignmentRule | None:
    """Says whose what comes in from now on is; the rule for the same is replaced, and ended by naming nobody.

    `value` is compared whatever the case. What a rule gave to people stays theirs. Raises InvalidAssignment."""
    folded = value.strip().casefold()
    with database.write() as session:
        _check(session, person)
        rule = session.get(AssignmentRule, (by, folded)) or AssignmentRule(by=by, value=folded)
        rule.assignee, rule.team = person or None, team or None
        content = {"who": who.name, "assignee": rule.assignee, "team": rule.team}
        log.append(session, "assignment.rule", f"{by}:{folded}", content)
        if person or team:
            session.add(rule)
            return rule
        if rule in session:
            session.delete(rule)
        return None


def rules(session: Session) -> list[AssignmentRule]:
    return list(session.scalars(select(AssignmentRule).order_by(AssignmentRule.by, AssignmentRule.value)))


def by_rules(session: Session, row: MessageRow, proposals: list[ProposalRow]) -> None:
    """Gives the new proposals of a message to those whom the rules name."""
    kept = {(By(rule.by), rule.value): rule for rule in rules(session)}
    if not kept:
        return
    address = row.sender_key.casefold()
    mailboxes = session.scalars(select(MailboxMessage.account).where(MailboxMessage.message_id == row.id))
    senders = [(By.vendor, address), (By.vendor, address.rpartition("@")[2])]
    took_in = [(By.mailbox, name.casefold()) for name in mailboxes]
    for proposal in proposals:
        stakes = Stakes(**proposal.body["stakes"])
        wanted = [
            *senders,
            *((By.vendor, name.casefold()) for name in [stakes.vendor] if name),
            *((By.warehouse, name.casefold()) for name in [stakes.warehouse] if name),
            *took_in,
            (By.intent, proposal.intent),
        ]
        found = next((kept[place] for place in wanted if place in kept), None)
        if found is not None:
            proposal.assignee, proposal.team = found.assignee, found.team


def _check(session: Session, person: str | None) -> None:
    if person and session.scalars(select(UserRow.name).where(UserRow.name == person, UserRow.active)).first() is None:
        raise InvalidAssignment(f"There is nobody called {person!r} who may sign in.")
