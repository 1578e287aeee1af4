"""Messages about one matter stand together: by conversation, token, shipment, record, and at last by subject."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from agent.proposal import Fields, RecordRef
from review import cases, log, queue
from review.schema import CaseRow, MessageRow, ProposalRow
from tests.review.desk import ORDER, OTHER, START, ScriptedEngine, date_change, mail
from tools.message import Channel


def case_of(desk, proposal_id: str) -> str:
    """The case of the message that a proposal comes from."""
    with desk.database.read() as session:
        proposal = session.get_one(ProposalRow, proposal_id)
        return session.get_one(MessageRow, proposal.message_id).case_id


def together(desk, *proposal_ids: str) -> bool:
    return len({case_of(desk, each) for each in proposal_ids}) == 1


def portal_post(text: str, email: str = "") -> bytes:
    post = {"model": "purchase.order", "res_id": 41, "author": {"name": "Ann", "email": email}, "body_html": text}
    return json.dumps(post).encode()


def test_an_answer_belongs_to_the_conversation(desk):
    """Also when the mail answered was never received, but another answer to it was."""
    nothing = date_change(record=None)
    first = desk.propose(nothing, Message_ID="<a@s.example>", subject="Hello")
    answer = desk.propose(nothing, sender="x@us.example", In_Reply_To="<a@s.example>", subject="Other words")
    left = desk.propose(nothing, References="<root@r.example>", subject="left")
    right = desk.propose(nothing, References="<root@r.example>", subject="right")
    assert together(desk, first, answer)
    assert together(desk, left, right)
    assert not together(desk, first, left)


def test_a_token_in_the_subject_names_the_case(desk):
    """A new mail without references: the person who wrote to the supplier put the token there. Guesses find nothing."""
    nothing = date_change(record=None)
    first = desk.propose(nothing, subject="Hello")
    token = cases.token(case_of(desk, first))
    named = desk.propose(nothing, sender="new@elsewhere.example", subject=f"Your question {token.upper()}")
    guessed = desk.propose(nothing, subject="x [XD-000000000000]")
    assert together(desk, first, named)
    assert not together(desk, first, guessed)


def test_news_of_one_order_is_one_case_whatever_the_channel(desk):
    first = desk.propose()
    post = desk.take(portal_post("<p>Later</p>"), ScriptedEngine(date_change()), channel=Channel.portal)
    other = desk.propose(date_change(record=OTHER), subject="else")
    assert together(desk, first, f"{post[:20]}-0")
    assert not together(desk, first, other)


def test_a_message_about_two_orders_stands_in_the_cases_of_both(desk):
    first = desk.propose(date_change(record=ORDER), subject="one")
    second = desk.propose(date_change(record=OTHER), subject="two")
    both = desk.propose(
        date_change(intent="price_change"), date_change(intent="price_change", record=OTHER), subject="both"
    )
    with desk.database.read() as session:
        for proposal_id in (first, second):
            ids = [m.id[:20] for m in cases.timeline(session, case_of(desk, proposal_id))]
            assert ids == [proposal_id[:20], both[:20]]


def test_two_orders_of_one_mail_get_a_case_each(desk):
    """What is later said of one of them alone is not news of the other."""
    both = desk.propose(date_change(), date_change(record=OTHER), subject="both")
    later = desk.propose(date_change(record=OTHER, intent="price_change"), subject="one")
    with desk.database.read() as session:
        own = [m.id[:20] for m in cases.timeline(session, case_of(desk, both))]
        others = [m.id[:20] for m in cases.timeline(session, case_of(desk, later))]
    assert own == [both[:20]]
    assert others == [both[:20], later[:20]]


def test_a_shipment_is_known_however_its_number_is_spelt(desk):
    announced = date_change(intent="shipment_notice", fields=Fields(tracking="1Z 999-AA1"))
    first = desk.propose(announced)
    raw = b'{"provider": "generic", "payload": {"tracking_number": "1z999aa1", "description": "Departed"}}'
    event = desk.take(raw, ScriptedEngine(date_change(record=None)), channel=Channel.carrier)
    assert together(desk, first, f"{event[:20]}-0")


@pytest.mark.parametrize(
    ("subject", "sender", "record", "joined"),
    [
        ("Re: Order 4711", "bob@supplier.example", None, True),
        ("AW: WG: [ext] order  4711!", "ann@supplier.example", None, True),
        ("Order 4712", "ann@supplier.example", None, False),
        ("Order 4711", "ann@elsewhere.example", None, False),
        ("Re: Order 4711", "ann@supplier.example", OTHER, False),
    ],
)
def test_a_like_subject_is_a_hint_within_one_company(desk, subject, sender, record, joined):
    """It never joins what is about another record."""
    first = desk.propose(subject="Order 4711")
    second = desk.propose(date_change(record=record), subject=subject, sender=sender)
    assert together(desk, first, second) is joined


def test_a_subject_without_a_number_joins_nothing(desk):
    nothing = date_change(record=None)
    assert not together(desk, desk.propose(nothing, subject="Delay"), desk.propose(nothing, subject="Re: Delay"))


def test_an_order_that_was_quiet_for_long_begins_a_new_case(desk):
    """The old one keeps its messages; news goes to the new one."""
    late = START + cases.FRESH + timedelta(days=1)
    ids = [
        f"{desk.take(mail(text=f'{n}', subject=f'{n}'), ScriptedEngine(date_change()), at=at)[:20]}-0"
        for n, at in enumerate((START, late, late + timedelta(days=1)))
    ]
    assert not together(desk, ids[0], ids[1])
    assert together(desk, ids[1], ids[2])


def test_the_same_mail_by_two_ways_asks_nobody_twice(desk):
    """Other transport headers, other bytes, the same Message-ID and words."""
    one = mail(Message_ID="<a@s.example>")
    engine = ScriptedEngine(date_change())
    first = desk.take(one, engine)
    again = desk.take(b"Received: from mx2\r\n" + one, engine)
    assert engine.calls == 1
    with desk.database.read() as session:
        assert session.get_one(MessageRow, again).duplicate_of == first
        assert queue.siblings(session, again) == []
        assert [m.duplicate_of for m in cases.timeline(session, session.get_one(MessageRow, again).case_id)] == [
            None,
            first,
        ]
        assert log.of_subject(session, again)[-1].kind == "message.repeated"


def test_the_same_id_with_other_words_is_another_message(desk):
    """Message-IDs can be forged, and some senders use one twice."""
    desk.take(mail(Message_ID="<a@s.example>"), ScriptedEngine(date_change()))
    engine = ScriptedEngine(date_change())
    desk.take(mail(text="New date: 1 January, really.", Message_ID="<a@s.example>"), engine)
    desk.take(mail(sender="eve@elsewhere.example", Message_ID="<a@s.example>"), engine)
    assert engine.calls == 2


def test_a_mail_sent_twice_is_one_until_it_is_decided(desk):
    """After a decision, a day later, or when it is too short to tell, it counts again."""
    engine = ScriptedEngine(date_change())

    def send(n: int, text: str = "The new date is 14 December.", after: timedelta = timedelta()) -> str:
        return desk.take(
            mail(text=text, Message_ID=f"<{n}@s.example>"), engine, at=START + timedelta(minutes=n) + after
        )

    first = send(1)
    send(2)
    assert engine.calls == 1
    send(3, after=timedelta(days=2))
    assert engine.calls == 2
    with desk.database.write() as session:
        for proposal in session.scalars(select(ProposalRow)):
            proposal.state = "approved"
    send(4)
    send(5, text="ok")
    send(6, text="ok")
    assert engine.calls == 5
    assert first


def test_a_held_message_stands_in_its_conversation(desk):
    first = desk.propose(Message_ID="<a@s.example>")
    held = desk.take(mail(text="x", In_Reply_To="<a@s.example>"), ScriptedEngine(error=RuntimeError("gone")))
    assert together(desk, first, f"{held[:20]}-0")


def test_trying_again_keeps_the_case(desk):
    from review.intake import retry, triage_message

    held = desk.take(mail(), ScriptedEngine(error=RuntimeError("gone")))
    before = case_of(desk, f"{held[:20]}-0")
    retry(desk.database, held)
    triage_message(desk.database, desk.store, held, ScriptedEngine(date_change()))
    assert case_of(desk, f"{held[:20]}-0") == before
    with desk.database.read() as session:
        assert [c.id for c in session.scalars(select(CaseRow))] == [before]


def test_hostile_ids_and_subjects_are_only_text(desk):
    refs = " ".join(f"<{n}@x>" for n in range(500))
    desk.propose(References=refs, subject="Re: " * 300 + "[XD-'; drop] 1%_\\")
    record = RecordRef(model="x'; --", id=1, name="%")
    desk.propose(date_change(record=record), References="<0@x>", subject="_1")
