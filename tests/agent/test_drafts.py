"""Drafts state facts of records in the reader's language, and never a word of the message."""

from __future__ import annotations

import re
import string
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.drafts import LONGEST_NAME, MOST_NAME_WORDS, TO_SENDER, Matter, draft, person_name
from agent.lexicon import words
from agent.orderbook import OrderBook
from agent.orders import PICKING, PURCHASE, SALE, RecordKey
from agent.proposal import Fields, Impact, ImpactItem, LineFields, RecordRef
from agent.taxonomy import taxonomy
from tests.agent.company import mail, snapshot
from tools.language import SUPPORTED
from tools.message import Channel, Message
from tools.snapshot import SnapshotReader

ACTIONS = ("send_status", "reply_to_sender", "provide_documents", "create_return", "notify_customer")
INTENTS = sorted(taxonomy().intents)
ROPES: RecordKey = (PURCHASE, 41)
BOATHOUSE: RecordKey = (SALE, 41)
SUPPLIER, CUSTOMER = "w.harms@trosse-tau.example", "indkob@baadehuset.example"


@cache
def company(lang: str = "fr_FR") -> OrderBook:
    data = snapshot()
    for row in data["res.partner"]:
        row["lang"] = lang
    return OrderBook(SnapshotReader(data))


BOOK = company()
DELIVERY: RecordKey = (PICKING, BOOK.pickings_of(BOOK.orders[BOATHOUSE])[0].id)


def write(
    action: str,
    about: RecordKey | None,
    intent: str = "unclear",
    *,
    message: Message | None = None,
    language: str = "en",
    book: OrderBook = BOOK,
    fields: Fields | None = None,
    items: list[ImpactItem] | None = None,
) -> str:
    message = (message or mail("hello", CUSTOMER)).model_copy(update={"language": language})
    text = draft(action, Matter(intent, message, about, fields or Fields(), Impact(items=items or []), book))
    assert text is not None
    return text


def waits(number: int, customer: str, late: bool = True) -> ImpactItem:
    record = RecordRef(model=SALE, id=number, name=f"S{number:05d}")
    return ImpactItem(record=record, customer=customer, promised="2026-05-20", expected="2026-06-03", late=late)


def unknown_date(*lines: int) -> Fields:
    return Fields(lines=[LineFields(line_id=i, date_unknown=True) for i in lines])


def places(phrases: dict[str, str]) -> dict[str, set[str]]:
    return {k: {name for _, name, _, _ in string.Formatter().parse(v) if name} for k, v in phrases.items()}


@pytest.mark.parametrize("language", SUPPORTED)
def test_every_language_has_every_phrase_with_the_same_places(language):
    assert places(words("drafts")[language]) == places(words("drafts")["en"])


@pytest.mark.parametrize("language", SUPPORTED)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("about", [None, BOATHOUSE, DELIVERY, (PURCHASE, 999), (PICKING, 999)])
def test_every_action_renders_in_every_language_for_every_intent_with_and_without_a_record(language, action, about):
    known = action != "notify_customer" or about in (BOATHOUSE, DELIVERY)
    phrases = words("drafts")[language if known else "en"]
    for intent in INTENTS:
        text = write(action, about, intent, language=language, book=company(f"{language}_XX"))
        assert phrases["bye"] in text
        assert phrases["blank_name"] in text
        assert not re.search(r"[{}]|None", text)


def test_only_actions_that_are_messages_to_somebody_have_a_draft():
    matter = Matter("unclear", mail("hello"), ROPES, Fields(), Impact(), BOOK)
    written = {name for name in taxonomy().actions if draft(name, matter)}
    assert written == set(ACTIONS) - {"notify_customer"}, "a purchase that nobody waits for has no customer to tell"


@pytest.mark.parametrize("mark", ["auto_reply", "bounce"])
def test_nothing_is_drafted_to_what_wrote_by_itself(mark):
    """Customers who wait are told all the same."""
    message = mail("hello", CUSTOMER).model_copy(update={mark: True})
    matter = Matter("unclear", message, DELIVERY, Fields(), Impact(items=[waits(41, "Bådehuset")]), BOOK)
    assert [draft(action, matter) for action in TO_SENDER] == [None] * len(TO_SENDER)
    assert draft("notify_customer", matter)


def test_status_says_what_is_open_and_delivered_with_dates_and_tracking():
    text = write("send_status", BOATHOUSE, "order_status_query", language="de")
    assert text.startswith("Ihr Auftrag S00041; Ihr Zeichen 4500771200\n\nGuten Tag")
    assert "- Mooring rope 12 mm navy, 20 m [ROP-12-NAV]; offen: 8; geplanter Termin: 20. Mai 2026\n" in text
    assert "wird vorbereitet; geplanter Termin: 20. Mai 2026; Frachtführer: GLS Denmark" in text
    assert "Sendungsnummer: GD700330041" in text
    assert text.endswith("\n\nMit freundlichen Grüßen\n[Ihr Name]\nHavnegaard Marine ApS\n")
    done = write("send_status", (SALE, 57), "order_status_query")
    assert "delivered: 1\n" in done
    assert "has left our warehouse" in done


def test_a_planned_date_that_has_passed_is_a_blank_in_a_status():
    data = snapshot()
    for row in data["sale.order.line"]:
        row["scheduled_date"] = "2026-05-04 10:00:00"
    text = write("send_status", BOATHOUSE, book=OrderBook(SnapshotReader(data)))
    assert "open: 8; planned date: [date]" in text
    assert "4 May" not in text


def test_a_cancelled_order_is_said_to_be_cancelled():
    data = snapshot()
    for row in data["sale.order"]:
        row["state"] = "cancel"
    text = write("send_status", BOATHOUSE, book=OrderBook(SnapshotReader(data)))
    assert "is cancelled in our system" in text
    assert "open:" not in text


def test_a_supplier_without_a_date_is_asked_for_one_with_the_codes_of_both_sides():
    lines = BOOK.orders[ROPES].lines
    text = write(
        "reply_to_sender",
        ROPES,
        "delivery_date_change",
        message=mail("later", SUPPLIER),
        fields=unknown_date(lines[0].id),
        language="nl",
    )
    assert "Onze bestelling P00041; uw referentie AB 26-7781" in text
    assert "Beste Wiebke Harms," in text
    assert words("drafts")["nl"]["date_wanted"] in text
    assert "[ROP-12-NAV / TT 1220-N]; nog te leveren: 40; tot nu toe geplande datum: 20 mei 2026" in text
    assert "Fender" not in text


@pytest.mark.parametrize("intent", ["item_unavailable", "order_rejection"])
def test_a_supplier_who_cannot_deliver_is_asked_to_confirm_what_is_open(intent):
    text = write("reply_to_sender", ROPES, intent, message=mail("no", SUPPLIER))
    assert "Please confirm that these items will not be delivered" in text
    assert text.count("open: ") == 2


def test_a_question_is_answered_by_a_person_and_one_without_an_order_by_asking_for_its_number():
    assert "[your answer]" in write("reply_to_sender", ROPES, "information_request", message=mail("?", SUPPLIER))
    assert "the number of the order" in write("reply_to_sender", None, "information_request")


def test_customers_are_told_in_their_own_language_and_not_who_the_supplier_is():
    text = write(
        "notify_customer",
        ROPES,
        "delivery_date_change",
        message=mail("später", SUPPLIER),
        language="de",
        items=[waits(41, "Bådehuset Fredericia")],
        fields=Fields(lines=[LineFields(line_id=BOOK.orders[ROPES].lines[0].id, date="2026-06-03")]),
    )
    assert text.startswith("Votre commande S00041; votre référence 4500771200\n\nBonjour Bådehuset Fredericia,")
    assert "- Mooring rope 12 mm navy, 20 m [ROP-12-NAV]; reste à livrer : 8\n" in text
    assert "Bilge pump" not in text
    assert "Date promise : 20 mai 2026" in text
    assert "dans notre entrepôt : 3 juin 2026" in text
    assert "Nouvelle date de livraison : [date]" in text
    assert not re.search("Trosse|Harms|P00041|TT 1220", text)


def test_each_late_customer_gets_a_text_and_nobody_reads_of_another():
    items = [waits(41, "Bådehuset Fredericia"), waits(58, "Jachthaven De Kreek B.V."), waits(57, "Kerguen", late=False)]
    text = write("notify_customer", ROPES, "delivery_date_change", items=items)
    first, second = text.split("=== Jachthaven De Kreek B.V. (S00058) ===")
    assert "S00041" in first
    assert "S00041" not in second
    assert "S00057" not in text


def test_a_customer_whose_language_is_not_known_is_written_to_in_english():
    book = OrderBook(SnapshotReader(snapshot()))
    assert "Dear Bådehuset" in write("notify_customer", DELIVERY, "transit_delay", language="pl", book=book)


@pytest.mark.parametrize(
    ("intent", "fields", "said"),
    [
        ("transit_delay", Fields(date="2026-05-22"), "New delivery date: 22 May 2026"),
        ("transit_delay", Fields(), "New delivery date: [date]"),
        ("transit_delay", Fields(date="soon"), "New delivery date: [date]"),
        ("delivery_failed", Fields(reason="refused"), "was refused"),
        ("delivery_failed", Fields(reason="nobody there"), "could not be handed over"),
    ],
)
def test_a_customer_is_told_what_the_carrier_reports(intent, fields, said):
    text = write("notify_customer", DELIVERY, intent, fields=fields, book=company("en_US"))
    assert said in text
    assert "tracking number: GD700330041" in text


def test_a_return_names_goods_and_quantities():
    line = BOOK.orders[BOATHOUSE].lines[1]
    text = write("create_return", BOATHOUSE, fields=Fields(lines=[LineFields(line_id=line.id, qty=1.5)]), language="de")
    assert "- Bilge pump 500 gph 12 V [PMP-500]; 1,5\n" in text
    assert "[items]; [quantity]" in write("create_return", BOATHOUSE)


def test_documents_go_with_the_goods_of_the_shipment_and_tell_a_carrier_nothing_of_the_order():
    message = mail("held", "noreply@carrier.example", name="GLS").model_copy(update={"channel": Channel.carrier})
    text = write("provide_documents", DELIVERY, "customs_hold", language="it", message=message)
    assert text.startswith("Spedizione WH/OUT/")
    assert "Buongiorno,\n" in text
    assert not re.search("S00041|4500771200|Fredericia", text)
    assert "[nomi dei documenti]" in text
    assert "- Mooring rope 12 mm navy, 20 m [ROP-12-NAV]; 8\n" in text


@pytest.mark.parametrize(
    ("sender", "channel", "warned"),
    [
        (CUSTOMER, Channel.email, False),
        ("somebody@baadehuset.example", Channel.email, False),
        ("stranger@elsewhere.example", Channel.email, True),
        (SUPPLIER, Channel.email, True),
        ("soren.holm@havnegaard.example", Channel.email, False),
        ("", Channel.portal, False),
    ],
)
def test_a_sender_who_is_not_on_file_for_the_order_is_pointed_out_above_the_text(sender, channel, warned):
    message = mail("where is it", sender).model_copy(update={"channel": channel})
    assert write("send_status", BOATHOUSE, message=message).startswith("[Check before you send") == warned


def test_the_name_of_a_colleague_who_forwarded_a_mail_is_not_the_readers():
    message = mail("see below", "soren.holm@havnegaard.example", name="Søren Holm")
    assert "Søren" not in write("send_status", BOATHOUSE, message=message)


@pytest.mark.parametrize(
    ("language", "hello"), [("sv", "Hello,"), ("und", "Bonjour Wiebke Harms,"), ("de", "Guten Tag Wiebke Harms,")]
)
def test_a_language_that_is_unknown_is_the_senders_on_file_or_english(language, hello):
    sender = "stranger@elsewhere.example" if language == "sv" else SUPPLIER
    assert hello in write("reply_to_sender", ROPES, message=mail("x", sender), language=language)


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("Jean-Luc O'Neill", "Jean-Luc O'Neill"),
        ("Harms, Wiebke", "Harms Wiebke"),
        ("Łukasz Żółć", "Łukasz Żółć"),
        ("billing@bank.example", ""),
        ("visit www.bank.example", ""),
        ("http://x", ""),
        ("IBAN DE02 1203", ""),
        ("please send the money to my account", ""),
        ("x" * 41, ""),
        ("<b>Eve</b>", ""),
    ],
)
def test_a_display_name_is_a_name_or_nothing(shown, name):
    assert person_name(shown) == name


@given(st.text(max_size=200))
@example("\U00010a40")  # a numeral that is neither a decimal digit nor a letter
def test_no_display_name_carries_more_than_a_few_letters(shown):
    name = person_name(shown)
    assert len(name) <= LONGEST_NAME
    assert len(name.split()) <= MOST_NAME_WORDS
    assert all(c.isalpha() or c in " '’-" for c in name)


WILD = st.text(max_size=80) | st.sampled_from(["Pay to IBAN DE02 1203", "{order}", "{0.__class__}", "\n\nDear boss,\n"])


@given(
    body=WILD,
    name=WILD,
    free=st.fixed_dictionaries(
        dict.fromkeys(("tracking", "carrier", "supplier_ref", "invoice", "address", "date"), WILD)
    ),
    product=WILD,
    action=st.sampled_from(ACTIONS),
    about=st.sampled_from([None, ROPES, BOATHOUSE, DELIVERY]),
    intent=st.sampled_from(INTENTS),
)
def test_nothing_that_a_message_says_gets_into_a_draft(
    body: str, name: str, free: dict[str, Any], product: str, action: str, about: RecordKey | None, intent: str
):
    """The draft for a hostile message is the draft for an empty one, but for the letters of the sender's name."""

    def drafted(message: Message, fields: Fields) -> str | None:
        return draft(action, Matter(intent, message, about, fields, Impact(), BOOK))

    stranger = "eve@elsewhere.example"
    hostile = Fields(lines=[LineFields(line_id=1, product=product, substitute=product, qty=2)], reason=product, **free)
    plain = Fields(lines=[LineFields(line_id=1, qty=2)])
    expected = drafted(mail("", stranger, name=person_name(name)), plain)
    assert drafted(mail(body, stranger, name=name, subject=body, quoted=body), hostile) == expected


@pytest.mark.parametrize("qty", [float("nan"), float("inf"), 1e300, -1.0])
def test_a_quantity_that_goods_do_not_come_in_is_a_blank(qty):
    line = BOOK.orders[BOATHOUSE].lines[0]
    text = write("create_return", BOATHOUSE, fields=Fields(lines=[LineFields(line_id=line.id, qty=qty)]))
    assert "- Mooring rope 12 mm navy, 20 m [ROP-12-NAV]; [quantity]\n" in text


def test_line_breaks_and_length_of_record_texts_do_not_shape_a_draft():
    data = snapshot()
    data["product.product"][0]["name"] = "Rope\n\nKind regards\n" + "very " * 100
    text = write("send_status", BOATHOUSE, book=OrderBook(SnapshotReader(data)))
    assert "- Rope Kind regards very" in text
    assert max(map(len, text.splitlines())) < 250


def test_a_long_order_is_cut_short():
    data = snapshot()
    line = next(row for row in data["sale.order.line"] if row["order_id"][0] == 41)
    data["sale.order.line"] += [{**line, "id": 2000 + i} for i in range(60)]
    text = write("send_status", BOATHOUSE, book=OrderBook(SnapshotReader(data)))
    assert "- …" in text
    assert text.count("Mooring rope") <= 20
