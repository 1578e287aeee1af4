"""Many at once: of one kind, each by itself."""

from __future__ import annotations

from agent.proposal import Action, Lane, RecordRef
from review.bulk import Seen, approve_all
from review.claims import claim
from review.decision_rows import decisions_of
from review.schema import ProposalRow
from tests.review.desk import ROBIN, SAM, date_change


def test_each_item_has_its_own_result(desk):
    """What moved on, is somebody's, is of another kind, or needs another role is refused; the others are approved."""

    def proposed(number: int, **changes: object) -> str:
        record = RecordRef(model="purchase.order", id=number, name=f"P{number:05}")
        return desk.propose(date_change(record=record, **changes), sender=f"s{number}@x.example")

    good, again = proposed(1), proposed(2)
    held, unsure, other = proposed(3), proposed(4, confidence=0.7), proposed(5, intent="price_change")
    looked = proposed(6, lane=Lane.check)
    dear = proposed(7, actions=[Action(name="update_price", approval="purchasing")])
    claim(desk.database, held, who=SAM)
    seen = [Seen(id=i, version=1) for i in (good, held, unsure, other, looked, dear, "nowhere")]
    seen.append(Seen(id=again, version=2))
    outcomes = approve_all(desk.database, seen, intent="delivery_date_change", band_key="high", who=ROBIN)
    assert [(o.id, o.status) for o in outcomes] == [
        (good, 200),
        (held, 409),
        (unsure, 422),
        (other, 422),
        (looked, 422),
        (dear, 403),
        ("nowhere", 404),
        (again, 412),
    ]
    assert [o.approved for o in outcomes] == [True] + [False] * 7
    assert all(o.detail for o in outcomes[1:])
    with desk.database.read() as session:
        assert [d.kind for d in decisions_of(session, good)] == ["approve"]
        assert session.get_one(ProposalRow, other).state == "open"


def test_sent_twice_it_is_done_once(desk):
    """A retry gives the same results."""
    proposal_id = desk.propose()
    items = [Seen(id=proposal_id, version=1)]
    results = [
        approve_all(desk.database, items, intent="delivery_date_change", band_key="high", who=ROBIN) for _ in range(2)
    ]
    assert results[0] == results[1]
    with desk.database.read() as session:
        assert len(decisions_of(session, proposal_id)) == 1
