"""Agreement and haste by matter, with nobody named."""

from __future__ import annotations

from datetime import timedelta

from agent.proposal import Lane, RecordRef
from review.decisions import RejectReason, approve, edit, reject
from review.edits import Edit, LineEdit
from review.quality import Quality, quality
from review.schema import DecisionRow
from review.undo import undo
from tests.review.desk import ROBIN, SAM, Desk, date_change

CHANGE = Edit(lines=[LineEdit(index=0, date="2026-12-15")])


def item(desk: Desk, number: int, lane: Lane = Lane.check) -> str:
    return desk.propose(date_change(record=RecordRef(model="purchase.order", id=number, name=f"P{number}"), lane=lane))


def seen(desk: Desk) -> Quality:
    with desk.database.read() as session:
        return quality(session, days=28, seconds=2)


def test_a_second_look_agrees_or_not(desk):
    """Where one person edited and another decided; what was undone counts no more."""
    for number in (1, 2, 3):
        proposal_id = item(desk, number)
        edit(desk.database, proposal_id, version=1, who=ROBIN, change=CHANGE)
        if number == 1:
            reject(desk.database, proposal_id, version=2, who=SAM, reason=RejectReason.wrong_values)
        else:
            approve(desk.database, proposal_id, version=2, who=SAM)
    undo(desk.database, proposal_id, version=2, who=SAM)
    [matter] = seen(desk).matters
    assert (matter.intent, matter.second_looks, matter.agreed) == ("delivery_date_change", 2, 1)
    assert not {"Robin", "Sam"} & set(seen(desk).model_dump_json().split('"'))


def test_an_approval_right_after_another_decision_left_no_time_to_read(desk):
    """Under Check only: what is ready may be approved many together. The first of a person follows nothing."""
    for number, after in enumerate((0, 1, 30, 31.5), start=1):
        approve(desk.database, item(desk, number), version=1, who=ROBIN)
        with desk.database.write() as session:
            row = session.query(DecisionRow).order_by(DecisionRow.id.desc()).first()
            row.at += timedelta(seconds=after - 100)
    approve(desk.database, item(desk, 9, Lane.ready), version=1, who=ROBIN)
    approve(desk.database, item(desk, 10), version=1, who=SAM)
    found = seen(desk)
    assert (found.together.looked_at, found.together.quick, found.decisions) == (3, 2, 6)
    assert found.matters[0].few
