"""The simple readers, on what they can tell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.taxonomy import taxonomy
from evals.baselines import USUAL_ACTION, ExactReferences, KeywordRules, record_cards
from tools.message import Channel, Message, Part, Passage, PassageKind
from tools.snapshot import SnapshotReader

RECORDS = {
    "purchase.order": [{"id": 1, "name": "P00001", "partner_id": [5, "Ash Mills"], "partner_ref": "AB-77"}],
    "purchase.order.line": [{"id": 3, "order_id": [1, "P00001"], "product_id": [9, "[BX] Box"]}],
    "sale.order": [{"id": 2, "name": "S00002", "partner_id": [6, "Bay Shop"], "client_order_ref": False}],
}


@pytest.fixture
def reader() -> SnapshotReader:
    return SnapshotReader(RECORDS)


def mail(text: str) -> Message:
    body = Part(name="body", text=text, passages=[Passage(kind=PassageKind.new, start=0, end=len(text))])
    return Message(id="m", channel=Channel.email, received_at=datetime(2026, 1, 5, tzinfo=UTC), parts=[body])


def test_references_are_found_as_they_stand_in_odoo(reader):
    found = ExactReferences(reader).find("your ab-77, our P00001, and S00002. Not P000011.", "sale.order")
    assert [(c.model, c.id) for c in found] == [("sale.order", 2), ("purchase.order", 1)]


def test_keyword_rules_say_one_thing_of_a_message(reader):
    triage = KeywordRules(reader).triage(mail("The price for P00001 will rise."))
    assert [(p.intent, p.record.name, p.actions[0].name) for p in triage.proposals if p.record] == [
        ("price_change", "P00001", "update_price")
    ]


def test_a_card_holds_what_a_record_is_known_by(reader):
    cards = {about["name"]: text for text, about in record_cards(reader)}
    assert cards["P00001"] == "P00001 · AB-77 · Ash Mills · [BX] Box"


def test_every_intent_has_a_usual_action_of_the_catalogue():
    assert set(USUAL_ACTION) == set(taxonomy().intents)
    assert set(USUAL_ACTION.values()) <= set(taxonomy().actions)
