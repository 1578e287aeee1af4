"""X12 214 shipment status messages."""

from __future__ import annotations

import pytest

from tools.x12 import X12Error, read_214, segments


def interchange(*segments: str, element: str = "*", end: str = "~") -> str:
    isa = "ISA*00*          *00*          *ZZ*CARRIER        *ZZ*BUYER          *260302*0900*U*00401*000000001*0*P*>"
    lines = [isa, "GS*QM*CARRIER*BUYER*20260302*0900*1*X*004010", "ST*214*0001", *segments, "SE*9*0001"]
    return "".join(line.replace("*", element) + end for line in lines)


SEGMENTS = (
    "B10*PRO77*ORDER9*ABCD",
    "L11*WH/OUT/5*SI",
    "AT7*SD*AI***20260302*0815*LT",
    "MS1*LYON**FR",
    "K1*AXLE BROKEN",
    "G62*17*20260304",
)


@pytest.mark.parametrize(("element", "end"), [("*", "~"), ("|", "\n"), ("^", "'"), ("*", "~\r\n")])
def test_separators_come_from_the_interchange_header(element, end):
    found = read_214(segments(interchange(*SEGMENTS, element=element, end=end)))
    assert (found.reference, found.shipment_id, found.scac) == ("PRO77", "ORDER9", "ABCD")
    assert found.references == [("SI", "WH/OUT/5")]
    (status,) = found.statuses
    assert (status.status, status.reason, status.when, status.place) == ("SD", "AI", "2026-03-02 08:15", "LYON, FR")
    assert found.remarks == ["AXLE BROKEN"]
    assert found.dates == [("17", "2026-03-04")]


def test_an_appointment_status_is_told_from_a_shipment_status():
    (status,) = read_214(segments(interchange("AT7***AB*NA*20260302*0815*LT"))).statuses
    assert (status.status, status.reason, status.appointment) == ("AB", "NA", True)


@pytest.mark.parametrize("text", ["", "hello", "UNB+UNOC:3"])
def test_other_text_is_refused(text):
    with pytest.raises(X12Error):
        segments(text)


@pytest.mark.parametrize(
    "text", ["ISA", "ISA*", "ST*214*1~AT7~B10~MS1~L11", "ISA*" * 1_000, "ST*214*1~" + "AT7*SD~" * 20_000]
)
def test_broken_interchanges_do_not_raise(text):
    assert len(read_214(segments(text)).statuses) <= 5_000
