"""What is taught is shown with its effect before it is kept, used from then on, and revoked."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from agent.proposal import RecordRef, Triage
from agent.taught import NOTHING, Subject, Taught
from review import lessons, log
from review.database import Database
from review.decisions import approve, edit
from review.edits import Edit, LineEdit
from review.intake import triage_message
from review.lessons import Reach, UnknownLesson
from review.people import Person
from review.record_search import NotOneRecord
from review.refusals import NotAllowed
from review.rehearsal import Effect, rehearse_some
from review.schema import LessonRow, LogEntry, MessageRow, MessageState, ProposalRow
from review.teaching import InvalidLesson, NotRehearsed, draft, keep, revoke
from tests.agent.company import snapshot
from tests.review.desk import ROBIN, SAM, Desk, ScriptedEngine, date_change, mail
from tools.message import Message
from tools.snapshot import SnapshotReader

RECORDS = SnapshotReader(snapshot())
MANAGER = Person(name="Mo", role="manager")


class Learner(ScriptedEngine):
    """Reads 14 December, and where the column LT is taught to be the date, 21 December; of an order for each message."""

    def triage(self, message: Message, taught: Taught = NOTHING) -> Triage:
        outcome = super().triage(message)
        for proposal in outcome.proposals:
            proposal.record = RecordRef(model="purchase.order", id=int(message.id[:6], 16), name="P" + message.id[:6])
        if taught.columns.get("lt") == "date":
            for proposal in outcome.proposals:
                proposal.fields.lines[0].date = "2026-12-21"
                proposal.reasons += taught.said
        return outcome


ENGINE = Learner(date_change())


def listed(sender: str = "ann@supplier.example", heading: str = "LT") -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = sender, "P00041: later"
    made.set_content("See the list.")
    made.add_attachment(
        f"Item;{heading}\nX-1;14.12.2026\n".encode(), maintype="text", subtype="csv", filename="list.csv"
    )
    return made.as_bytes()


def taught(desk: Desk, message_id: str, reach: Reach = Reach.sender, who: Person = ROBIN, **what: object) -> LessonRow:
    given = {"subject": Subject.column, "given": "LT", "means": "date", **what}
    return draft(desk.database, message_id, who=who, reach=reach, records=RECORDS, **given)  # type: ignore[arg-type]


def rehearsed(database: Database, row: LessonRow, engine: Learner = ENGINE) -> Effect:
    while rehearse_some(database, engine):
        pass
    with database.read() as session:
        return Effect(**(lessons.find(session, row.id).effect or {}))


def date_of(desk: Desk, message_id: str) -> str | None:
    with desk.database.read() as session:
        rows = session.query(ProposalRow).filter_by(message_id=message_id, state="open")
        return rows.one().body["fields"]["lines"][0]["date"]


def test_nothing_is_kept_before_its_effect_was_shown(desk):
    """Then it is used for what comes, named as a reason, and for open items that nobody works on."""
    first = desk.take(listed(), ENGINE)
    other = desk.take(mail(), ENGINE)
    row = taught(desk, first)
    with pytest.raises(NotRehearsed):
        keep(desk.database, row.id, who=ROBIN)
    effect = rehearsed(desk.database, row)
    assert (effect.looked, effect.concerned, [c.message_id for c in effect.changed]) == (2, 1, [first])
    assert effect.changed[0].without[1] == "FURN_7800: date 2026-12-14"
    assert effect.changed[0].within[1] == "FURN_7800: date 2026-12-21"
    assert date_of(desk, first) == "2026-12-14"
    keep(desk.database, row.id, who=ROBIN)
    triage_message(desk.database, desk.store, first, ENGINE)
    assert (date_of(desk, first), date_of(desk, other)) == ("2026-12-21", "2026-12-14")
    coming = desk.take(listed(heading="lt"), ENGINE)
    with desk.database.read() as session:
        reasons = session.get_one(ProposalRow, f"{coming[:20]}-0").body["reasons"]
    assert any("Taught by Robin" in reason and "“LT” is: delivery date" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("reach", "found"), [(Reach.message, 1), (Reach.sender, 3), (Reach.all, 4)], ids=["once", "sender", "all"]
)
def test_it_holds_for_one_message_for_a_sender_or_for_all(desk, reach, found):
    """A sender is known by the domain; another one's messages are looked at only for all. One once taught for a message
    counts before what is taught for its sender."""
    ids = [
        desk.take(listed(f"{who}.example"), ENGINE)
        for who in ("ann@supplier", "bob@supplier", "c@mail.supplier", "d@x")
    ]
    row = taught(desk, ids[0], reach)
    effect = rehearsed(desk.database, row)
    assert (effect.looked, len(effect.changed)) == (found, found)
    keep(desk.database, row.id, who=SAM)
    here = taught(desk, ids[0], Reach.message, means="nothing")
    rehearsed(desk.database, here)
    keep(desk.database, here.id, who=SAM)
    triage_message(desk.database, desk.store, ids[0], ENGINE)
    assert date_of(desk, ids[0]) == "2026-12-14"


def test_it_is_set_beside_what_people_approved(desk):
    """So that one sees whether it would have been right."""
    ids = [desk.take(listed(f"{who}@supplier.example"), ENGINE) for who in ("a", "b", "c")]
    approve(desk.database, f"{ids[0][:20]}-0", version=1, who=ROBIN)
    change = Edit(lines=[LineEdit(index=0, date="2026-12-21")])
    edit(desk.database, f"{ids[1][:20]}-0", version=1, who=ROBIN, change=change)
    approve(desk.database, f"{ids[1][:20]}-0", version=2, who=SAM)
    effect = rehearsed(desk.database, taught(desk, ids[2]))
    assert {c.message_id: c.fits for c in effect.changed} == {ids[0]: "without", ids[1]: "with", ids[2]: None}


def test_it_is_listed_dated_by_whom_and_in_the_log_and_revoked(desk):
    """From then on it counts no more; the same taught again takes its place."""
    first = desk.take(listed(), ENGINE)
    for means in ("date", "remark"):
        row = taught(desk, first, means=means)
        rehearsed(desk.database, row)
        keep(desk.database, row.id, who=ROBIN)
        assert keep(desk.database, row.id, who=ROBIN).id == row.id
    with desk.database.read() as session:
        newest, older = lessons.lessons(session, 10)
        assert [lessons.state(newest), lessons.state(older)] == ["in force", "revoked"]
        assert (newest.kept_by, older.revoked_by, newest.kept_at is not None) == ("Robin", "Robin", True)
        kinds = [e.kind for e in session.query(LogEntry).filter(LogEntry.kind.startswith("lesson."))]
        assert kinds == ["lesson.kept", "lesson.revoked", "lesson.kept"]
        assert log.verify(session, desk.database.head).ok
    revoke(desk.database, newest.id, who=ROBIN)
    coming = desk.take(listed(), ENGINE)
    assert date_of(desk, coming) == "2026-12-14"


def test_what_reaches_far_is_for_who_approves_or_manages(desk):
    """For all, whose an address is, and what others taught; the draft waits for them."""
    first = desk.take(listed(), ENGINE)
    rows = [
        taught(desk, first, Reach.all),
        taught(desk, first, Reach.all, subject=Subject.address, given="supplier.example", means="Vela Bianca"),
        taught(desk, first, who=SAM),
    ]
    rehearsed(desk.database, rows[-1])
    for row in rows[:2]:
        with pytest.raises(NotAllowed, match="approve"):
            keep(desk.database, row.id, who=ROBIN)
        assert keep(desk.database, row.id, who=SAM).kept_by == "Sam"
        with pytest.raises(NotAllowed):
            revoke(desk.database, row.id, who=ROBIN)
    with pytest.raises(NotAllowed, match="Sam's draft"):
        revoke(desk.database, rows[2].id, who=ROBIN)
    revoke(desk.database, rows[2].id, who=MANAGER)
    with desk.database.read() as session, pytest.raises(UnknownLesson):
        lessons.find(session, rows[2].id)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"means": "colour"}, "A column says one of"),
        ({"given": " :: "}, "no letters"),
        ({"subject": Subject.code, "given": "12", "means": "ROP-12-NAV"}, "told from a quantity"),
        ({"subject": Subject.address, "given": "gmail.com", "means": "Ropeworks"}, "Anybody can have"),
        ({"subject": Subject.address, "given": "not an address", "means": "Ropeworks"}, "no mail address"),
    ],
)
def test_what_cannot_be_taught_is_refused_with_the_reason(desk, what, why):
    first = desk.take(listed(), ENGINE)
    with pytest.raises(InvalidLesson, match=why):
        taught(desk, first, **what)


@pytest.mark.parametrize(("words", "why"), [("fender", "Several fit"), ("anvil", "Nothing in Odoo"), ("", "which one")])
def test_a_product_is_one_product(desk, words, why):
    """What fits several is asked back, with them named; a code, a barcode or enough of a name is found."""
    first = desk.take(listed(), ENGINE)
    with pytest.raises(NotOneRecord, match=why):
        taught(desk, first, subject=Subject.code, given="X-900", means=words)
    for told in ("rop-12-nav", "5701234000017", "mooring"):
        assert taught(desk, first, subject=Subject.code, given="X-900", means=told).means == "1"


def test_the_effect_is_bounded_and_survives_a_message_that_breaks_the_engine(desk, monkeypatch):
    """200 messages, and a time; what was looked at until then is shown."""
    from review import rehearsal

    ids = [desk.take(listed(f"a{i}@supplier.example"), ENGINE) for i in range(4)]
    monkeypatch.setattr(rehearsal, "MOST", 3)
    broken = Learner(error=RuntimeError("poison"))
    effect = rehearsed(desk.database, taught(desk, ids[0]), broken)
    assert (effect.looked, effect.failed, effect.finished) == (3, 3, True)
    monkeypatch.setattr(rehearsal, "MOST_SECONDS", 0.0)
    monkeypatch.setattr(rehearsal, "SLICE_SECONDS", 0.0)
    effect = rehearsed(desk.database, taught(desk, ids[1]))
    assert (effect.looked, effect.finished) == (0, True)


def test_an_open_item_that_somebody_works_on_is_not_read_again(desk):
    """Their edit would be gone."""
    ids = [desk.take(listed(f"{who}@supplier.example"), ENGINE) for who in ("a", "b")]
    change = Edit(lines=[LineEdit(index=0, date="2026-12-15")])
    edit(desk.database, f"{ids[0][:20]}-0", version=1, who=SAM, change=change)
    row = taught(desk, ids[1])
    rehearsed(desk.database, row)
    keep(desk.database, row.id, who=ROBIN)
    with desk.database.read() as session:
        states = [session.get_one(MessageRow, message_id).state for message_id in ids]
    assert states == [MessageState.triaged, MessageState.received]
