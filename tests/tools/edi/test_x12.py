"""X12 855, 856 and 824: what each states, and what is wrong with it, by the segment."""

from __future__ import annotations

from datetime import date

import pytest

from tests.tools.edi.writing import x12
from tools.edi.document import EdiDocument, EdiKind, EdiStatus
from tools.edi.files import read_file
from tools.limits import ReadingLimits

BAK = "BAK*00*AC*P00041*20260511****SO-771"


def read(raw: bytes) -> list[EdiDocument]:
    return read_file(raw, "body", ReadingLimits()).documents


@pytest.mark.parametrize(("element", "end"), [("*", "~"), ("|", "\n"), ("^", "'"), ("*", "~\r\n")])
def test_a_response_states_lines_with_codes_quantities_prices_and_days(element, end):
    raw = x12(
        "855", BAK, "CUR*SE*EUR", "N1*SE*Trosse & Tau",
        "PO1*7*40*EA*31.50**VP*TT 1220-N*BP*ROP-12*UP*5701234000017", "PID*F****Rope", "ACK*IC*30*EA*067*20260603",
        element=element, end=end,
    )  # fmt: skip
    (document,) = read(raw)
    assert (document.kind, document.faults) == (EdiKind.order_response, [])
    assert (document.order.value, document.seller_order.value) == ("P00041", "SO-771")
    assert (document.currency, document.sender.value) == ("EUR", "Trosse & Tau")
    (line,) = document.lines
    assert [c.value for c in (line.number, line.buyer_code, line.seller_code, line.gtin)] == [
        "7", "ROP-12", "TT 1220-N", "5701234000017",
    ]  # fmt: skip
    assert (line.ordered.value, line.qty.value, line.price.value) == (40, 30, 31.5)
    assert (line.status.value, line.name, line.deliveries[0].day.value) == (
        EdiStatus.changed,
        "Rope",
        date(2026, 6, 3),
    )


@pytest.mark.parametrize(
    ("code", "means"),
    [("AD", EdiStatus.accepted), ("AK", EdiStatus.accepted), ("AC", EdiStatus.changed), ("RJ", EdiStatus.rejected),
     ("AH", EdiStatus.pending)],
)  # fmt: skip
def test_the_kind_of_acknowledgement_is_the_status_of_the_order(code, means):
    (document,) = read(x12("855", f"BAK*00*{code}*P00041*20260511"))
    assert document.status.value is means


def test_several_acknowledgements_of_a_line_are_its_deliveries():
    lines = ("PO1*1*40*EA", "ACK*IA*15*EA*067*20260520", "ACK*IB*25*EA*067*20260610")
    (document,) = read(x12("855", BAK, *lines))
    (line,) = document.lines
    assert [(d.qty.value, d.day.value) for d in line.deliveries] == [(15, date(2026, 5, 20)), (25, date(2026, 6, 10))]
    assert (line.qty.value, line.backordered.value) == (15, 25)


def test_a_day_of_despatch_is_told_from_a_day_of_arrival():
    (document,) = read(x12("855", BAK, "PO1*1*40*EA", "ACK*IA*40*EA*068*20260520"))
    assert document.lines[0].deliveries[0].despatch


def test_an_advice_for_two_orders_is_two_documents_of_one_shipment():
    raw = x12(
        "856", "BSN*00*SH1*20260511*0900", "HL*1**S", "TD5*B*2*DPDE**DPD Germany", "REF*2I*0998112233",
        "DTM*017*20260514", "HL*2*1*O", "PRF*P00041", "HL*3*2*I", "LIN*1*VP*TT 1220-N", "SN1**40*EA",
        "HL*4*1*O", "PRF*P00043", "HL*5*4*I", "LIN*1*BP*ANC", "SN1**6*EA",
    )  # fmt: skip
    first, second = read(raw)
    assert (first.order.value, second.order.value) == ("P00041", "P00043")
    assert [line.qty.value for line in first.lines] == [40]
    assert [line.buyer_code.value for line in second.lines] == ["ANC"]
    for document in (first, second):
        assert (document.tracking.value, document.carrier.value) == ("0998112233", "DPD Germany")
        assert document.delivery.value == date(2026, 5, 14)


def test_an_application_advice_gives_the_errors_reported():
    (document,) = read(x12("824", "BGN*00*1*20260511", "OTI*TR*PO*P00041", "TED*024*UNIT NOT VALID*PO1*3"))
    assert (document.status.value, document.order.value) == (EdiStatus.rejected, "P00041")
    assert document.errors[0].value == "error 024: UNIT NOT VALID: PO1 segment 3"


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (x12("855", BAK, "PO1*1*4x*EA"), "PO1*1*4x*EA: '4x' is no number."),
        (x12("855", BAK, "PO1*1*4*EA", "ACK*IA*4*EA*067*20261301"), "'20261301' is no day."),
        (x12("855", BAK, "PO1*1*4*EA", "ACK*ZZ*4*EA"), "the status 'ZZ' is not known."),
        (x12("855", BAK, "PO1*1*4*EA").replace(b"SE*4*", b"SE*9*"), "it counts 9 segments, there are 4."),
        (x12("855", BAK, "PO1*1*4*EA").rpartition(b"SE*")[0], "PO1*1*4*EA: the document ends here, without SE."),
        (x12("855", "PO1*1*4*EA"), "BAK03, the order number, is missing."),
        (x12("856", "BSN*00*1*20260511*0900"), "PRF01, the order number, is missing."),
        (x12("824", "BGN*00*1*20260511"), "OTI, the outcome, is missing."),
    ],
)
def test_what_is_not_valid_is_named(raw, named):
    (document,) = read(raw)
    assert any(named in fault for fault in document.faults), document.faults


def test_other_transaction_sets_are_known_by_their_name_alone():
    (document,) = read(x12("810", "BIG*20260511*1"))
    assert (document.kind, document.name) == (EdiKind.other, "X12 810")
