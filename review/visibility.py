"""Who sees what: an item of a team or a company is there for its people only, as if the rows of others did not exist.

A person who is in no team, and bound to no company, sees all. Else they see the items of their teams and of those that they
own, what is given to them, and what is nobody's; and of companies theirs, and items whose company is not known.

It is decided where rows are read: once `looking_as` was said, every session of `Database.read` in the same request holds
only what that person sees, so that nothing that is built on it can forget to ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, event, or_, select, true
from sqlalchemy.orm import ORMExecuteState, Session, aliased, with_loader_criteria

from review.schema import AssignmentRule, MessageRow, ProposalRow, UserRow

if TYPE_CHECKING:
    from review.people import Person

_looking: ContextVar[Person | None] = ContextVar("looking", default=None)


def looking_as(person: Person | None) -> None:
    """From here on, and until this request or thread ends, rows are read with the eyes of this person; None: of all."""
    _looking.set(person)


def is_bound(person: Person) -> bool:
    """Whether there are items that they do not see."""
    return bool(person.teams or person.owns or person.companies)


def sees(person: Person, row: ProposalRow) -> bool:
    """Whether an item is theirs to see."""
    team_open = not (person.teams or person.owns) or row.team is None or row.team in (*person.teams, *person.owns)
    company_open = not person.companies or row.company is None or row.company in person.companies
    return company_open and (team_open or row.assignee == person.name)


def seen_now(row: ProposalRow | None) -> bool:
    """Whether there is such an item for the person who is looking."""
    person = _looking.get()
    return row is not None and (person is None or sees(person, row))


def restrict(session: Session) -> None:
    """Lets a session hold only what the person who is looking sees."""
    person = _looking.get()
    if person is None or not is_bound(person):
        return
    other = aliased(ProposalRow, flat=True)
    about = or_(other.message_id == MessageRow.id, other.message_id == MessageRow.duplicate_of)
    criteria = (
        with_loader_criteria(ProposalRow, _visible(ProposalRow, person), include_aliases=True),
        with_loader_criteria(MessageRow, select(other.id).where(about, _visible(other, person)).exists()),
    )

    @event.listens_for(session, "do_orm_execute")
    def add(state: ORMExecuteState) -> None:
        if state.is_select:
            state.statement = state.statement.options(*criteria)


def seen_subjects(session: Session, subjects: Iterable[str]) -> set[str]:
    """Of ids of proposals and messages those that the session's person sees; of a session for all, every one."""
    asked = set(subjects)
    person = _looking.get()
    if person is None or not is_bound(person):
        return asked
    proposals = session.scalars(select(ProposalRow.id).where(ProposalRow.id.in_(asked)))
    return {*proposals, *session.scalars(select(MessageRow.id).where(MessageRow.id.in_(asked)))}


def teams_named(session: Session) -> list[str]:
    """The teams that people are in or rules give items to."""
    of_people = session.execute(select(UserRow.teams, UserRow.owns))
    named = {team for row in of_people for teams in row for team in teams}
    return sorted(named | set(session.scalars(select(AssignmentRule.team).where(AssignmentRule.team.is_not(None)))))


def companies_named(session: Session) -> list[str]:
    """The companies of the open items."""
    found = select(ProposalRow.company).where(ProposalRow.state == "open", ProposalRow.company.is_not(None))
    return list(session.scalars(found.distinct().order_by(ProposalRow.company)))


def _visible(row: Any, person: Person) -> ColumnElement[bool]:
    """`sees` as a condition on the columns of a proposal."""
    conditions: list[ColumnElement[bool]] = [true()]
    if person.teams or person.owns:
        teams = [*person.teams, *person.owns]
        conditions.append(or_(row.team.is_(None), row.team.in_(teams), row.assignee == person.name))
    if person.companies:
        conditions.append(or_(row.company.is_(None), row.company.in_(person.companies)))
    return and_(*conditions)
