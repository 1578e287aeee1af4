"""Drafts as unsent mails: addressed to the sender alone, and never anything but one text and its headers."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.proposal import Action
from review.letters import Letter, eml, letters_of
from tools.message import Address, Channel, Message

TOKEN = "[XD-0123456789ab]"
TWO = "=== Corner Shop (S00007) ===\n\nDear Corner Shop,\n\nlater.\n\n=== Tar & Sons (S00008) ===\n\nDear Tar,\n\nlater.\n"


def asked(**changes: object) -> Message:
    made = Message(
        id="0" * 64,
        channel=Channel.email,
        received_at=datetime(2026, 11, 24, tzinfo=UTC),
        subject="P00041: later",
        sender=Address(name="Ann", email="ann@supplier.example"),
        message_id="a1@supplier.example",
    )
    return made.model_copy(update=changes)


def mail(action: Action, message: Message | None):
    [letter] = letters_of(action)
    return message_from_bytes(eml(action, letter, message, TOKEN), policy=policy.default)


def test_an_answer_goes_to_the_sender_and_back_into_its_case():
    found = mail(Action(name="reply_to_sender", draft="Dear Ann,\n\nwhen does it come? Żółć\n"), asked())
    assert (found["To"], found["Subject"], found["X-Unsent"]) == (
        "ann@supplier.example",
        f"Re: P00041: later {TOKEN}",
        "1",
    )
    assert found["In-Reply-To"] == found["References"] == "<a1@supplier.example>"
    assert found.get_content().replace("\r\n", "\n") == "Dear Ann,\n\nwhen does it come? Żółć\n"
    assert found["From"] is None


def test_letters_to_several_customers_are_a_file_each_and_a_person_addresses_them():
    action = Action(name="notify_customer", draft=TWO)
    assert [(letter.whom, letter.about) for letter in letters_of(action)] == [
        ("Corner Shop", "S00007"),
        ("Tar & Sons", "S00008"),
    ]
    found = message_from_bytes(eml(action, letters_of(action)[1], asked(), TOKEN), policy=policy.default)
    assert (found["To"], found["Subject"]) == (None, f"S00008 {TOKEN}")
    assert found.get_content().replace("\r\n", "\n") == "Dear Tar,\n\nlater.\n"


def test_an_action_without_a_draft_has_no_letter():
    assert letters_of(Action(name="update_price")) == []


@pytest.mark.parametrize("email", ["a@b.example, c@d.example", "a@b.example\nBcc: c@d.example", "", "no address"])
def test_what_is_no_address_addresses_nobody(email):
    assert mail(Action(name="reply_to_sender", draft="Hello"), asked(sender=Address(email=email)))["To"] is None


@given(subject=st.text(), email=st.text(), ref=st.text(), draft=st.text(min_size=1))
def test_nothing_that_a_sender_writes_adds_a_header(subject, email, ref, draft):
    letter = Letter(text=draft)
    message = asked(subject=subject, sender=Address(email=email), message_id=ref)
    head = eml(Action(name="reply_to_sender", draft=draft), letter, message, TOKEN).partition(b"\r\n\r\n")[0]
    names = {
        n.decode("latin-1").lower()
        for line in head.split(b"\r\n")
        if not line.startswith((b" ", b"\t"))
        for n in [line.partition(b":")[0]]
    }
    assert names <= {
        *("x-unsent", "to", "in-reply-to", "references", "subject"),
        *("content-type", "content-transfer-encoding", "mime-version"),
    }
