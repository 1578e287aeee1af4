"""Whose an item is, by hand and by rules."""

from __future__ import annotations

import pytest

from agent.proposal import Stakes
from agent.taught import NOTHING
from review import queue
from review.assignment import By, InvalidAssignment, assign, rules, set_rule
from review.decisions import approve
from review.people import add_person
from review.queue import Filters, View
from review.refusals import StaleDecision
from review.schema import MailboxMessage, ProposalRow
from tests.review.desk import ROBIN, ScriptedEngine, date_change, mail


def given(desk, proposal_id) -> tuple[str | None, str | None]:
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, proposal_id)
        return row.assignee, row.team


def test_an_item_is_given_to_a_person_or_a_team(desk):
    """And found under it; nobody takes it back; nobody who is not there gets it."""
    add_person(desk.database, "Sam", "reviewer")
    proposal_id = desk.propose()
    assign(desk.database, proposal_id, who=ROBIN, person="Sam", team="North")
    with desk.database.read() as session:
        for filters, found in ((Filters(assignee="Sam"), 1), (Filters(team="North"), 1), (Filters(team="South"), 0)):
            assert len(queue.list_items(session, View.ready, filters)) == found
    with pytest.raises(InvalidAssignment, match="nobody called 'Nobody'"):
        assign(desk.database, proposal_id, who=ROBIN, person="Nobody", team=None)
    assign(desk.database, proposal_id, who=ROBIN, person=None, team=None)
    assert given(desk, proposal_id) == (None, None)
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    with pytest.raises(StaleDecision):
        assign(desk.database, proposal_id, who=ROBIN, person="Sam", team=None)


def test_the_most_particular_rule_holds(desk):
    """The sender's address before its domain, before the mailbox, before the intent."""
    for by, value, team in (
        (By.vendor, "Ann@Supplier.example", "ann's"),
        (By.vendor, "supplier.example", "supplier's"),
        (By.mailbox, "orders", "orders'"),
        (By.intent, "delivery_date_change", "dates'"),
    ):
        set_rule(desk.database, who=ROBIN, by=by, value=value, person=None, team=team)
    senders = {"ann@supplier.example": "ann's", "bob@supplier.example": "supplier's", "c@x.example": "dates'"}
    for sender, team in senders.items():
        assert given(desk, desk.propose(date_change(record=None), sender=sender)) == (None, team)
    assert given(desk, desk.propose(date_change(intent="complaint", record=None), sender="c@x.example"))[1] is None

    class FromMailbox(ScriptedEngine):
        """The mailbox's row is there before the message is triaged, as when mail is taken in."""

        def triage(self, message, taught=NOTHING):
            with desk.database.write() as session:
                place = {"account": "Orders", "folder": "INBOX", "place": "1/1"}
                session.add(MailboxMessage(**place, message_id=message.id))
            return super().triage(message)

    message_id = desk.take(mail(sender="d@x.example"), FromMailbox(date_change(record=None)))
    assert given(desk, f"{message_id[:20]}-0") == (None, "orders'")


def test_rules_go_by_warehouse_and_by_the_vendors_name(desk):
    """As Odoo has them; the vendor's is the more particular."""
    set_rule(desk.database, who=ROBIN, by=By.warehouse, value="San Francisco", person=None, team="West")
    set_rule(desk.database, who=ROBIN, by=By.vendor, value="azure interior", person=None, team="Azure's")
    for vendor, team in (("Gemini", "West"), ("Azure Interior", "Azure's")):
        stakes = Stakes(vendor=vendor, warehouse="San Francisco")
        assert given(desk, desk.propose(date_change(record=None, stakes=stakes), sender=f"a@{team[0]}.example")) == (
            None,
            team,
        )


def test_a_rule_is_replaced_and_ended(desk):
    """What it gave stays given."""
    add_person(desk.database, "Sam", "reviewer")
    set_rule(desk.database, who=ROBIN, by=By.vendor, value="x.example", person=None, team="North")
    set_rule(desk.database, who=ROBIN, by=By.vendor, value="X.example", person="Sam", team=None)
    kept = desk.propose(sender="a@x.example")
    assert given(desk, kept) == ("Sam", None)
    set_rule(desk.database, who=ROBIN, by=By.vendor, value="x.example", person=None, team=None)
    with desk.database.read() as session:
        assert rules(session) == []
    assert given(desk, kept) == ("Sam", None)
