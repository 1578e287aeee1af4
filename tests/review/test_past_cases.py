"""What people decided on messages alike: the kind of matter and the decision, never another message's words."""

from __future__ import annotations

from review.decisions import approve
from review.past_cases import DecidedCases
from tests.review.desk import ROBIN, date_change


def test_decisions_on_messages_alike_are_told_without_their_words(desk):
    proposal = desk.propose(date_change())
    assert DecidedCases(desk.database).similar("P00041: later New date: 14 December.", 3) == []
    approve(desk.database, proposal, version=1, who=ROBIN)
    [line] = DecidedCases(desk.database).similar("P00041: later New date: 14 December.", 3)
    assert line.endswith("delivery_date_change, which a person decided to approve")
    assert DecidedCases(desk.database).similar("Rechnung für Schrauben", 3) == []
