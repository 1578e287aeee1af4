"""A message is gathered by the orders that it speaks of, and each is read on its own."""

from __future__ import annotations

from functools import cache

import pytest

from agent.intents import IntentModel
from agent.orders import INVOICE, PICKING, PURCHASE, SALE
from agent.rate import FEATURES
from agent.recall import recall
from agent.topics import Understander, Understanding, Unread
from agent.trust import Suspicion
from agent.weigh import IntentWeights
from tests.agent.company import NOW, mail
from tests.agent.reading import BLUE, BOOK, REFERENCES, ROPE
from tools.embedding import Embedder
from tools.message import CarrierEvent, Channel, Message, Part, Passage, PassageKind


@cache
def understander() -> Understander:
    return Understander(BOOK, IntentModel.load(), IntentWeights.load(), Embedder())


def understood(message: Message) -> Understanding:
    message.language = "en"
    return understander().understand(message, recall(message, BOOK, REFERENCES))


def records(found: Understanding) -> list[tuple[str, tuple[str, int] | None]]:
    return [(f.intent, f.record) for f in found.findings]


def test_two_orders_in_one_mail_are_two_findings():
    text = "P00041 is delayed: it will be delivered on 3 June 2026.\nP00043 is delayed: it will be delivered on 9 June 2026."
    found = understood(mail(text))
    assert records(found) == [("delivery_date_change", (PURCHASE, 41)), ("delivery_date_change", (PURCHASE, 43))]
    dates = [{x.date for x in f.filled.fields.lines} for f in found.findings]
    assert dates == [{"2026-06-03"}, {"2026-06-09"}]


def test_what_stands_before_the_first_number_belongs_to_it():
    text = (
        "Unfortunately there is a delay. ROP-12-NAV will be delivered on 3 June 2026. This concerns your order P00041."
    )
    [finding] = understood(mail(text)).findings
    assert (finding.intent, finding.record) == ("delivery_date_change", (PURCHASE, 41))
    assert [x.line_id for x in finding.filled.fields.lines] == [ROPE]


def test_one_matter_said_twice_is_one_finding():
    text = "The delivery of P00041 is delayed until 3 June 2026.\nP00041 will be delivered later, on 3 June 2026."
    assert len(understood(mail(text, subject="P00041: delay")).findings) == 1


def test_an_order_that_is_only_said_to_be_unchanged_is_no_topic():
    text = "P00041 is delayed: it will be delivered on 3 June 2026.\nP00043 remains unchanged."
    assert {record for _, record in records(understood(mail(text)))} == {(PURCHASE, 41)}


def test_quoted_history_is_not_what_the_sender_says_now():
    message = mail("We confirm your order P00041 as placed.", quoted="> ROP-12-NAV is delayed until 3 June 2026.")
    assert records(understood(message)) == [("order_confirmation", (PURCHASE, 41))]


def test_what_our_own_people_forward_is_read():
    text = "Fra: Wiebke Harms <w.harms@trosse-tau.example>\n\nP00041 is delayed: FEN-25-BLU will be delivered on 9 June 2026."
    message = mail("fyi", sender="soren.holm@havnegaard.example", quoted=text, kind=PassageKind.forwarded)
    [finding] = understood(message).findings
    assert (finding.intent, finding.record) == ("delivery_date_change", (PURCHASE, 41))
    assert [x.line_id for x in finding.filled.fields.lines] == [BLUE]


@pytest.mark.parametrize("mark", ["auto_reply", "bounce"])
def test_what_the_mail_itself_says_it_is_needs_no_reading(mark):
    message = mail("P00041 is delayed until 3 June 2026.")
    setattr(message, mark, True)
    assert records(understood(message)) == [("auto_reply", None)]


def test_a_carriers_coded_event_is_about_its_shipment():
    text = "Refused by consignee"
    body = Part(name="body", text=text, passages=[Passage(kind=PassageKind.new, start=0, end=len(text))])
    event = CarrierEvent(provider="aftership", tracking="GD700330058", intent="delivery_failed", description=text)
    message = Message(id="e", channel=Channel.carrier, received_at=NOW, event=event, parts=[body])
    found = understood(message)
    assert records(found) == [("delivery_failed", (PICKING, 7))]
    assert found.findings[0].from_event


def test_a_portal_post_is_about_the_document_that_it_stands_on():
    message = mail("Please cancel this order.", sender="indkob@baadehuset.example")
    message.channel = Channel.portal
    message.document_model, message.document_id = SALE, 41
    assert records(understood(message)) == [("order_cancellation", (SALE, 41))]


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("Invoice RG-55120 was sent to you twice. Please book it only once.", (INVOICE, 1)),
        ("Invoice RG-55120 for your order P00043 was sent to you twice. Please book it only once.", (PURCHASE, 43)),
    ],
)
def test_a_mail_that_speaks_of_an_invoice_alone_is_about_the_invoice(text, record):
    assert records(understood(mail(text, sender="verkauf@trosse-tau.example"))) == [("supplier_invoice_issue", record)]


def test_intents_without_a_record_claim_none():
    [finding] = understood(mail("Our spring catalogue is out, subscribe to the newsletter now!")).findings
    assert (finding.intent, finding.record) == ("not_actionable", None)


def test_features_are_those_that_the_calibrators_know():
    message = mail("P00041 is delayed: it will be delivered on 3 June 2026.")
    [finding] = understood(message).findings
    features = finding.features(message, Suspicion(), 1, Unread())
    assert set(features) == set(FEATURES)
    assert all(isinstance(v, float) for v in features.values())
    assert (features["exact_reference"], features["sender_known"], features["proposals"]) == (1.0, 1.0, 0.0)
    assert finding.features(message, Suspicion(orders_to_machine=["llm"]), 3, Unread())["suspicious"] == 1.0
