"""By lines: some approved and the others later, or two items out of one."""

from __future__ import annotations

import pytest

from agent.proposal import Action, Change, Evidence, Fields, LineFields, Proposal
from review.decision_rows import decisions_of
from review.decisions import RejectReason, approve, edit, reject
from review.divide import divide
from review.edits import Edit, InvalidEdit, LineEdit
from review.intake import read_again, triage_message
from review.refusals import NotAllowed, StaleDecision, TooLate
from review.schema import ProposalRow
from review.split import split
from review.undo import undo
from tests.review.desk import ROBIN, SAM, ScriptedEngine, date_change

DATES = {97: "2026-12-14", 98: "2026-12-15", 99: "2026-12-16"}


def three_lines() -> Proposal:
    """A change of date for three lines of one order."""
    return date_change(
        fields=Fields(lines=[LineFields(line_id=n, product=f"P{n}", date=day) for n, day in DATES.items()]),
        changes=[
            Change(line_id=n, product=f"P{n}", field="date", held="2026-12-01", stated=d) for n, d in DATES.items()
        ],
        evidence=[
            Evidence(field="record", part="subject", start=0, end=6, text="P00041"),
            *(Evidence(field=f"lines[{i}].date", part="body", start=i, end=i + 1, text=str(i)) for i in range(3)),
        ],
        actions=[
            Action(
                name="update_delivery_date",
                arguments={"lines": [{"line_id": n, "date": day} for n, day in DATES.items()]},
            ),
            Action(name="notify_customer", draft="Dear customer"),
        ],
    )


def row_of(desk, proposal_id) -> ProposalRow:
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, proposal_id)
        assert row.body
        return row


def lines_of(desk, proposal_id) -> list[int]:
    return [line["line_id"] for line in row_of(desk, proposal_id).body["fields"]["lines"]]


def test_each_part_speaks_of_its_own_lines_only():
    """In fields, changes, evidence and what its actions would do."""
    chosen, rest = divide(three_lines(), [2, 0])
    assert [line.line_id for line in chosen.fields.lines] == [97, 99]
    assert [change.line_id for change in chosen.changes] == [97, 99]
    assert [(e.field, e.text) for e in chosen.evidence] == [
        ("record", "P00041"),
        ("lines[0].date", "0"),
        ("lines[1].date", "2"),
    ]
    assert chosen.actions[0].arguments["lines"] == [
        {"line_id": 97, "date": "2026-12-14"},
        {"line_id": 99, "date": "2026-12-16"},
    ]
    assert [line.line_id for line in rest.fields.lines] == [98]
    assert [(e.field, e.text) for e in rest.evidence] == [("record", "P00041"), ("lines[0].date", "1")]
    assert rest.actions[0].arguments["lines"] == [{"line_id": 98, "date": "2026-12-15"}]


@pytest.mark.parametrize("lines", [[], [0, 1, 2], [3], [-1]])
def test_both_parts_have_lines(lines):
    """All, none, or lines that are not there divide nothing."""
    with pytest.raises(InvalidEdit):
        divide(three_lines(), lines)


def test_some_lines_are_approved_and_the_others_wait(desk):
    """The decision tells what of the proposal was taken, and what became of the rest."""
    proposal_id = desk.propose(three_lines())
    done = approve(desk.database, proposal_id, version=1, who=ROBIN, lines=[0, 2])
    [rest] = done.made
    assert (row_of(desk, proposal_id).state, lines_of(desk, proposal_id)) == ("approved", [97, 99])
    assert (row_of(desk, rest).state, lines_of(desk, rest)) == ("open", [98])
    assert row_of(desk, rest).case_id == row_of(desk, proposal_id).case_id
    assert len(done.proposed["fields"]["lines"]) == 3
    assert "fields.lines" in {d["path"] for d in done.difference}
    assert approve(desk.database, proposal_id, version=1, who=ROBIN, lines=[2, 0]).id == done.id
    with pytest.raises(StaleDecision):
        approve(desk.database, proposal_id, version=1, who=ROBIN)


def test_undone_it_is_one_again(desk):
    """The part that was made goes; unless it was decided on, which has to be undone first."""
    proposal_id = desk.propose(three_lines())
    [rest] = approve(desk.database, proposal_id, version=1, who=ROBIN, lines=[0]).made
    reject(desk.database, rest, version=1, who=SAM, reason=RejectReason.already_done)
    with pytest.raises(TooLate, match="other part"):
        undo(desk.database, proposal_id, version=1, who=ROBIN)
    assert row_of(desk, proposal_id).state == "approved"
    undo(desk.database, rest, version=1, who=SAM)
    with pytest.raises(TooLate):  # Sam has looked at it and may be at work: it is no longer as it was made
        undo(desk.database, proposal_id, version=1, who=ROBIN)


def test_an_untouched_part_goes_when_its_making_is_undone(desk):
    """Nothing is asked twice."""
    proposal_id = desk.propose(three_lines())
    [rest] = split(desk.database, proposal_id, version=1, who=ROBIN, lines=[0]).made
    assert (lines_of(desk, proposal_id), lines_of(desk, rest)) == ([97], [98, 99])
    undo(desk.database, proposal_id, version=2, who=ROBIN)
    assert lines_of(desk, proposal_id) == [97, 98, 99]
    assert row_of(desk, rest).state == "superseded"


def test_parts_of_an_edited_proposal_still_want_a_second_person(desk):
    """Dividing is no way around it, for either part."""
    proposal_id = desk.propose(three_lines())
    edit(desk.database, proposal_id, version=1, who=ROBIN, change=Edit(lines=[LineEdit(index=0, qty=3)]))
    [rest] = split(desk.database, proposal_id, version=2, who=ROBIN, lines=[0]).made
    for part, version in ((proposal_id, 3), (rest, 1)):
        with pytest.raises(NotAllowed, match="second person"):
            approve(desk.database, part, version=version, who=ROBIN)
        approve(desk.database, part, version=version, who=SAM)


def test_a_message_read_again_asks_only_for_the_lines_that_are_open(desk):
    """What was approved of it was written to Odoo, which is why it is read again."""
    proposal_id = desk.propose(three_lines())
    [rest] = approve(desk.database, proposal_id, version=1, who=ROBIN, lines=[0, 1]).made
    message_id = row_of(desk, proposal_id).message_id
    read_again(desk.database, message_id, "the order was written")
    triage_message(desk.database, desk.store, message_id, ScriptedEngine(three_lines()))
    assert row_of(desk, rest).state == "superseded"
    assert lines_of(desk, f"{message_id[:20]}-2") == [99]
    with desk.database.read() as session:
        assert decisions_of(session, f"{message_id[:20]}-2") == []
