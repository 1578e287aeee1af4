"""The queue: every open item in one view, found by what a person remembers of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agent.proposal import Impact, Lane, RecordRef
from review import queue
from review.decisions import approve
from review.queue import Filters, View
from review.schema import ProposalRow
from tests.review.desk import OTHER, ROBIN, date_change


def listed(desk, view, **filters) -> list[str]:
    with desk.database.read() as session:
        return [item.id for item in queue.list_items(session, view, Filters(**filters))]


def fill(desk) -> dict[str, str]:
    return {
        "ready": desk.propose(sender="a@x.example"),
        "check": desk.propose(date_change(lane=Lane.check, record=OTHER), sender="b@x.example"),
        "manual": desk.propose(date_change(lane=Lane.manual, record=None), sender="c@x.example"),
        "nothing": desk.propose(date_change(intent="auto_reply", record=None), sender="d@x.example"),
        "unsure": desk.propose(date_change(intent="auto_reply", record=None, lane=Lane.check), sender="e@x.example"),
    }


def test_every_item_stands_in_exactly_one_view(desk):
    """Automatic replies that are sure do not disturb; unsure ones are looked at. Counts agree with lists."""
    ids = fill(desk)
    approved = desk.propose(date_change(record=OTHER, intent="price_change"))
    approve(desk.database, approved, version=1, who=ROBIN)
    assert listed(desk, View.ready) == [ids["ready"]]
    assert listed(desk, View.check) == [ids["check"], ids["unsure"]]
    assert listed(desk, View.manual) == [ids["manual"]]
    assert listed(desk, View.nothing) == [ids["nothing"]]
    assert listed(desk, View.done) == [approved]
    with desk.database.read() as session:
        assert queue.counts(session) == {view: len(listed(desk, view)) for view in View}
        for row in session.scalars(select(ProposalRow)):
            assert row.id in listed(desk, queue.view_of(row))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"intent": "auto_reply"}, ["unsure"]),
        ({"intent": "complaint"}, []),
        ({"channel": "email"}, ["check", "unsure"]),
        ({"channel": "portal"}, []),
        ({"text": "p00042"}, ["check"]),
        ({"text": "B@X.example later"}, ["check"]),
        ({"text": "100%"}, []),
        ({"text": "_"}, []),
    ],
)
def test_filters_narrow_a_view(desk, filters, found):
    """Words are looked for whatever the case; `%` and `_` are characters like others."""
    ids = fill(desk)
    assert listed(desk, View.check, **filters) == [ids[name] for name in found]


def test_those_that_make_customers_wait_come_first(desk):
    """Then the oldest."""
    third = RecordRef(model="purchase.order", id=43, name="P00043")
    calm = desk.propose(date_change(impact=Impact()), sender="a@x.example")
    first = desk.propose(date_change(record=OTHER), sender="b@x.example")
    second = desk.propose(date_change(record=third), sender="c@x.example")
    assert listed(desk, View.ready) == [first, second, calm]
