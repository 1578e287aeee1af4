"""Separation of duties: how many people a proposal needs, that none of them edited it, and what a decision remembers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from agent.propose import load_policy
from review import log
from review.decisions import approve, edit
from review.edits import Edit, LineEdit
from review.escalation import escalate
from review.people import Person
from review.refusals import NotAllowed
from review.schema import DecisionRow, HandoffRow, ProposalRow
from review.undo import undo
from tests.review.desk import ROBIN, SAM
from tests.review.policies import in_force

TWO = {"id": "two", "when": {"action": ["update_delivery_date"]}, "people": 2}
KIM = Person(name="Kim", role="reviewer")
LATER = Edit(lines=[LineEdit(index=0, date="2026-12-18")])


def state(desk, proposal_id) -> tuple[str, int]:
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, proposal_id)
        return row.state, row.version


def approvals(desk) -> list[list[str]]:
    with desk.database.read() as session:
        bodies = [json.loads(h.body) for h in session.scalars(select(HandoffRow).order_by(HandoffRow.sequence))]
        return [[a["by"] for a in body["data"]["decision"]["approvals"]] for body in bodies]


def test_where_two_are_asked_the_second_approval_hands_on_and_both_are_named(desk):
    """The first leaves it open for another person; the same person cannot be both."""
    proposal_id = desk.propose()
    with in_force(TWO):
        first = approve(desk.database, proposal_id, version=1, who=ROBIN)
        assert (first.kind, state(desk, proposal_id), approvals(desk)) == ("endorse", ("open", 2), [])
        assert approve(desk.database, proposal_id, version=1, who=ROBIN).id == first.id
        with pytest.raises(NotAllowed, match="approved this already"):
            approve(desk.database, proposal_id, version=2, who=ROBIN)
        assert approve(desk.database, proposal_id, version=2, who=KIM).kind == "approve"
    assert (state(desk, proposal_id), approvals(desk)) == (("approved", 2), [["Robin", "Kim"]])


def test_the_editor_is_neither_of_the_two(desk):
    """Not even after somebody else's approval made the newest version."""
    proposal_id = desk.propose()
    with in_force(TWO):
        edit(desk.database, proposal_id, version=1, who=ROBIN, change=LATER)
        approve(desk.database, proposal_id, version=2, who=KIM)
        with pytest.raises(NotAllowed, match="You edited"):
            approve(desk.database, proposal_id, version=3, who=ROBIN)
        approve(desk.database, proposal_id, version=3, who=SAM)
    assert approvals(desk) == [["Kim", "Sam"]]


def test_an_edit_ends_the_approvals_before_it(desk):
    """They were of something else."""
    proposal_id = desk.propose()
    with in_force(TWO):
        approve(desk.database, proposal_id, version=1, who=ROBIN)
        edit(desk.database, proposal_id, version=2, who=SAM, change=LATER)
        assert approve(desk.database, proposal_id, version=3, who=ROBIN).kind == "endorse"
        assert approve(desk.database, proposal_id, version=4, who=KIM).kind == "approve"
    assert approvals(desk) == [["Robin", "Kim"]]


def test_a_first_approval_can_be_undone(desk):
    proposal_id = desk.propose()
    with in_force(TWO):
        approve(desk.database, proposal_id, version=1, who=ROBIN)
        undo(desk.database, proposal_id, version=2, who=ROBIN)
        assert approve(desk.database, proposal_id, version=3, who=KIM).kind == "endorse"
        assert approve(desk.database, proposal_id, version=4, who=ROBIN).kind == "approve"


def test_a_limit_asks_for_a_role_and_a_supervisor_has_every_one(desk):
    proposal_id = desk.propose()
    with in_force({"id": "board", "when": {}, "roles": ["board"]}):
        with pytest.raises(NotAllowed, match="approval of board; you are signed in as reviewer"):
            approve(desk.database, proposal_id, version=1, who=ROBIN)
        approve(desk.database, proposal_id, version=1, who=SAM)
    assert approvals(desk) == [["Sam"]]


def test_who_may_not_decide_approves_nothing(desk):
    """Not even what the policy asks of no role, nor what was escalated to them."""
    proposal_id = desk.propose()
    with pytest.raises(NotAllowed, match="approval of reviewer"):
        approve(desk.database, proposal_id, version=1, who=Person(name="Mia", role="manager"))
    with desk.database.write() as session:
        session.execute(update(ProposalRow).values(escalated_to="manager"))
    with pytest.raises(NotAllowed, match="approval of reviewer"):
        approve(desk.database, proposal_id, version=1, who=Person(name="Mia", role="manager"))


def test_each_decision_keeps_the_policy_and_the_rule_that_applied(desk):
    """In its row, in the log and in the event; whatever becomes of the file later."""
    first = desk.propose()
    edit(desk.database, first, version=1, who=SAM, change=LATER)
    with in_force({"id": "all-of-them", "when": {}}):
        approve(desk.database, first, version=2, who=ROBIN)
    with desk.database.read() as session:
        before, after = session.scalars(select(DecisionRow).order_by(DecisionRow.id))
        [event] = session.scalars(select(HandoffRow))
        logged = [
            json.loads(e.content)["policy"] for e in log.of_subject(session, first) if e.kind.startswith("proposal.")
        ]
        assert json.loads(event.body)["data"]["decision"]["policy"] == {"hash": "f" * 64, "rule": "all-of-them"}
    assert (before.policy_hash, before.policy_rule, before.role) == (load_policy().sha256, "by action", "supervisor")
    assert (after.policy_hash, after.policy_rule, after.role) == ("f" * 64, "all-of-them", "reviewer")
    assert [p["rule"] for p in logged] == ["by action", "all-of-them"]


def test_what_waits_too_long_becomes_anothers_matter_once(desk):
    """Who it is escalated to may then approve it, though the role would not do otherwise."""
    limit = {
        "id": "slow",
        "when": {},
        "roles": ["board"],
        "escalate": {"after_hours": 2, "to": "duty officer"},
    }
    with in_force(limit):
        proposal_id = desk.propose()
        assert escalate(desk.database) == []
        officer = Person(name="Ola", role="duty officer")
        with pytest.raises(NotAllowed):
            approve(desk.database, proposal_id, version=1, who=officer)
        with desk.database.write() as session:
            session.execute(update(ProposalRow).values(escalate_at=datetime.now(UTC) - timedelta(seconds=1)))
        assert escalate(desk.database) == [proposal_id]
        assert escalate(desk.database) == []
        assert approve(desk.database, proposal_id, version=1, who=officer).kind == "approve"
    with desk.database.read() as session:
        [entry] = [e for e in log.of_subject(session, proposal_id) if e.kind == "proposal.escalated"]
        assert json.loads(entry.content)["to"] == "duty officer"
