"""What people taught helps to read a message, and only that: it silences no suspicion."""

from __future__ import annotations

from datetime import date, datetime
from email.message import EmailMessage

import pytest

from agent.proposal import Proposal
from agent.tables import read_table
from agent.taught import Lesson, Subject, Taught, headings, key_of
from agent.triage import TriageEngine, build_engine
from tests.agent.company import NOW, mail, snapshot
from tests.agent.test_edi_news import x855
from tests.agent.test_tables import table
from tools.message import Channel, Message
from tools.reading import read_message
from tools.snapshot import SnapshotReader

ROPE, BLUE = 1, 3
ROPES = 10  # the id of their supplier


@pytest.fixture(scope="module")
def engine() -> TriageEngine:
    return build_engine(SnapshotReader(snapshot()))


def with_table(csv: str, sender: str = "w.harms@trosse-tau.example") -> Message:
    made = EmailMessage()
    made["From"], made["Subject"] = sender, "Order P00041"
    made.set_content("Please see the attached list.")
    made.add_attachment(csv.encode(), maintype="text", subtype="csv", filename="list.csv")
    return read_message(made.as_bytes(), channel=Channel.email, received_at=NOW)


def lesson(subject: str, given: str, means: str) -> Lesson:
    return Lesson(Subject(subject), given, means, f"Taught by Ann: {given} is {means}.")


def read(engine: TriageEngine, message: Message, *lessons: Lesson) -> list[Proposal]:
    return engine.triage(message, Taught.for_message(message, lessons)).proposals


def test_a_taught_column_is_read_whatever_its_heading_says(engine):
    """None of three dates has a heading that is known; taught, XQ is the delivery date, and the proposal says by whom."""
    message = with_table("Item;Qty;MAD;XQ;WE\nROP-12-NAV;40;28.05.2026;03.06.2026;17.06.2026\n")
    assert headings(message) == ["Item", "Qty", "MAD", "XQ", "WE"]
    before = [(n.line_id, n.date) for p in read(engine, message) for n in p.fields.lines if n.date]
    [proposal] = read(engine, message, lesson("column", "xq:", "date"))
    assert before != [(ROPE, "2026-06-03")]
    assert [(n.line_id, n.date) for n in proposal.fields.lines] == [(ROPE, "2026-06-03")]
    assert proposal.intent == "delivery_date_change"
    assert "Taught by Ann: xq: is date." in proposal.reasons


def test_the_taught_column_is_the_one_and_another_of_its_kind_is_the_former(engine):
    """Two dates: the taught one counts though it stands on the left; taught to say nothing, a column says nothing."""
    text = "Item|Qty|Ship|Delivery date\nAB-12|5|03.12.2026|14.12.2026"
    rows = {
        name: read_table(table(text), now=datetime(2026, 11, 23), language="en", columns=columns)[0]
        for name, columns in (("plain", {}), ("taught", {"ship": "date"}), ("nothing", {"delivery date": None}))
    }
    assert rows["plain"].date == date(2026, 12, 14)
    assert (rows["taught"].date, rows["taught"].old_date) == (date(2026, 12, 3), date(2026, 12, 14))
    assert rows["nothing"].date is None


@pytest.mark.parametrize("heading", ["交期", "Срок поставки", "Dodací lhůta", "ETD/MAD°"])
def test_headings_of_any_script_can_be_taught(heading):
    """No word of it needs to be known."""
    key = key_of(Subject.column, f" {heading.upper()} :")
    [row] = read_table(table(f"Item|{heading}\nAB-12|14.12.2026"), now=NOW, language="en", columns={key: "date"})
    assert row.date == date(2026, 12, 14)


def test_a_taught_code_is_the_product_in_text_in_tables_and_in_edi(engine):
    """X-900 is nobody's; taught, it is the rope. What is on file under a taught code counts no more."""
    code = lesson("code", "X-900", "1")
    message = mail("Unfortunately X 900 of P00041 will be delayed until 3 June 2026.")
    assert [n.line_id for p in read(engine, message, code) for n in p.fields.lines] == [ROPE]
    listed = with_table("Item;Qty;Delivery date\nX-900;40;03.06.2026\n")
    assert [(n.line_id, n.date) for p in read(engine, listed, code) for n in p.fields.lines] == [(ROPE, "2026-06-03")]
    raw = x855("PO1*9*40*EA*31.5**VP*X-900", "ACK*DR*40*EA*067*20260603")
    edi = read_message(raw, channel=Channel.edi, received_at=NOW)
    assert [n.line_id for p in read(engine, edi) for n in p.fields.lines if n.line_id] == []
    assert [n.line_id for p in read(engine, edi, code) for n in p.fields.lines] == [ROPE]
    ours = mail("Unfortunately FEN-25-BLU of P00041 will be delayed until 3 June 2026.")
    assert [n.line_id for p in read(engine, ours, lesson("code", "FEN-25-BLU", "1")) for n in p.fields.lines] == [ROPE]


def test_a_taught_address_is_the_companys(engine):
    """A stranger's mail is the supplier's: by its address, or by its domain."""
    message = mail("Unfortunately the rope will come later, on 3 June 2026.", sender="desk@new-agency.example")
    assert all(p.record is None for p in read(engine, message))
    for given in ("desk@new-agency.example", "New-Agency.example"):
        [proposal] = read(engine, message, lesson("address", given, str(ROPES)))
        assert proposal.record is not None
        assert proposal.record.name == "P00041"
        assert not any("not known" in reason for reason in proposal.reasons)


def test_a_taught_address_silences_no_suspicion(engine):
    """One that imitates another company's goes to a person all the same."""
    message = mail("P00041 will come on 3 June 2026.", sender="w.harms@tr0sse-tau.example")
    outcome = engine.triage(message, Taught([lesson("address", message.sender.email, str(ROPES))]))
    assert outcome.manual
    assert "imitates" in (outcome.manual_reason or "")


def test_what_is_not_in_the_message_is_not_said_to_have_helped(engine):
    """Only lessons about something in it come with a message, and of two about the same the last."""
    message = mail("Unfortunately X-900 of P00041 will be delayed until 3 June 2026.")
    other = [lesson("code", "X-9001", "3"), lesson("column", "LT", "date"), lesson("address", "a@b.example", "12")]
    assert not Taught.for_message(message, other)
    assert Taught.for_message(message, [lesson("code", "X900", "3"), lesson("code", "x-900", "1")]).codes == {"X900": 1}


def test_a_column_that_was_taught_to_be_the_former_date_stays_it_beside_another():
    columns = {key_of(Subject.column, "F. prevista"): "old_date"}
    made = table("Ref.|F. solicitada|F. prevista\nA-10|22/09/2027|29/09/2027")
    [row] = read_table(made, now=NOW, language="es", columns=columns)
    assert row.date is None
