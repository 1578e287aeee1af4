"""Approve, edit, reject: on what was seen, once, by who may."""

from __future__ import annotations

import threading

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from agent.proposal import Action, Lane, Proposal, RecordRef
from review import log, queue
from review.decisions import RejectReason, approve, edit, reject
from review.edits import Edit, InvalidEdit, LineEdit, difference, edited
from review.intake import triage_message
from review.people import Person
from review.queue import View
from review.record_search import UnknownModel
from review.refusals import NotAllowed, RecordUnreadable, StaleDecision, UnknownProposal
from review.schema import DecisionRow, ProposalRow
from tests.review.desk import ORDER, OTHER, ROBIN, SAM, ScriptedEngine, date_change
from tools.records import RecordsError
from tools.snapshot import SnapshotReader

LATER = Edit(lines=[LineEdit(index=0, date="2026-12-18")])


def row_of(desk, proposal_id) -> ProposalRow:
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, proposal_id)
        assert row.body
        return row


def decisions(desk) -> list[DecisionRow]:
    with desk.database.read() as session:
        return list(session.scalars(select(DecisionRow).order_by(DecisionRow.id)))


def test_an_approval_closes_the_proposal_and_is_logged(desk):
    """One transaction: state, decision and entry."""
    proposal_id = desk.propose()
    decision = approve(desk.database, proposal_id, version=1, who=ROBIN)
    assert (decision.kind, decision.who, decision.version, decision.difference) == ("approve", "Robin", 1, [])
    assert row_of(desk, proposal_id).state == "approved"
    with desk.database.read() as session:
        queued, entry = log.latest(session, 2)
        assert (entry.kind, entry.subject) == ("proposal.approve", proposal_id)
        assert (queued.kind, queued.subject) == ("handoff.queued", proposal_id)
        assert queue.counts(session)[View.done] == 1
        assert log.verify(session, desk.database.head).ok


def test_a_double_click_is_one_decision(desk):
    """The same decision of the same person on the same version gives the first one again."""
    proposal_id = desk.propose()
    first = approve(desk.database, proposal_id, version=1, who=ROBIN)
    assert approve(desk.database, proposal_id, version=1, who=ROBIN).id == first.id
    assert len(decisions(desk)) == 1


def test_a_double_edit_is_one_version_and_another_edit_of_the_old_version_is_stale(desk):
    """The same change again changes nothing; a different one was not made on what there is now."""
    proposal_id = desk.propose()
    first = edit(desk.database, proposal_id, version=1, who=ROBIN, change=LATER)
    assert edit(desk.database, proposal_id, version=1, who=ROBIN, change=LATER).id == first.id
    with pytest.raises(StaleDecision):
        edit(desk.database, proposal_id, version=1, who=ROBIN, change=Edit(actions=["no_action"]))
    assert row_of(desk, proposal_id).version == 2


def test_the_same_version_is_not_rejected_for_two_reasons(desk):
    """The first reason stands."""
    proposal_id = desk.propose()
    reject(desk.database, proposal_id, version=1, who=ROBIN, reason=RejectReason.duplicate)
    with pytest.raises(StaleDecision):
        reject(desk.database, proposal_id, version=1, who=ROBIN, reason=RejectReason.suspicious)
    assert [d.reason for d in decisions(desk)] == ["duplicate"]


def test_two_people_cannot_both_decide(desk):
    """The second is told who was faster."""
    proposal_id = desk.propose()
    approve(desk.database, proposal_id, version=1, who=ROBIN)
    with pytest.raises(StaleDecision, match="Robin has decided"):
        reject(desk.database, proposal_id, version=1, who=SAM, reason=RejectReason.duplicate)
    assert row_of(desk, proposal_id).state == "approved"


def test_of_many_at_once_one_decides(desk):
    """Concurrent decisions are settled by compare and set."""
    proposal_id = desk.propose()
    outcomes: list[str] = []

    def decide(number: int) -> None:
        try:
            approve(desk.database, proposal_id, version=1, who=Person(name=f"P{number}", role="reviewer"))
            outcomes.append("decided")
        except StaleDecision:
            outcomes.append("stale")

    threads = [threading.Thread(target=decide, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["decided"] + ["stale"] * 7
    assert len(decisions(desk)) == 1


def test_a_superseded_proposal_cannot_be_decided(desk):
    """What a newer message replaced is refused, and nothing changes."""
    first = desk.propose()
    desk.propose()
    with pytest.raises(StaleDecision, match="newer message"):
        approve(desk.database, first, version=1, who=ROBIN)
    assert decisions(desk) == []


def test_an_unknown_proposal_is_named(desk):
    """A mistyped id is not a stale one."""
    with pytest.raises(UnknownProposal, match="nowhere"):
        approve(desk.database, "nowhere", version=1, who=ROBIN)


@pytest.mark.parametrize("rows", [[{"id": 41, "write_date": "2026-11-24 09:00:00"}], []], ids=["changed", "deleted"])
def test_a_record_that_was_written_since_refuses_the_approval(desk, rows):
    """The person saw values that Odoo no longer holds."""
    proposal_id = desk.propose()
    with pytest.raises(StaleDecision, match="P00041 was changed"):
        approve(desk.database, proposal_id, version=1, who=ROBIN, records=SnapshotReader({"purchase.order": rows}))
    assert row_of(desk, proposal_id).state == "open"


def test_a_message_whose_record_moved_on_is_read_again_and_asks_afresh(desk):
    """What was decided of it already stays decided, and is not asked again."""
    other = date_change(record=OTHER)
    first = desk.propose(date_change(), other)
    message_id = row_of(desk, first).message_id
    approve(desk.database, f"{message_id[:20]}-1", version=1, who=ROBIN)
    moved = SnapshotReader({"purchase.order": [{"id": 41, "write_date": "2026-11-24 09:00:00"}]})
    with pytest.raises(StaleDecision, match="read again"):
        approve(desk.database, first, version=1, who=ROBIN, records=moved)
    now = date_change(record_write_date="2026-11-24 09:00:00")
    assert triage_message(desk.database, desk.store, message_id, ScriptedEngine(now, other)) == "triaged"
    assert [row_of(desk, f"{message_id[:20]}-{n}").state for n in (0, 1, 2)] == ["superseded", "approved", "open"]
    approve(desk.database, f"{message_id[:20]}-2", version=1, who=ROBIN, records=moved)
    with desk.database.read() as session:
        assert session.query(ProposalRow).count() == 3


@pytest.mark.parametrize(
    "lines",
    [[{"id": 97, "write_date": "2026-11-21 09:00:00"}, {"id": 98, "write_date": "2026-11-20 10:00:00"}],
     [{"id": 97, "write_date": "2026-11-20 10:00:00"}]],
    ids=["changed", "deleted"],
)  # fmt: skip
def test_a_line_that_was_written_since_refuses_the_approval(desk, lines):
    """Odoo does not date the order anew for it."""
    dates = dict.fromkeys((97, 98), "2026-11-20 10:00:00")
    proposal_id = desk.propose(date_change(line_write_dates=dates))
    order = [{"id": 41, "write_date": "2026-11-20 10:00:00"}]
    records = SnapshotReader({"purchase.order": order, "purchase.order.line": lines})
    with pytest.raises(StaleDecision, match="a line of it"):
        approve(desk.database, proposal_id, version=1, who=ROBIN, records=records)
    assert row_of(desk, proposal_id).state == "open"


def test_an_approval_waits_while_the_record_cannot_be_read(desk):
    """Whether it moved on cannot be told, so nothing is decided."""

    class Unreachable(SnapshotReader):
        def read(self, model, ids, fields=None):
            raise RecordsError("Odoo does not answer; try again.")

    proposal_id = desk.propose()
    with pytest.raises(RecordUnreadable, match="Odoo does not answer"):
        approve(desk.database, proposal_id, version=1, who=ROBIN, records=Unreachable({}))
    assert row_of(desk, proposal_id).state == "open"


def test_an_unchanged_record_lets_the_approval_pass(desk):
    """The write date is the one that the proposal was made on."""
    proposal_id = desk.propose()
    records = SnapshotReader({"purchase.order": [{"id": 41, "write_date": "2026-11-20 10:00:00"}]})
    approve(desk.database, proposal_id, version=1, who=ROBIN, records=records)
    assert row_of(desk, proposal_id).state == "approved"


def test_an_action_needs_the_role_that_the_policy_names(desk):
    """A reviewer may not approve what purchasing has to."""
    proposal_id = desk.propose(date_change(actions=[Action(name="update_price", approval="purchasing")]))
    with pytest.raises(NotAllowed, match="purchasing"):
        approve(desk.database, proposal_id, version=1, who=ROBIN)
    approve(desk.database, proposal_id, version=1, who=Person(name="Pat", role="purchasing"))
    assert row_of(desk, proposal_id).state == "approved"


def test_an_edit_makes_a_version_that_another_person_approves(desk):
    """Nobody approves their own edit."""
    proposal_id = desk.propose()
    decision = edit(desk.database, proposal_id, version=1, who=ROBIN, change=LATER)
    assert {d["path"] for d in decision.difference} == {
        "fields.lines[0].date",
        "changes[0].stated",
        "actions[0].arguments.lines[0].date",
        "lane",
    }
    with desk.database.read() as session:
        assert [i.id for i in queue.list_items(session, View.second)] == [proposal_id]
    with pytest.raises(NotAllowed, match="second person"):
        approve(desk.database, proposal_id, version=2, who=ROBIN)
    with pytest.raises(StaleDecision):
        approve(desk.database, proposal_id, version=1, who=SAM)
    approve(desk.database, proposal_id, version=2, who=SAM)
    row = row_of(desk, proposal_id)
    assert (row.state, row.version) == ("approved", 2)
    assert row.body["actions"][0]["arguments"] == {"lines": [{"line_id": 97, "date": "2026-12-18"}]}


def test_an_editor_may_correct_or_reject_their_own_edit(desk):
    """A slip of the finger must not wait for somebody else; turning down approves nothing."""
    proposal_id = desk.propose()
    edit(desk.database, proposal_id, version=1, who=ROBIN, change=LATER)
    edit(desk.database, proposal_id, version=2, who=ROBIN, change=Edit(actions=["no_action"]))
    reject(desk.database, proposal_id, version=3, who=ROBIN, reason=RejectReason.already_done, note=" by phone ")
    kept = decisions(desk)
    assert [(d.kind, d.version) for d in kept] == [("edit", 1), ("edit", 2), ("reject", 3)]
    assert (kept[-1].reason, kept[-1].note) == ("already_done", "by phone")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Edit(intent="free_money"), "no intent"),
        (Edit(actions=["write_to_odoo"]), "no action"),
        (Edit(actions=[]), "at least one action"),
        (Edit(record=RecordRef(model="purchase.order", id=999, name="P00999")), "one of the candidates"),
        (Edit(lines=[LineEdit(index=5, qty=1)]), "no line 6"),
        (Edit(intent="delivery_date_change"), "Nothing was changed"),
    ],
    ids=["intent", "action", "no action", "record", "line", "nothing"],
)
def test_an_edit_stays_within_the_catalogue_and_the_candidates(desk, change, says):
    """A person cannot name what the evidence does not support either."""
    proposal_id = desk.propose()
    with pytest.raises(InvalidEdit, match=says):
        edit(desk.database, proposal_id, version=1, who=ROBIN, change=change)
    assert row_of(desk, proposal_id).version == 1
    assert decisions(desk) == []


@pytest.mark.parametrize("values", [{"date": "some day"}, {"qty": -1}, {"price": float("nan")}, {"qty": float("inf")}])
def test_values_of_an_edit_are_typed(values):
    """Dates that can be read, numbers that are finite and not negative."""
    with pytest.raises(ValidationError):
        LineEdit(index=0, **values)


def test_another_record_takes_its_held_values_away():
    """Line numbers, held values and impact belong to the record that was named before."""
    after = edited(date_change(), Edit(record=RecordRef(model=OTHER.model, id=OTHER.id, name="ignored")))
    assert after.record == OTHER
    assert (after.changes, after.impact.items, after.record_write_date) == ([], [], None)
    assert after.fields.lines[0].line_id is None
    assert after.actions[0].arguments == {"lines": [{"line_id": None, "date": "2026-12-14"}]}
    assert after.lane is Lane.check


def test_an_added_action_gets_its_approval_from_the_policy():
    """Editing is no way around the role that an action needs."""
    after = edited(date_change(), Edit(actions=["update_delivery_date", "update_price"]))
    assert [(a.name, a.approval) for a in after.actions] == [
        ("update_delivery_date", "reviewer"),
        ("update_price", "purchasing"),
    ]


def test_the_record_can_be_taken_away():
    """Where none of the candidates is right."""
    assert edited(date_change(), Edit(no_record=True)).record is None
    assert date_change().record == ORDER


def test_a_record_that_is_no_candidate_is_looked_up_in_odoo(desk):
    """By its id, with the name that Odoo gives; what Odoo does not have is refused."""
    proposal_id = desk.propose()
    records = SnapshotReader({"purchase.order": [{"id": 50, "name": "P00050"}]})
    for wanted in (
        RecordRef(model="purchase.order", id=51, name="P00050"),
        RecordRef(model="res.users", id=1, name=""),
    ):
        with pytest.raises((InvalidEdit, UnknownModel)):
            edit(desk.database, proposal_id, version=1, who=ROBIN, change=Edit(record=wanted), records=records)
    wanted = RecordRef(model="purchase.order", id=50, name="whatever")
    edit(desk.database, proposal_id, version=1, who=ROBIN, change=Edit(record=wanted), records=records)
    row = row_of(desk, proposal_id)
    assert (row.record_name, row.body["changes"]) == ("P00050", [])


def test_a_candidate_is_chosen_though_odoo_is_away(desk):
    """It was looked up before."""

    class Unreachable(SnapshotReader):
        def search_read(self, *args, **options):
            raise RecordsError("Odoo does not answer; try again.")

    proposal_id = desk.propose()
    away = Unreachable({})
    edit(desk.database, proposal_id, version=1, who=ROBIN, change=Edit(record=OTHER), records=away)
    assert row_of(desk, proposal_id).record_name == OTHER.name
    elsewhere = Edit(record=RecordRef(model="purchase.order", id=50, name=""))
    with pytest.raises(RecordUnreadable):
        edit(desk.database, proposal_id, version=2, who=ROBIN, change=elsewhere, records=away)


def test_the_difference_names_each_leaf():
    """Paths lead to what differs, and only to that."""
    before, after = date_change().model_dump(mode="json"), edited(date_change(), LATER).model_dump(mode="json")
    assert {"path": "fields.lines[0].date", "was": "2026-12-14", "is": "2026-12-18"} in difference(before, after)
    assert difference(before, before) == []
    assert Proposal(**after).fields.lines[0].date == "2026-12-18"
