"""What a message states once for all lines is filled where the taxonomy lists it, with evidence at that very text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.details import add_details, reason, replacement_wanted
from agent.proposal import Evidence, Fields
from agent.taxonomy import taxonomy
from tests.agent.company import mail
from tests.agent.reading import ROPES_AND_FENDERS, say
from tools.message import CarrierEvent, Message


def detailed(
    intent: str, text: str, message: Message | None = None, language: str = "en"
) -> tuple[Fields, list[Evidence]]:
    fields = Fields()
    saids = say(text, language=language)
    evidence = add_details(intent, fields, message or mail(text), saids, ROPES_AND_FENDERS)
    for item in evidence:
        assert text[item.start : item.end] == item.text
    return fields, evidence


def event(**values: object) -> Message:
    message = mail("")
    message.event = CarrierEvent(provider="aftership", **values)
    return message


def test_the_tracking_number_and_carrier_of_a_dispatch():
    fields, evidence = detailed("shipment_notice", "Dispatched today with DPD, tracking number 01 5234 8877 1209 45.")
    assert (fields.tracking, fields.carrier) == ("0152348877120945", "DPD")
    assert {e.field for e in evidence} == {"tracking", "carrier"}


def test_a_carriers_event_brings_its_own_numbers():
    message = event(tracking="GD700330041", estimated_delivery=datetime(2026, 6, 3, tzinfo=UTC))
    fields, evidence = detailed("transit_delay", "Delayed, tracking number 9988776655.", message)
    assert (fields.tracking, fields.date, evidence) == ("GD700330041", "2026-06-03", [])


@pytest.mark.parametrize(
    ("text", "invoice"),
    [
        ("Invoice RG-55120 is still unpaid.", "RG-55120"),
        ("Rechnung Nr. 2026/0815 ist offen.", "2026/0815"),
        ("La facture n° FA-26-114 reste impayée.", "FA-26-114"),
        ("Faktura FV/12/2026 nie została zapłacona.", "FV/12/2026"),
        ("Please pay our invoice.", None),
    ],
)
def test_the_invoice_number(text, invoice):
    assert detailed("supplier_invoice_issue", text)[0].invoice == invoice


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Our order confirmation AB 26-7781.", "AB 26-7781"),
        ("Unsere Auftragsnummer: 4711-26 zu Ihrer Bestellung P00041.", "4711-26"),
        ("Nostra conferma d'ordine OC-99-12 per P00041.", "OC-99-12"),
        ("We confirm order P00041.", None),
        ("Order confirmation P00041", None),
        ("Auftragsbestätigung Nr. p-00041", None),
    ],
)
def test_the_suppliers_own_number_is_never_our_orders(text, number):
    assert detailed("order_confirmation", text)[0].supplier_ref == number


def test_the_new_address_is_the_stretch_around_its_postcode():
    fields, [evidence] = detailed("address_change", "Please deliver to: Havnegade 12, 7000 Fredericia")
    assert fields.address == "Havnegade 12, 7000 Fredericia"
    assert evidence.field == "address"
    assert detailed("address_change", "Please deliver to our other place")[0].address is None


def test_a_transit_delays_new_date():
    assert detailed("transit_delay", "Your parcel will now be delivered on 3 June 2026.")[0].date == "2026-06-03"


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Delivery refused by consignee", "refused"),
        ("Adresse unvollständig, Hausnummer fehlt", "wrong address"),
        ("Destinatario ausente", "nobody there"),
        ("Kein Zugang zum Gelände", "no access"),
        ("Something else", None),
    ],
)
def test_why_a_delivery_failed_is_one_of_few_words(description, expected):
    assert reason("delivery_failed", event(description=description), []) == expected
    assert reason("delivery_failed", mail(description), say(description)) == expected


def test_intents_without_a_list_of_reasons_have_none():
    assert reason("complaint", mail("refused"), say("refused")) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Please send a replacement.", True),
        ("Bitte liefern Sie Ersatz.", True),
        ("Merci de nous envoyer les bons articles.", True),
        ("Please refund the money.", False),
    ],
)
def test_whether_new_goods_are_asked_for(text, wanted):
    assert replacement_wanted(say(text)) is wanted


RICH = (
    "Invoice RG-55120, order confirmation AB-990-1, sent with DPD, tracking number 01523488771209, refused, "
    "deliver to: Havnegade 12, 7000 Fredericia on 3 June 2026"
)


@pytest.mark.parametrize("intent", sorted(taxonomy().intents))
def test_only_fields_that_the_taxonomy_lists_are_filled(intent):
    listed = {f for f in taxonomy().intents[intent].fields if not f.startswith("lines.")}
    fields, evidence = detailed(intent, RICH)
    assert set(fields.stated()) <= listed
    assert {e.field for e in evidence} <= listed


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Booked in as 118977, all as per your PO.", "118977"),
        ("Registrado con el n.º PV 26/3398, en los términos solicitados.", "PV 26/3398"),
        ("Nous la confirmons sans modification (notre n° CMD-3471).", "CMD-3471"),
        ("All ok, confirmed as ordered. Our nr. N-2027-164.", "N-2027-164"),
        ("Happy to accept, 40 pcs at 31.50 EUR for 20 May 2026.", None),
    ],
)
def test_whoever_confirms_gives_their_own_number_in_any_words(text: str, number: str | None):
    assert detailed("order_confirmation", text)[0].supplier_ref == number


@pytest.mark.parametrize(
    ("text", "carrier"),
    [
        ("Loaded today, carrier: DSV Road", "DSV Road"),
        ("Vandaag verzonden met Van den Bosch Transporten.", "Van den Bosch Transporten"),
        ("Spedito oggi con Arco Spedizioni.", "Arco Spedizioni"),
        ("Collected by our own van.", None),
    ],
)
def test_a_carrier_is_known_by_name_or_called_one(text: str, carrier: str | None):
    assert detailed("shipment_notice", text)[0].carrier == carrier
