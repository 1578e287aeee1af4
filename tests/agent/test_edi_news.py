"""EDI documents against the invented company's orders: the same findings as mail, from all three standards."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest

from agent.proposal import Lane, Proposal, Triage
from agent.triage import TriageEngine, build_engine
from tests.agent.company import NOW, snapshot
from tests.tools.edi.writing import edifact, ubl, x12
from tools.message import Channel, Message
from tools.reading import read_message
from tools.snapshot import SnapshotReader

ROPE, BLUE, LAMP = 1, 3, 5  # the open lines of P00041 (40 and 12 pieces for 20 May) and that of P00042


@pytest.fixture(scope="module")
def engine() -> TriageEngine:
    return build_engine(SnapshotReader(snapshot()))


def read(raw: bytes, channel: Channel = Channel.edi) -> Message:
    return read_message(raw, channel=channel, received_at=NOW)


def ordrsp(
    *lines: str, beginning: str = "BGM+231+AB-9001+4", order: str = "P00041", by: str = "Trosse ?& Tau Werft GmbH"
) -> bytes:
    head = (beginning, f"RFF+ON:{order}", f"NAD+SU+4012345000009::9++{by}".replace("?&", "&"), "CUX+2:EUR:9")
    return edifact("ORDRSP", *head, *lines)


def x855(*lines: str, kind: str = "AC", order: str = "P00041") -> bytes:
    return x12("855", f"BAK*00*{kind}*{order}*20260511****SO-771", "N1*SE*Trosse & Tau Werft GmbH", *lines)


def ubl_line(number: str, status: str, qty: str, price: str, day: str, code: str, kind: str = "Sellers") -> str:
    return (
        f"<a:OrderLine><a:LineItem><b:ID>{number}</b:ID><b:LineStatusCode>{status}</b:LineStatusCode>"
        f"<b:Quantity unitCode='C62'>{qty}</b:Quantity><a:Delivery><a:PromisedDeliveryPeriod><b:EndDate>{day}</b:EndDate>"
        f"</a:PromisedDeliveryPeriod></a:Delivery><a:Price><b:PriceAmount currencyID='EUR'>{price}</b:PriceAmount></a:Price>"
        f"<a:Item><a:{kind}ItemIdentification><b:ID>{code}</b:ID></a:{kind}ItemIdentification></a:Item></a:LineItem>"
        f"<a:OrderLineReference><b:LineID>{number}</b:LineID></a:OrderLineReference></a:OrderLine>"
    )


def ubl_response(code: str, *lines: str, order: str = "P00041") -> bytes:
    seller = "<a:PartyName><b:Name>Trosse &amp; Tau Werft GmbH</b:Name></a:PartyName>"
    return ubl(
        "OrderResponse", "<b:ID>AB-9001</b:ID><b:SalesOrderID>SO-771</b:SalesOrderID>",
        f"<b:OrderResponseCode>{code}</b:OrderResponseCode><a:OrderReference><b:ID>{order}</b:ID></a:OrderReference>",
        f"<a:SellerSupplierParty><a:Party>{seller}</a:Party></a:SellerSupplierParty>", *lines,
    )  # fmt: skip


def stated(triage: Triage) -> dict[str, Any]:
    return {p.intent: (p.record.name if p.record else None, p.fields.stated()) for p in triage.proposals}


def only(triage: Triage) -> Proposal:
    (proposal,) = triage.proposals
    return proposal


EQUAL = {
    "ORDRSP": ordrsp(
        "LIN+1+5+5701234000017:EN", "PIA+5+TT 1220-N:SA", "QTY+21:40:PCE", "DTM+67:20260520:102", "PRI+AAA:31.50",
        "LIN+3+5", "PIA+5+FEN-25-BLU:IN", "QTY+21:12:PCE", "DTM+67:20260520:102", "PRI+AAA:22",
        beginning="BGM+231+AB-9001+29",
    ),
    "855": x855(
        "PO1*1*40*EA*31.5**VP*TT 1220-N", "ACK*IA*40*EA*067*20260520", "PO1*3*12*EA*22**BP*FEN-25-BLU",
        "ACK*IA*12*EA*067*20260520", kind="AD",
    ),
    "UBL": ubl_response(
        "AP", ubl_line("1", "5", "40", "31.5", "2026-05-20", "TT 1220-N"),
        ubl_line("3", "5", "12", "22", "2026-05-20", "FEN-25-BLU", "Buyers"),
    ),
}  # fmt: skip
DIFFERENT = {
    "ORDRSP": ordrsp(
        "LIN+1+3", "PIA+5+TT 1220-N:SA", "QTY+21:40", "QTY+113:30", "DTM+67:20260603:102", "PRI+AAA:32.50",
        "LIN+3+7", "PIA+5+FEN-25-BLU:IN", "QTY+21:12",
    ),
    "855": x855(
        "PO1*1*40*EA*32.5**VP*TT 1220-N", "ACK*IC*30*EA*067*20260603", "PO1*3*12*EA*22**BP*FEN-25-BLU", "ACK*IR*12*EA",
    ),
    "UBL": ubl_response(
        "CA", ubl_line("1", "3", "30", "32.5", "2026-06-03", "TT 1220-N"),
        ubl_line("3", "7", "12", "22", "2026-05-20", "FEN-25-BLU", "Buyers"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("standard", EQUAL)
def test_a_response_that_equals_the_order_confirms_it(engine, standard):
    proposal = only(engine.triage(read(EQUAL[standard])))
    assert (proposal.intent, proposal.record.name, proposal.changes) == ("order_confirmation", "P00041", [])
    assert proposal.fields.supplier_ref == ("AB-9001" if standard == "ORDRSP" else "SO-771")
    assert proposal.confidence > 0.95


@pytest.mark.parametrize("standard", DIFFERENT)
def test_a_response_that_differs_gives_the_differences_alone(engine, standard):
    message = read(DIFFERENT[standard])
    triage = engine.triage(message)
    rope = {"line_id": ROPE, "product": "ROP-12-NAV"}
    assert stated(triage) == {
        "item_unavailable": ("P00041", {"lines": [{"line_id": BLUE, "product": "FEN-25-BLU"}]}),
        "delivery_date_change": ("P00041", {"lines": [{**rope, "date": "2026-06-03"}]}),
        "quantity_change": ("P00041", {"lines": [{**rope, "qty": 30.0}]}),
        "price_change": ("P00041", {"lines": [{**rope, "price": 32.5}]}),
    }
    for evidence in (e for p in triage.proposals for e in p.evidence):
        assert evidence.text == message.part(evidence.part).text[evidence.start : evidence.end] != ""
    assert min(p.confidence for p in triage.proposals) > 0.9


@pytest.mark.parametrize(
    "raw",
    [
        ordrsp("LIN+1", "PIA+5+TT 1220-N:SA", "QTY+21:40", "SCC+1", "QTY+113:15", "DTM+67:20260520:102", "SCC+1",
               "QTY+113:25", "DTM+67:20260610:102"),
        x855("PO1*1*40*EA*31.5**VP*TT 1220-N", "ACK*IA*15*EA*067*20260520", "ACK*IB*25*EA*067*20260610"),
    ],
)  # fmt: skip
def test_a_schedule_is_a_split_delivery(engine, raw):
    proposal = only(engine.triage(read(raw)))
    assert proposal.intent == "partial_shipment"
    assert [(s.qty, s.date) for s in proposal.fields.lines[0].splits] == [(15, "2026-05-20"), (25, "2026-06-10")]


def test_a_back_order_without_a_day_is_a_date_that_is_not_known(engine):
    proposal = only(engine.triage(read(x855("PO1*3*12*EA*22**BP*FEN-25-BLU", "ACK*IB*12*EA"))))
    assert (proposal.intent, proposal.fields.lines[0].date_unknown) == ("delivery_date_change", True)


def test_a_part_now_and_the_rest_back_ordered_is_a_split_whose_rest_has_no_day(engine):
    proposal = only(engine.triage(read(x855("PO1*1*40*EA*31.5**VP*TT 1220-N", "ACK*BP*30*EA*067*20260520"))))
    splits = [(s.qty, s.date) for s in proposal.fields.lines[0].splits]
    assert (proposal.intent, splits) == ("partial_shipment", [(30, "2026-05-20"), (10, None)])


def test_a_substitute_is_named(engine):
    raw = x855("PO1*3*12*EA*22**BP*FEN-25-BLU", "ACK*IS*12*EA****VP*F2575-NEW")
    assert only(engine.triage(read(raw))).fields.lines[0].substitute == "F2575-NEW"


@pytest.mark.parametrize(
    "raw",
    [
        ordrsp(beginning="BGM+231+AB-9001+27"),
        x855(kind="RJ"),
        ubl_response("RE"),
        ubl("OrderResponseSimple", "<b:ID>1</b:ID><b:AcceptedIndicator>false</b:AcceptedIndicator>"
            "<a:OrderReference><b:ID>P00041</b:ID></a:OrderReference>"),
    ],
)  # fmt: skip
def test_a_refused_order_is_a_rejection(engine, raw):
    proposal = only(engine.triage(read(raw)))
    assert (proposal.intent, proposal.record.name) == ("order_rejection", "P00041")


def test_received_is_not_confirmed(engine):
    proposal = only(engine.triage(read(ubl_response("AB"))))
    assert (proposal.intent, proposal.record) == ("auto_reply", None)


@pytest.mark.parametrize(
    "raw",
    [
        edifact("DESADV", "BGM+351+L1+9", "RFF+ON:P00042", "NAD+SU+++Vela Bianca S.r.l.", "TDT+20+TRK7712345+30+31+X:::BRT",
                "LIN+1++VB.771:SA", "QTY+12:10:PCE"),
        x12("856", "BSN*00*1*20260511*0900", "HL*1**S", "TD5*B*2*BRT**BRT", "REF*2I*TRK7712345", "HL*2*1*O", "PRF*P00042",
            "HL*3*2*I", "LIN*1*VP*VB.771", "SN1**10*EA"),
        ubl("DespatchAdvice", "<b:ID>1</b:ID><a:OrderReference><b:ID>P00042</b:ID></a:OrderReference><a:Shipment><b:ID>1</b:ID>"
            "<a:Consignment><b:ID>1</b:ID><a:CarrierParty><a:PartyName><b:Name>BRT</b:Name></a:PartyName></a:CarrierParty>"
            "</a:Consignment><a:Delivery><b:TrackingID>TRK7712345</b:TrackingID></a:Delivery></a:Shipment><a:DespatchLine>"
            "<b:ID>1</b:ID><b:DeliveredQuantity unitCode='EA'>10</b:DeliveredQuantity><a:OrderLineReference><b:LineID>1"
            "</b:LineID></a:OrderLineReference><a:Item><a:SellersItemIdentification><b:ID>VB.771</b:ID>"
            "</a:SellersItemIdentification></a:Item></a:DespatchLine>"),
    ],
)  # fmt: skip
def test_a_despatch_advice_is_a_shipment_notice(engine, raw):
    proposal = only(engine.triage(read(raw)))
    assert (proposal.intent, proposal.record.name) == ("shipment_notice", "P00042")
    assert (proposal.fields.tracking, proposal.fields.carrier) == ("TRK7712345", "BRT")
    assert [(line.line_id, line.qty) for line in proposal.fields.lines] == [(LAMP, 10)]


def test_a_transport_status_is_read_by_the_code_table(engine):
    for raw in (
        x12("214", "B10*GD700330041*S00041*GLSD", "AT7*SD*AI***20260511*0815*LT"),
        edifact("IFTSTA", "BGM+77", "CNI+1+GD700330041", "STS+1+31+63", directory="D:01B"),
    ):
        proposal = only(engine.triage(read(raw)))
        assert (proposal.intent, proposal.record.name) == ("transit_delay", "WH/OUT/00005")
        assert proposal.fields.tracking == "GD700330041"


def test_errors_reported_in_our_order_ask_something_of_us(engine):
    raw = x12("824", "BGN*00*1*20260511", "OTI*TR*PO*P00041", "TED*024*UNIT NOT VALID*PO1*3")
    proposal = only(engine.triage(read(raw)))
    assert (proposal.intent, proposal.record.name) == ("information_request", "P00041")
    assert any("UNIT NOT VALID" in reason for reason in proposal.reasons)


def test_errors_in_anything_else_go_to_a_person_with_what_was_reported(engine):
    triage = engine.triage(read(x12("824", "BGN*00*1*20260511", "OTI*TR*IV*4711", "TED*024*TOTAL WRONG")))
    assert (triage.manual, only(triage).lane) == (True, Lane.manual)
    assert any("TOTAL WRONG" in reason for reason in only(triage).reasons)


def test_a_customers_change_and_cancellation_are_about_the_sales_order(engine):
    head = "<b:ID>C1</b:ID><a:OrderReference><b:ID>4500771200</b:ID></a:OrderReference>"
    change = ubl("OrderChange", head, ubl_line("1", "3", "6", "55", "2026-05-20", "ROP-12-NAV"))
    proposal = only(engine.triage(read(change)))
    assert (proposal.intent, proposal.record.name) == ("order_change", "S00041")
    assert proposal.fields.stated()["lines"] == [{"line_id": 1, "product": "ROP-12-NAV", "qty": 6.0}]
    cancel = only(engine.triage(read(ubl("OrderCancellation", head))))
    assert (cancel.intent, cancel.record.name) == ("order_cancellation", "S00041")


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (x855("PO1*1*4x*EA"), "PO1*1*4x*EA"),
        (ordrsp("LIN+1", "QTY+21:4x"), "QTY+21:4x"),
        (ubl_response("AP", ubl_line("1", "5", "4x", "1", "2026-05-20", "A")), "OrderLine[1]/Quantity"),
        (EQUAL["855"][:-60], "without SE"),
        (b"ISA*00", "no X12, EDIFACT or UBL"),
    ],
)
def test_an_invalid_document_goes_to_a_person_with_the_segment_named(engine, raw, named):
    triage = engine.triage(read(raw))
    assert triage.manual
    assert named in triage.manual_reason
    assert (only(triage).intent, only(triage).lane) == ("unclear", Lane.manual)


def test_a_valid_document_beside_an_invalid_one_is_read_and_the_other_named(engine):
    bad = b"ST*855*0002~BAK*00*AD*P00041~PO1*1*4x*EA~SE*4*0002~"
    triage = engine.triage(read(EQUAL["855"].replace(b"GE*1*1~", bad + b"GE*2*1~")))
    assert [(p.intent, p.lane is Lane.manual) for p in triage.proposals] == [
        ("order_confirmation", False),
        ("unclear", True),
    ]


def test_an_order_that_is_not_ours_is_said_to_be_none(engine):
    triage = engine.triage(read(x855("PO1*1*40*EA", order="4711-XYZ")))
    assert triage.manual
    assert "4711-XYZ" in triage.manual_reason


def test_the_suppliers_number_finds_the_order_too(engine):
    assert only(engine.triage(read(ordrsp(order="AB 26-7781", beginning="BGM+231+1+29")))).record.name == "P00041"


def test_another_suppliers_document_about_the_order_is_never_ready(engine):
    proposal = only(engine.triage(read(ordrsp(beginning="BGM+231+1+29", by="Vela Bianca S.r.l."))))
    assert proposal.features["from_event"] == 0
    assert any("not the order's partner" in reason for reason in proposal.reasons)


def test_a_line_that_is_none_of_the_orders_is_named(engine):
    raw = x855("PO1*1*40*EA*31.5**VP*TT 1220-N", "ACK*IA*40*EA*067*20260603", "PO1*9*3*EA***BP*LAM-LED-03")
    proposal = only(engine.triage(read(raw)))
    assert (proposal.intent, proposal.features["from_event"]) == ("delivery_date_change", 0)
    assert any("LAM-LED-03 is no line of P00041" in reason for reason in proposal.reasons)


@pytest.mark.parametrize(("unit", "qty"), [("DZN", "3.333333"), ("C62", "40"), ("", "40")])
def test_units_that_hold_a_known_number_are_converted(engine, unit, qty):
    """3.333333 dozens are 40 pieces, less a rounding that is no news."""
    raw = ordrsp("LIN+1", "PIA+5+TT 1220-N:SA", f"QTY+21:{qty}:{unit}", "LIN+3", "PIA+5+FEN-25-BLU:IN", "QTY+21:12")
    assert only(engine.triage(read(raw))).intent == "order_confirmation"


def test_the_quantity_that_the_supplier_takes_to_be_ordered_is_compared_too(engine):
    """Many responses state no other."""
    raw = ordrsp("LIN+1", "PIA+5+TT 1220-N:SA", "QTY+21:30:PCE", beginning="BGM+231+1+29")
    proposal = only(engine.triage(read(raw)))
    assert (proposal.intent, proposal.fields.lines[0].qty) == ("quantity_change", 30)


def test_a_unit_that_cannot_be_compared_must_be_looked_at(engine):
    proposal = only(engine.triage(read(ordrsp("LIN+1", "PIA+5+TT 1220-N:SA", "QTY+21:4:CT"))))
    assert (proposal.intent, proposal.features["from_event"]) == ("quantity_change", 0)
    assert any("unit CT" in reason for reason in proposal.reasons)


def test_lines_of_one_order_line_are_its_deliveries(engine):
    first = ("LIN+1", "PIA+5+TT 1220-N:SA", "QTY+113:15", "DTM+67:20260520:102")
    second = ("LIN+2", "PIA+5+TT 1220-N:SA", "QTY+113:25", "DTM+67:20260610:102")
    proposal = only(engine.triage(read(ordrsp(*first, *second))))
    assert proposal.intent == "partial_shipment"
    assert [(s.qty, s.date) for s in proposal.fields.lines[0].splits] == [(15, "2026-05-20"), (25, "2026-06-10")]


def test_pallets_of_one_order_line_are_added_up(engine):
    lines = ("LIN+1++VB.771:SA", "QTY+12:4:PCE", "LIN+2++VB.771:SA", "QTY+12:6:PCE")
    raw = edifact("DESADV", "BGM+351+L1+9", "RFF+ON:P00042", *lines)
    assert [line.qty for line in only(engine.triage(read(raw))).fields.lines] == [10]


def mailed(sender: str, text: str, raw: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["To"] = sender, "Order response", "office@havnegaard.example"
    mail.set_content(text)
    mail.add_attachment(raw, maintype="application", subtype="octet-stream", filename="response.edi")
    return mail.as_bytes()


def test_a_document_attached_to_a_suppliers_mail_is_what_the_mail_says(engine):
    raw = mailed("w.harms@trosse-tau.example", "Please find our order response attached.", DIFFERENT["ORDRSP"])
    message = read(raw, Channel.email)
    triage = engine.triage(message)
    assert {p.intent for p in triage.proposals} == set(stated(engine.triage(read(DIFFERENT["ORDRSP"]))))
    assert {e.part for p in triage.proposals for e in p.evidence} == {"attachment:response.edi"}
    assert all(p.features["from_event"] for p in triage.proposals)


def test_a_strangers_attachment_is_never_ready(engine):
    raw = mailed("someone@elsewhere.example", "See attached.", EQUAL["ORDRSP"])
    proposal = only(engine.triage(read(raw, Channel.email)))
    assert (proposal.intent, proposal.features["from_event"]) == ("order_confirmation", 0)
    assert any("not known to belong" in reason for reason in proposal.reasons)


def test_news_in_the_mail_beside_the_document_is_not_lost(engine):
    text = "Our order response for P00041 is attached. The mooring rope will only arrive on 3 June 2026."
    triage = engine.triage(read(mailed("w.harms@trosse-tau.example", text, EQUAL["ORDRSP"]), Channel.email))
    proposal = only(triage)  # and what it differs in is not confirmed
    assert (proposal.intent, proposal.fields.lines[0].date) == ("delivery_date_change", "2026-06-03")


def test_an_acknowledgement_asks_nothing_and_one_with_errors_goes_to_a_person(engine):
    taken = engine.triage(read(x12("997", "AK1*PO*77", "AK9*A*1*1*1")))
    assert [(p.intent, p.record) for p in taken.proposals] == [("auto_reply", None)]
    refused = engine.triage(read(edifact("CONTRL", "UCI+REF1+US:14+THEM:14+7", "UCM+1+ORDERS:D:96A:UN+4+12")))
    assert (only(refused).intent, only(refused).lane) == ("unclear", Lane.manual)
    assert "ORDERS 1 was rejected" in " ".join(only(refused).reasons)
