"""Everything that a message could be about is among the candidates, with the reasons that speak for it."""

from __future__ import annotations

import pytest

from agent.candidates import RecordCandidate
from agent.orderbook import OrderBook
from agent.orders import INVOICE, PICKING, PURCHASE, SALE
from agent.products import product_documents
from agent.recall import recall
from agent.references import References
from agent.sender import identify
from tests.agent.company import NOW, mail, snapshot
from tools.index import Hit
from tools.message import Address, CarrierEvent, Channel, Message, Part, Passage, PassageKind
from tools.snapshot import SnapshotReader

BOOK = OrderBook(SnapshotReader(snapshot()))
REFERENCES = References(BOOK)


def candidates(message: Message) -> list[RecordCandidate]:
    return recall(message, BOOK, REFERENCES).candidates


def best(message: Message) -> tuple[str, int]:
    return candidates(message)[0].key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("P00041 is late", (PURCHASE, 41)),
        ("our AB 26-7781 is late", (PURCHASE, 41)),
        ("invoice RG 55120 is unpaid", (PURCHASE, 43)),
        ("order 41 is late", (PURCHASE, 41)),
        ("P00014 is late", (PURCHASE, 41)),
        ("the blue fenders come later", (PURCHASE, 41)),
        ("the anchors", (PURCHASE, 43)),
    ],
)
def test_a_suppliers_words_lead_to_its_order(text, key):
    assert best(mail(text)) == key


def test_the_same_number_means_what_the_senders_role_says():
    customer = mail("where is order 41?", sender="indkob@baadehuset.example")
    assert best(customer) == (SALE, 41)
    assert best(mail("order 41 is late")) == (PURCHASE, 41)


def test_an_invoice_leads_to_its_order():
    found = {c.key for c in candidates(mail("invoice RG-55120"))}
    assert {(INVOICE, 1), (PURCHASE, 43)} <= found


def test_a_customers_number_names_the_order_and_not_our_invoice_that_repeats_it():
    message = mail("BC-3391 arrived broken", sender="achats@kerguen.example")
    exact = [c.key for c in candidates(message) if c.features.get("exact")]
    assert exact == [(SALE, 57)]


def test_shipments_come_with_their_order_and_orders_with_their_shipment():
    found = {c.key: c for c in candidates(mail("P00041"))}
    assert found[PICKING, 1].features["linked"] > 0.5
    found = {c.key: c for c in candidates(mail("GD700330041 is lost", sender="info@gls.example"))}
    assert found[PICKING, 5].features["tracking"] == 1.0
    assert found[SALE, 41].features["linked"] > 0.5


def test_quoted_numbers_stay_candidates_but_count_less():
    message = mail("P00041 is late", quoted="> about P00043, thank you")
    found = {c.key: c.features for c in candidates(message)}
    assert found[PURCHASE, 43]["exact"] < 0.5 * found[PURCHASE, 41]["exact"]
    assert found[PURCHASE, 43]["exact_quoted"] > 0


def test_hidden_numbers_do_not_count():
    message = mail("hello", sender="a@b.example", quoted="P00041", kind=PassageKind.hidden)
    assert candidates(message) == []


def test_the_portal_document_is_the_first_candidate():
    message = mail("please later", sender="indkob@baadehuset.example")
    message.document_model, message.document_id = SALE, 41
    first = candidates(message)[0]
    assert first.key == (SALE, 41)
    assert first.features["document"] == 1.0


def test_a_carriers_event_leads_to_the_shipment():
    event = CarrierEvent(provider="aftership", tracking="GD700330058", carrier="GLS", references=["S00058"])
    body = Part(name="body", text="Refused", passages=[Passage(kind=PassageKind.new, start=0, end=7)])
    message = Message(id="e", channel=Channel.carrier, received_at=NOW, event=event, parts=[body])
    result = recall(message, BOOK, REFERENCES)
    assert result.sender.role == "carrier"
    assert result.candidates[0].key == (PICKING, 7)
    assert result.candidate((SALE, 58)) is not None


def test_a_carriers_mail_names_the_consignee():
    text = "Your parcel for Jachthaven De Kreek, 4424 Wemeldinge, could not be delivered."
    message = mail(text, sender="noreply@gls-group.example", name="GLS Customer Service")
    result = recall(message, BOOK, REFERENCES)
    assert result.sender.role == "carrier"
    assert {(SALE, 58), (PICKING, 7)} <= {c.key for c in result.candidates}


@pytest.mark.parametrize(
    ("email", "name", "partner", "role", "how"),
    [
        ("w.harms@trosse-tau.example", "", 10, "supplier", "email"),
        ("lager@trosse-tau.example", "", 10, "supplier", "domain"),
        ("lager@mail.trosse-tau.example", "", 10, "supplier", "domain"),
        ("ropeworks.sales@gmail.com", "", 13, "supplier", "email"),
        ("indkob@baadehuset.example", "", 20, "customer", "email"),
        ("vela.bianca@gmx.example", "Vela Bianca", 12, "supplier", "name"),
    ],
)
def test_senders_are_known_by_address_domain_or_name(email, name, partner, role, how):
    sender = identify(mail("hello", sender=email, name=name), BOOK)
    assert [(m.partner_id, m.how) for m in sender.partners] == [(partner, how)]
    assert sender.role == role


def test_a_free_mail_domain_says_nothing():
    sender = identify(mail("hello", sender="somebody.else@gmail.com"), BOOK)
    assert (sender.partners, sender.free_mail, sender.role) == ([], True, "unknown")


@pytest.mark.parametrize(
    "email",
    [
        "a@trosse-tav.example",
        "a@tr0sse-tau.example",
        "a@trossetau.example",
        "a@trosse-tau.invalid",
    ],
)
def test_addresses_that_only_look_like_a_partners_are_marked(email):
    expected = "trosse-tau.example"
    sender = identify(mail("hello", sender=email), BOOK)
    assert (sender.lookalike_of, sender.partners) == (expected, [])


@pytest.mark.parametrize(
    "email", ["a@trosse-tau.example", "a@seilerei-nord.example", "a@gmail.com", "a@havnegaard.example"]
)
def test_honest_addresses_are_not_marked(email):
    assert identify(mail("hello", sender=email), BOOK).lookalike_of is None


def test_who_bears_a_partners_name_without_its_address_claims_it():
    sender = identify(mail("hello", sender="pay@fast-money.example", name="Trosse & Tau Werft"), BOOK)
    assert (sender.claims, sender.partners[0].how) == (10, "name")


def test_our_own_people_are_internal_and_what_they_forward_has_its_first_sender():
    assert identify(mail("hello", sender="soren.holm@havnegaard.example"), BOOK).role == "internal"
    forwarded = "Fra: Wiebke Harms <w.harms@trosse-tau.example>\nTil: Søren\n\nP00041 later"
    message = mail("fyi", sender="soren.holm@havnegaard.example", quoted=forwarded, kind=PassageKind.forwarded)
    sender = identify(message, BOOK)
    assert (sender.role, sender.forwarded_by) == ("supplier", "soren.holm@havnegaard.example")
    assert sender.address == Address(name="Wiebke Harms", email="w.harms@trosse-tau.example")
    assert best(message) == (PURCHASE, 41)


class OneHit:
    """An index that always finds the lamp."""

    def search(self, text: str, k: int = 10) -> list[Hit]:
        return [Hit("5", 0.9, 0.9, None)]


def test_without_a_number_or_a_known_sender_the_index_finds_orders():
    message = mail("the lampade are not ready", sender="nobody@nowhere.example")
    assert candidates(message) == []
    result = recall(message, BOOK, REFERENCES, OneHit())  # type: ignore[arg-type]
    assert result.candidates[0].key == (PURCHASE, 42)


def test_every_product_is_one_document_with_all_its_codes():
    documents = {d.id: d for d in product_documents(BOOK.products.values())}
    assert len(documents) == 6
    assert documents["1"].codes == ("ROP-12-NAV", "5701234000017", "TT 1220-N")
    assert "Festmacher" in documents["1"].text


def test_reasons_are_sentences_for_a_person():
    first = candidates(mail("P00041 is late"))[0]
    assert "P00041 in the message is our number of P00041." in first.reasons
    assert all(reason.endswith(".") for reason in first.reasons)
    assert "The sender is Trosse & Tau Werft GmbH." in first.reasons


@pytest.mark.parametrize("models", [[], ["res.partner"], ["purchase.order"], ["purchase.order", "purchase.order.line"]])
def test_missing_apps_are_tolerated(models):
    rows = snapshot()
    book = OrderBook(SnapshotReader({m: rows[m] for m in models}))
    result = recall(mail("P00041 and the ropes"), book)
    assert ((PURCHASE, 41) in {c.key for c in result.candidates}) == ("purchase.order" in models)


@pytest.mark.parametrize(
    "domain",
    ["tr\u043esse-tau.example", "xn--trsse-tau-12h.example", "tross\u0435-t\u0430u.example", "tr\u03bfsse-t\u03b1u.example", "trosse-t\u0251u.example"],
)  # fmt: skip
def test_letters_of_other_scripts_imitate_like_slips(domain):
    """Also as punycode."""
    assert identify(mail("hello", sender=f"a@{domain}"), BOOK).lookalike_of == "trosse-tau.example"


@pytest.mark.parametrize(
    ("email", "name", "poses"),
    [
        ("a@velabianca-payments.example", "Vela Bianca", True),
        ("a@velabianca-payments.example", "Velabianca Payments", True),
        ("a@velabianca-srl.example", "Velabianca", True),
        ("a@velabianca-castings.example", "Velabianca Castings", False),
        ("a@velabianca-castings.example", "Otto Berg", False),
        ("a@trosse-tau-it.example", "Wiebke Harms", True),
        ("a@havnegaard-office.example", "Søren Holm", True),
        ("a@havnegaard-fisk.example", "Lise Fisk", False),
    ],
)
def test_added_words_imitate_only_where_the_sender_poses_as_the_other(email, name, poses):
    """Firms share words. Who bears another's name, or that of its people, poses; who bears the whole of its own does
    not."""
    sender = identify(mail("hello", sender=email, name=name), BOOK)
    assert sender.lookalike_of is None
    assert sender.extends is not None
    assert sender.poses is poses


def test_an_address_in_the_display_name_that_is_not_the_senders_is_noted():
    sender = identify(mail("hello", sender="x@fast-money.example", name="w.harms@trosse-tau.example"), BOOK)
    assert sender.shows == "w.harms@trosse-tau.example"
    own = identify(mail("hello", sender="w.harms@mail.trosse-tau.example", name="w.harms@trosse-tau.example"), BOOK)
    assert own.shows is None


def test_of_a_company_with_very_many_open_orders_those_of_the_product_spoken_of_are_found(monkeypatch):
    monkeypatch.setattr("agent.recall.MOST_OPEN_ORDERS", 2)
    rows = snapshot()
    for i in range(50, 60):
        placed = f"2026-05-{i - 49:02d} 08:00:00"
        rows[PURCHASE].append(
            {"id": i, "name": f"P000{i}", "partner_id": [10, "x"], "state": "purchase", "date_order": placed}
        )
        product = [5, "lamp"] if i == 51 else [3, "fender"]
        line = {"id": 100 + i, "order_id": [i, "x"], "product_id": product, "name": "x", "product_qty": 5.0}
        rows[f"{PURCHASE}.line"].append(line)
    book = OrderBook(SnapshotReader(rows))
    message = mail("the lamps come later")
    without = {c.key for c in recall(message, book).candidates}
    with_index = {c.key: c for c in recall(message, book, None, OneHit()).candidates}  # type: ignore[arg-type]
    assert (PURCHASE, 51) not in without
    assert with_index[PURCHASE, 51].features["product"] > 0.4
    assert (PURCHASE, 42) not in with_index
