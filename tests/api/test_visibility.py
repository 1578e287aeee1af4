"""Teams and companies see their own on every page and over HTTP; an address of another's item answers 404."""

from __future__ import annotations

import pytest

from review.assignment import assign
from review.people import add_person, place_person
from review.schema import ProposalRow
from tests.api.conftest import Browser
from tests.review.desk import OTHER, ROBIN, date_change


@pytest.fixture
def theirs(app, desk) -> str:
    """An item of the team South."""
    proposal_id = desk.propose(subject="For the south")
    assign(desk.database, proposal_id, who=ROBIN, person=None, team="South")
    return proposal_id


@pytest.fixture
def nora(app, desk) -> Browser:
    """A supervisor of the team North."""
    add_person(desk.database, "Nora", "supervisor")
    place_person(desk.database, "Nora", "Ada", teams=["North"], owns=[], companies=[])
    return Browser(app, "Nora")


def test_every_address_of_anothers_item_answers_404(app, desk, theirs, nora):
    """Whatever the method: pages and API, of the item and of its message; for its own people it is there."""
    with desk.database.read() as session:
        message_id = session.get_one(ProposalRow, theirs).message_id
    token = {"X-CSRF-Token": nora.csrf}
    document = app.openapi()
    pages = [f"/proposal/{theirs}", f"/message/{message_id}", f"/message/{message_id}/raw", f"/teach/{message_id}"]
    for path in pages:
        assert nora.client.get(path).status_code == 404, path
    asked = 0
    for path, methods in document["paths"].items():
        if "{proposal_id}" in path or "{message_id}" in path:
            filled = path.format(proposal_id=theirs, message_id=message_id, digest="0" * 64)
            for method in methods:
                answer = nora.client.request(method, filled, headers={**token, "If-Match": '"1"'})
                assert answer.status_code == 404, (method, path, answer.text)
                asked += 1
    assert asked > 15
    for kind in ("approve", "claim"):
        assert nora.decide(theirs, kind).status_code == 404
    assert Browser(app, "Robin").client.get(f"/message/{message_id}").status_code == 200


def test_lists_counts_searches_and_the_feed_leave_it_out(desk, theirs, nora, robin):
    """Another's item is not even counted."""
    mine = desk.propose(date_change(record=OTHER), subject="For anybody")
    for params in ({}, {"q": "for"}, {"team": "South"}):
        listed = nora.client.get("/api/proposals", params=params).json()
        assert [item["id"] for item in listed["items"]] == ([] if "team" in params else [mine])
        assert listed["counts"]["ready"] == len(listed["items"])
    assert "For the south" not in nora.page("/desk/ready") + nora.page(f"/desk/ready?at={theirs}") + nora.page("/log")
    assert theirs not in nora.page("/log")
    told = {name: browser.client.get("/api/changes").json() for name, browser in (("nora", nora), ("robin", robin))}
    about = {name: [event["subject"][:20] for event in events] for name, events in told.items()}
    assert (theirs[:20] in about["nora"], mine[:20] in about["nora"], theirs[:20] in about["robin"]) == (
        False,
        True,
        True,
    )
    bulk = {"intent": "delivery_date_change", "band": "high", "items": [{"id": theirs, "version": 1}]}
    outcome = nora.client.post("/api/bulk/approve", json=bulk, headers={"X-CSRF-Token": nora.csrf}).json()
    assert outcome["outcomes"][0]["status"] == 404


def test_administrators_place_people(app, desk):
    """On the page; names with commas between."""
    add_person(desk.database, "Ada", "administrator")
    ada = Browser(app, "Ada")
    form = {"csrf": ada.csrf, "name": "Sam", "teams": "North, East", "companies": "Azure"}
    ada.client.post("/people/place", data=form)
    page = ada.page("/people")
    assert "North, East" in page
    assert "Azure" in page
    answer = ada.client.post("/people/place", data={"csrf": ada.csrf, "name": "Nobody"})
    assert (answer.status_code, "nobody called" in answer.text) == (422, True)
