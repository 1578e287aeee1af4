"""The queue: every open item in one view, found by what a person remembers of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from agent.proposal import Impact, Lane, RecordRef
from review import queue
from review.claims import claim
from review.cursors import Cursor, InvalidCursor
from review.decisions import RejectReason, approve, reject
from review.queue import Filters, View
from review.schema import ProposalRow
from review.snooze import snooze
from tests.review.desk import OTHER, ROBIN, SAM, date_change

LITERAL = {"literal_binds": True}


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
    ids["snoozed"] = desk.propose(date_change(record=None), sender="f@x.example")
    snooze(desk.database, ids["snoozed"], version=1, who=ROBIN, until=datetime.now(UTC) + timedelta(hours=1))
    approved = desk.propose(date_change(record=OTHER, intent="price_change"))
    approve(desk.database, approved, version=1, who=ROBIN)
    assert listed(desk, View.ready) == [ids["ready"]]
    assert listed(desk, View.check) == [ids["check"], ids["unsure"]]
    assert listed(desk, View.manual) == [ids["manual"]]
    assert listed(desk, View.nothing) == [ids["nothing"]]
    assert listed(desk, View.snoozed) == [ids["snoozed"]]
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


def test_the_more_is_at_risk_and_the_sooner_it_is_due_the_earlier_it_comes(desk):
    """Of the same value the older one; a delivery that failed is due within hours and comes before a change of date."""
    third = RecordRef(model="purchase.order", id=43, name="P00043")
    calm = desk.propose(date_change(impact=Impact()), sender="a@x.example")
    first = desk.propose(date_change(record=OTHER), sender="b@x.example")
    second = desk.propose(date_change(record=third), sender="c@x.example")
    door = desk.propose(date_change(intent="delivery_failed", record=None, impact=Impact()), sender="d@x.example")
    assert listed(desk, View.ready) == [first, second, door, calm]


@pytest.mark.parametrize("view", [View.ready, View.done, View.snoozed])
def test_pages_of_a_view_hold_each_item_once(desk, view):
    """Whatever their size, and though several items stand at the same moment."""
    now = datetime.now(UTC)
    ids = [desk.propose(date_change(record=None), sender=f"s{n}@x.example") for n in range(7)]
    for n, proposal_id in enumerate(ids):
        if view is View.done:
            reject(desk.database, proposal_id, version=1, who=ROBIN, reason=RejectReason.not_needed)
        if view is View.snoozed:
            snooze(desk.database, proposal_id, version=1, who=ROBIN, until=now + timedelta(hours=1 + n // 3))
    with desk.database.read() as session:
        whole = [item.id for item in queue.list_items(session, view)]
        assert sorted(whole) == sorted(ids)
        for size in (1, 2, 3):
            seen: list[str] = []
            after = None
            while page := queue.list_items(session, view, limit=size, after=after):
                seen += [item.id for item in page]
                after = Cursor.decode(queue.cursor_at(view, page[-1]).encode())
            assert seen == whole


@pytest.mark.parametrize("word", ["", "x", "bnVsbA", "WzEsMl0", "é", "WyIyMDI2LTAxLTAxIiwiYSJd", "a" * 300])
def test_a_cursor_from_elsewhere_is_refused(word):
    """With what to do instead."""
    with pytest.raises(InvalidCursor, match="first page"):
        Cursor.decode(word)


def test_what_is_overdue_and_what_somebody_has_can_be_listed(desk):
    """The test's messages came long ago; a claim counts while it lasts."""
    late = desk.propose(sender="a@x.example")
    fresh = desk.propose(date_change(record=OTHER), sender="b@x.example")
    with desk.database.write() as session:
        session.get_one(ProposalRow, fresh).due_at = datetime.now(UTC) + timedelta(hours=1)
        session.get_one(ProposalRow, late).due_at = datetime.now(UTC)
    assert listed(desk, View.ready, overdue=True) == [late]
    claim(desk.database, fresh, who=SAM)
    assert listed(desk, View.ready, claimed_by="Sam") == [fresh]
    claim(desk.database, fresh, who=SAM, lease=timedelta(0))
    assert listed(desk, View.ready, claimed_by="Sam") == []


def test_the_queue_is_read_from_its_index(desk):
    """Neither sorted nor searched row by row, however many rows there are."""
    with desk.database.read() as session:
        asked = queue.listing(session, View.ready, Filters(intent="price_change")).limit(50)
        written = asked.compile(session.connection(), compile_kwargs=LITERAL)
        steps = " · ".join(row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {written}")))
    assert "ix_proposals_queue" in steps
    assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize("view", [View.ready, View.done])
def test_a_search_begins_with_what_the_words_found(desk, view):
    """Not with a walk through the view, which may hold a million items."""
    with desk.database.read() as session:
        asked = queue.listing(session, view, Filters(text="later")).limit(50).compile(session.connection())
        values = tuple(str(asked.params[name]) for name in asked.positiontup)
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)
        steps = " · ".join(row.detail for row in plan)
    assert "(message_id=?)" in steps
    assert "ix_proposals" not in steps
