"""EDIFACT ORDRSP, DESADV and IFTSTA: what each states, and what is wrong with it, by the segment."""

from __future__ import annotations

from datetime import date

import pytest

from tests.agent.company import NOW
from tests.tools.edi.writing import edifact
from tools.edi.document import EdiDocument, EdiKind, EdiStatus
from tools.edi.files import read_file
from tools.edi.reading import read_edi
from tools.limits import ReadingLimits

HEAD = ("BGM+231+AB-9001+29", "RFF+ON:P00041", "NAD+SU+4012345000009::9++Trosse ?+ Tau", "CUX+2:EUR:9")


def read(raw: bytes) -> list[EdiDocument]:
    return read_file(raw, "body", ReadingLimits()).documents


def test_a_response_states_lines_with_codes_quantities_prices_and_days():
    raw = edifact(
        "ORDRSP", *HEAD, "LIN+1+3+5701234000017:EN", "PIA+5+TT 1220-N:SA+ROP-12:IN", "IMD+F++:::Rope 12 mm",
        "QTY+21:40:PCE", "QTY+113:30:PCE", "DTM+67:20260603:102", "PRI+AAA:325:::10:PCE",
    )  # fmt: skip
    (document,) = read(raw)
    assert (document.kind, document.faults) == (EdiKind.order_response, [])
    assert (document.order.value, document.number.value) == ("P00041", "AB-9001")
    assert (document.sender.value, document.currency) == ("Trosse + Tau", "EUR")
    (line,) = document.lines
    assert [c.value for c in (line.number, line.buyer_code, line.seller_code, line.gtin)] == [
        "1", "ROP-12", "TT 1220-N", "5701234000017",
    ]  # fmt: skip
    assert (line.ordered.value, line.qty.value, line.unit) == (40, 30, "PCE")
    assert (line.price.value, line.price_base) == (325, 10)
    assert (line.status.value, line.deliveries[0].day.value) == (EdiStatus.changed, date(2026, 6, 3))


@pytest.mark.parametrize(
    ("beginning", "means"),
    [("BGM+231+1+29", EdiStatus.accepted), ("BGM+231+1+27", EdiStatus.rejected), ("BGM+231+1+4", EdiStatus.changed),
     ("BGM+231+1+9+AP", EdiStatus.accepted), ("BGM+231+1+9+AB", EdiStatus.acknowledged),
     ("BGM+231+1+9+RE", EdiStatus.rejected)],
)  # fmt: skip
def test_the_beginning_says_what_becomes_of_the_order(beginning, means):
    (document,) = read(edifact("ORDRSP", beginning, "RFF+ON:P00041"))
    assert document.status.value is means


def test_schedules_of_a_line_are_its_deliveries():
    schedules = ("SCC+1", "QTY+113:15", "DTM+67:20260520:102", "SCC+1", "QTY+113:25", "DTM+67:202624:616")
    (document,) = read(edifact("ORDRSP", *HEAD, "LIN+1", "QTY+21:40", *schedules))
    found = [(d.qty.value, d.day.value) for d in document.lines[0].deliveries]
    assert found == [(15, date(2026, 5, 20)), (25, date(2026, 6, 12))]  # the Friday of week 24


def test_a_promised_day_replaces_the_requested_one():
    (document,) = read(edifact("ORDRSP", *HEAD, "LIN+1", "DTM+2:20260520:102", "DTM+69:20260603:102"))
    assert [d.day.value for d in document.lines[0].deliveries] == [date(2026, 6, 3)]


@pytest.mark.parametrize("tag", ["XYZ", "CODE", "CARRIER", "TAKE", "_INIT__", "_DICT__"])
def test_segments_that_say_nothing_of_an_order_are_passed_over(tag):
    (document,) = read(edifact("ORDRSP", *HEAD, f"{tag}+1", "LIN+1"))
    assert (document.faults, len(document.lines)) == ([], 1)


def test_a_despatch_advice_names_carrier_number_and_what_was_sent():
    raw = edifact(
        "DESADV", "BGM+351+LS1+9", "DTM+11:20260512:102", "DTM+17:20260514:102", "RFF+ON:P00042",
        "TDT+20+TRK77+30+31+BRT:::BRT Corriere", "CPS+1", "LIN+1++VB.771:SA", "QTY+12:7:PCE", "QVR+-3:21+BP",
    )  # fmt: skip
    (document,) = read(raw)
    assert (document.carrier.value, document.tracking.value) == ("BRT Corriere", "TRK77")
    assert (document.despatched.value, document.delivery.value) == (date(2026, 5, 12), date(2026, 5, 14))
    (line,) = document.lines
    assert (line.seller_code.value, line.qty.value, line.backordered.value) == ("VB.771", 7, 3)


def test_separators_and_decimal_mark_are_those_of_the_service_advice():
    raw = edifact("ORDRSP", *HEAD, "LIN+1", "QTY+21:2.5")
    other = raw.replace(b"UNA:+.? '", b"UNA|^,! ~").translate(bytes.maketrans(b":+?'.", b"|^!~,"))
    (document,) = read(other)
    assert (document.order.value, document.lines[0].ordered.value) == ("P00041", 2.5)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (edifact("ORDRSP", *HEAD, "LIN+1", "QTY+21:4x"), "QTY+21:4x: '4x' is no number."),
        (edifact("ORDRSP", *HEAD, "LIN+1", "DTM+67:20261301:102"), "'20261301' is no day."),
        (edifact("ORDRSP", *HEAD, "LIN+1").replace(b"UNT+7", b"UNT+9"), "it counts 9 segments, there are 7."),
        (edifact("ORDRSP", *HEAD, "LIN+1").partition(b"UNT")[0], "LIN+1: the message ends here, without UNT."),
        (edifact("ORDRSP", "BGM+231+1+29"), "RFF+ON, the order number, is missing."),
        (edifact("DESADV", "RFF+ON:P00041"), "BGM, the beginning, is missing."),
    ],
)
def test_what_is_not_valid_is_named(raw, named):
    (document,) = read(raw)
    assert any(named in fault for fault in document.faults), document.faults


@pytest.mark.parametrize(
    ("status", "intent", "delivered"),
    [("STS+1+21", "delivery_update", True), ("STS+1+31+63", "transit_delay", False), ("STS+1+49", "goods_lost", False),
     ("STS+1+54+6", "delivery_failed", False)],
)  # fmt: skip
def test_a_transport_status_is_a_carriers_event(status, intent, delivered):
    raw = edifact("IFTSTA", "BGM+77+9+9", "CNI+1+GD7", status, "DTM+334:202605111015:203", directory="D:01B")
    message = read_edi(raw, received_at=NOW)
    assert (message.event.tracking, message.event.intent, message.event.delivered) == ("GD7", intent, delivered)
    assert message.event.occurred_at.isoformat() == "2026-05-11T10:15:00+00:00"


def test_reasons_of_old_directories_have_other_numbers_and_are_not_looked_up():
    raw = edifact("IFTSTA", "BGM+77+9+9", "CNI+1+GD7", "STS+1+31+17", directory="D:96A")
    assert read_edi(raw, received_at=NOW).event.intent == "delivery_update"
