"""Whose items are seen by whom: a session holds only what the person who is looking sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agent.proposal import Stakes
from review import cases, feed, queue
from review.assignment import assign
from review.bulk import Seen, approve_all
from review.people import Person, PersonError, add_person, find_person, place_person
from review.queue import Filters, View
from review.refusals import UnknownProposal
from review.schema import MessageRow, ProposalRow
from review.set_aside import merge
from review.visibility import looking_as
from tests.review.desk import ROBIN, Desk, date_change

NORTH = Person(name="Nora", role="reviewer", teams=["North"])
OWNER = Person(name="Olga", role="manager", owns=["North", "South"])
AZURE = Person(name="Ali", role="reviewer", companies=["Azure"])
BOTH = Person(name="Bea", role="reviewer", teams=["South"], companies=["Azure"])


@contextmanager
def eyes(person: Person | None) -> Iterator[None]:
    looking_as(person)
    try:
        yield
    finally:
        looking_as(None)


def of_company(desk: Desk, company: str | None, number: int) -> str:
    record = date_change().record
    assert record is not None
    ours = record.model_copy(update={"id": number, "name": f"P{number:05d}"})
    return desk.propose(date_change(record=ours, stakes=Stakes(company=company)), subject=f"P{number:05d}: later")


@pytest.fixture
def items(desk) -> dict[str, str]:
    """An item of each team, of nobody's, and of two companies."""
    add_person(desk.database, "Nora", "reviewer")
    made = {
        "north": of_company(desk, None, 1),
        "south": of_company(desk, "Azure", 2),
        "nobody": of_company(desk, None, 3),
        "azure": of_company(desk, "Azure", 4),
        "gemini": of_company(desk, "Gemini", 5),
    }
    for name, team in (("north", "North"), ("south", "South"), ("gemini", "South")):
        assign(desk.database, made[name], who=ROBIN, person=None, team=team)
    return made


@pytest.mark.parametrize(
    ("person", "seen"),
    [
        (ROBIN, {"north", "south", "nobody", "azure", "gemini"}),
        (NORTH, {"north", "nobody", "azure"}),
        (OWNER, {"north", "south", "nobody", "azure", "gemini"}),
        (AZURE, {"north", "south", "nobody", "azure"}),
        (BOTH, {"south", "nobody", "azure"}),
        (None, {"north", "south", "nobody", "azure", "gemini"}),
    ],
    ids=["all", "team", "owner", "company", "both", "service"],
)
def test_teams_and_companies_see_their_own(desk, items, person, seen):
    """In lists, counts, searches, single items, messages, cases and the feed, and nothing else."""
    ids = {items[name] for name in seen}
    with eyes(person), desk.database.read() as session:
        assert {item.id for item in queue.list_items(session, View.ready)} == ids
        assert queue.counts(session)[View.ready] == len(ids)
        assert queue.counts(session, Filters(text="december"))[View.ready] == len(ids)
        assert {item.id for item in queue.list_items(session, View.ready, Filters(text="later"))} == ids
        for proposal_id in items.values():
            there = proposal_id in ids
            assert (queue.find(session, proposal_id) is not None) == there
            assert (session.get(ProposalRow, proposal_id) is not None) == there
        mails = session.query(MessageRow).all()
        assert {f"{mail.id[:20]}-0" for mail in mails} == ids
        assert all(cases.timeline(session, mail.case_id) for mail in mails)
        subjects = {event.subject for event in feed.events(session, 0) if event.kind.startswith("proposal.")}
        assert subjects == {items[name] for name in seen & {"north", "south", "gemini"}}


def test_what_is_given_to_somebody_is_theirs_to_see(desk, items):
    """Though it is another team's."""
    assign(desk.database, items["gemini"], who=ROBIN, person="Nora", team="South")
    with eyes(NORTH), desk.database.read() as session:
        assert queue.find(session, items["gemini"]) is not None


def test_nobody_decides_on_what_they_do_not_see(desk, items):
    """It is not there: alone, among many, or as what another is merged into."""
    with eyes(NORTH):
        outcomes = approve_all(
            desk.database,
            [Seen(id=items[name], version=1) for name in ("south", "north")],
            intent="delivery_date_change",
            band_key="high",
            who=NORTH,
        )
        assert [outcome.status for outcome in outcomes] == [404, 200]
        with pytest.raises(UnknownProposal):
            merge(desk.database, items["nobody"], version=1, who=NORTH, into=items["south"])


def test_people_are_placed(desk):
    """By name, without doubles; with a reason where it cannot be."""
    add_person(desk.database, "Sam", "reviewer")
    place_person(desk.database, "Sam", "Ada", teams=[" North ", "North", ""], owns=[], companies=["Azure"])
    placed = find_person(desk.database, "Sam")
    assert placed is not None
    assert (placed.teams, placed.owns, placed.companies) == (["North"], [], ["Azure"])
    for name, teams in (("Nobody", []), ("Sam", ["x" * 101])):
        with pytest.raises(PersonError):
            place_person(desk.database, name, "Ada", teams=teams, owns=[], companies=[])
