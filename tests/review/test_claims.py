"""Claims: one item in one pair of hands."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from review import log
from review.claims import claim, release
from review.decisions import RejectReason, approve, reject
from review.people import Person
from review.refusals import Claimed, StaleDecision
from review.schema import ProposalRow
from tests.review.desk import ROBIN, SAM


def holder(desk, proposal_id) -> str | None:
    with desk.database.read() as session:
        return session.get_one(ProposalRow, proposal_id).claimed_by


def test_the_second_sees_who_has_it(desk):
    """And cannot decide it either."""
    proposal_id = desk.propose()
    until = claim(desk.database, proposal_id, who=ROBIN)
    assert until > datetime.now(UTC)
    with pytest.raises(Claimed, match="Robin has this until"):
        claim(desk.database, proposal_id, who=SAM)
    with pytest.raises(Claimed, match="Robin"):
        approve(desk.database, proposal_id, version=1, who=SAM)
    with pytest.raises(Claimed, match="Robin"):
        reject(desk.database, proposal_id, version=1, who=SAM, reason=RejectReason.duplicate)
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    assert holder(desk, proposal_id) is None


def test_a_lease_that_ended_lets_others_in(desk):
    """Somebody who went home keeps nothing."""
    proposal_id = desk.propose()
    claim(desk.database, proposal_id, who=ROBIN, lease=timedelta(0))
    claim(desk.database, proposal_id, who=SAM)
    assert holder(desk, proposal_id) == "Sam"
    with pytest.raises(Claimed):
        claim(desk.database, proposal_id, who=ROBIN)


def test_a_lease_is_renewed_without_an_entry_each_time(desk):
    """The log tells who had what, not how often a page asked."""
    proposal_id = desk.propose()
    first = claim(desk.database, proposal_id, who=ROBIN)
    assert claim(desk.database, proposal_id, who=ROBIN) > first
    with desk.database.read() as session:
        assert [e.kind for e in log.of_subject(session, proposal_id)] == ["proposal.claimed"]


def test_only_the_holder_gives_back(desk):
    """Another's release does nothing."""
    proposal_id = desk.propose()
    claim(desk.database, proposal_id, who=ROBIN)
    release(desk.database, proposal_id, who=SAM)
    assert holder(desk, proposal_id) == "Robin"
    release(desk.database, proposal_id, who=ROBIN)
    claim(desk.database, proposal_id, who=SAM)
    assert holder(desk, proposal_id) == "Sam"


def test_what_is_decided_cannot_be_claimed(desk):
    """It says who decided."""
    proposal_id = desk.propose()
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    with pytest.raises(StaleDecision, match="Robin has decided"):
        claim(desk.database, proposal_id, who=SAM)


def test_of_many_at_once_one_has_it(desk):
    """Claims are settled by compare and set."""
    proposal_id = desk.propose()
    got: list[str] = []

    def try_it(name: str) -> None:
        try:
            claim(desk.database, proposal_id, who=Person(name=name, role="reviewer"))
            got.append(name)
        except Claimed:
            pass

    threads = [threading.Thread(target=try_it, args=(f"P{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [holder(desk, proposal_id)]
