"""UBL documents: the five kinds, by their place in the schema, and the published examples of Peppol and OASIS."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.tools.edi.writing import ubl
from tools.edi.document import EdiDocument, EdiKind, EdiStatus
from tools.edi.files import read_file
from tools.limits import ReadingLimits

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.xml"))
ORDER = "<b:ID>AB-1</b:ID><a:OrderReference><b:ID>P00041</b:ID></a:OrderReference>"


def read(raw: bytes) -> EdiDocument:
    (document,) = read_file(raw, "body", ReadingLimits()).documents
    return document


def line(*elements: str, number: str = "7") -> str:
    reference = f"<a:OrderLineReference><b:LineID>{number}</b:LineID></a:OrderLineReference>"
    return f"<a:OrderLine><a:LineItem><b:ID>1</b:ID>{''.join(elements)}</a:LineItem>{reference}</a:OrderLine>"


def test_a_response_states_lines_with_codes_quantities_prices_and_days():
    document = read(
        ubl(
            "OrderResponse", ORDER, "<b:OrderResponseCode>CA</b:OrderResponseCode>",
            line(
                "<b:LineStatusCode>3</b:LineStatusCode><b:Quantity unitCode='EA'>30</b:Quantity>",
                "<a:Delivery><a:PromisedDeliveryPeriod><b:StartDate>2026-06-01</b:StartDate>"
                "<b:EndDate>2026-06-03</b:EndDate></a:PromisedDeliveryPeriod></a:Delivery>",
                "<a:Price><b:PriceAmount currencyID='EUR'>325</b:PriceAmount><b:BaseQuantity>10</b:BaseQuantity></a:Price>",
                "<a:Item><b:Name>Rope</b:Name><a:BuyersItemIdentification><b:ID>ROP-12</b:ID></a:BuyersItemIdentification>"
                "<a:SellersItemIdentification><b:ID>TT 1220-N</b:ID></a:SellersItemIdentification></a:Item>",
            ),
        )
    )  # fmt: skip
    assert (document.kind, document.faults, document.status.value) == (EdiKind.order_response, [], EdiStatus.changed)
    assert (document.order.value, document.currency) == ("P00041", "EUR")
    (found,) = document.lines
    assert [c.value for c in (found.number, found.buyer_code, found.seller_code)] == ["7", "ROP-12", "TT 1220-N"]
    assert (found.qty.value, found.price.value, found.price_base) == (30, 325, 10)
    assert found.deliveries[0].day.value == date(2026, 6, 3)
    assert found.qty.source == "OrderLine[1]/Quantity"


@pytest.mark.parametrize(("said", "means"), [("true", EdiStatus.accepted), ("false", EdiStatus.rejected)])
def test_a_simple_response_accepts_or_refuses(said, means):
    document = read(ubl("OrderResponseSimple", ORDER, f"<b:AcceptedIndicator>{said}</b:AcceptedIndicator>"))
    assert document.status.value is means


def test_a_despatch_advice_names_carrier_number_and_what_was_sent():
    document = read(
        ubl(
            "DespatchAdvice", ORDER,
            "<a:Shipment><b:ID>1</b:ID><a:Consignment><b:ID>C9</b:ID><a:CarrierParty><a:PartyName><b:Name>DPD</b:Name>"
            "</a:PartyName></a:CarrierParty></a:Consignment><a:Delivery><b:TrackingID>0998</b:TrackingID></a:Delivery>"
            "</a:Shipment>",
            "<a:DespatchLine><b:ID>1</b:ID><b:DeliveredQuantity unitCode='EA'>7</b:DeliveredQuantity>"
            "<b:OutstandingQuantity>3</b:OutstandingQuantity>"
            "<a:OrderLineReference><b:LineID>2</b:LineID></a:OrderLineReference></a:DespatchLine>",
        )
    )  # fmt: skip
    assert (document.carrier.value, document.tracking.value) == ("DPD", "0998")
    (found,) = document.lines
    assert (found.number.value, found.qty.value, found.backordered.value) == ("2", 7, 3)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (ubl("OrderResponse", "<b:ID>1</b:ID>"), "OrderReference/ID is missing."),
        (ubl("OrderResponse", ORDER, line("<b:Quantity>4x</b:Quantity>")), "OrderLine[1]/Quantity: '4x' is no number."),
        (ubl("OrderResponse", ORDER, "<a:OrderLine/>"), "OrderLine[1]/LineItem is missing."),
        (ubl("DespatchAdvice", ORDER), "DespatchLine is missing."),
        (ubl("OrderResponse", ORDER)[:-20], "The XML is not well-formed"),
        (ubl("OrderResponse", ORDER).replace(b"<Ord", b"<!DOCTYPE x [<!ENTITY e 'x'>]><Ord", 1), "not well-formed"),
    ],
)
def test_what_is_not_valid_is_named(raw, named):
    assert any(named in fault for fault in read(raw).faults), read(raw).faults


def test_elements_of_another_namespace_say_nothing():
    document = read(ubl("OrderResponse", ORDER, "<x:OrderResponseCode xmlns:x='urn:x'>RE</x:OrderResponseCode>"))
    assert document.status is None


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_of_the_standard_are_valid(path):
    document = read(path.read_bytes())
    assert path.name.startswith(f"UBL-{document.type}-")
    assert (document.faults, document.order is not None) == ([], True)


def test_a_document_of_another_kind_is_known_by_its_name_alone():
    assert read(ubl("ReceiptAdvice", ORDER)).kind is EdiKind.other
