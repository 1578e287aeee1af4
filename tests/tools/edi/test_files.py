"""EDI files of any standard: told by their first bytes, laid out for a person, and never a reason to stop."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.company import NOW
from tests.tools.edi.writing import edifact, ubl, x12
from tools.edi.document import EdiKind
from tools.edi.files import standard_of
from tools.edi.reading import read_edi
from tools.edi.splitting import split_statuses
from tools.message import Channel
from tools.reading import read_message

RESPONSE = x12("855", "BAK*00*AC*P00041", "PO1*1*40*EA*31.5**VP*TT 1220-N", "ACK*IA*40*EA*067*20260520")
ADVICE = edifact(
    "DESADV", "BGM+351+L1+9", "RFF+ON:P00042", "LIN+1++VB.771:SA", "QTY+12:10", "FTX+AAI+++Fragile ?'glass?'"
)
STATUS = edifact("IFTSTA", "BGM+77", "CNI+1+GD7", "STS+1+21", "DTM+334:202605111015:203", directory="D:01B")
CHANGE = ubl(
    "OrderChange",
    "<b:ID>C1</b:ID><a:OrderReference><b:ID>77</b:ID></a:OrderReference><a:OrderLine><a:LineItem><b:ID>1</b:ID>"
    "<b:Quantity unitCode='EA'>6</b:Quantity></a:LineItem></a:OrderLine>",
)
WHOLE = (RESPONSE, ADVICE, STATUS, CHANGE)


def statuses(number: int) -> bytes:
    return x12("214", "B10*PRO77**ABCD", "AT7*SD*AI***20260302*0815*LT", sets=number)


@pytest.mark.parametrize(
    ("data", "standard"),
    [(RESPONSE, "x12"), (ADVICE, "edifact"), (CHANGE, "ubl"), (b"\xef\xbb\xbf\r\n" + ADVICE, "edifact"),
     (b"ST*855*1~BAK*00~", "x12"), (b"ISAAC wrote", None), (b"<html></html>", None), (b"", None)],
)  # fmt: skip
def test_the_standard_is_told_by_the_first_bytes(data, standard):
    assert standard_of(data) == standard


@pytest.mark.parametrize("raw", [RESPONSE, ADVICE, CHANGE])
def test_each_value_stands_on_the_page_where_it_says(raw):
    message = read_edi(raw, received_at=NOW)
    (document,) = message.documents
    line = document.lines[0]
    for stated in (document.order, line.number, line.seller_code, line.qty):
        if stated:
            shown = f"{stated.value:g}" if isinstance(stated.value, float) else stated.value
            assert message.body[stated.start : stated.end] == shown
    assert line.qty.source[:30] in message.body


def test_several_statuses_are_cut_into_files_of_one_each():
    raw = statuses(3)
    pieces = split_statuses(raw)
    assert [piece.count(b"AT7") for piece in pieces] == [1, 1, 1]
    assert b"".join(pieces).count(b"IEA") == 3
    for piece in pieces:
        assert read_edi(piece, received_at=NOW).event.tracking == "PRO77"


@pytest.mark.parametrize("consignee", ["LISA MEYER", "MEYER*SON", "MEYER ~ SON"])
def test_a_status_is_read_by_the_separators_of_its_file_alone(consignee):
    segments = ("B10|PRO77||ABCD", "N1|CN|CONSIGNEE", "AT7|SD|AI|||20260302|0815|LT")
    raw = x12("214", *segments, element="|", end="\n").replace(b"CONSIGNEE", consignee.encode())
    message = read_edi(raw, received_at=NOW)
    assert (message.event.tracking, message.event.codes) == ("PRO77", ["reason AI", "status SD"])
    assert f"Party: CN {consignee}" in message.body.splitlines()


def test_several_edifact_statuses_are_cut_too():
    body = b"UNH+1" + STATUS.partition(b"UNH+1")[2].partition(b"UNZ")[0]
    raw = STATUS.replace(body, body + body.replace(b"GD7", b"GD8"))
    assert [read_edi(piece, received_at=NOW).event.tracking for piece in split_statuses(raw)] == ["GD7", "GD8"]


@pytest.mark.parametrize("raw", [RESPONSE, ADVICE, CHANGE, statuses(1), b"", b"ISA*"])
def test_any_other_file_stays_whole(raw):
    assert split_statuses(raw) == [raw]


def test_a_status_report_of_two_shipments_in_one_message_goes_to_a_person():
    raw = edifact("IFTSTA", "BGM+77", "CNI+1+GD7", "STS+1+21", "CNI+2+GD8", "STS+1+49", directory="D:01B")
    message = read_edi(raw, received_at=NOW)
    assert message.event is None
    assert "2 shipments" in message.problems[0]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_a_cut_or_altered_file_is_a_message_and_never_a_valid_short_one(raw, data):
    """A file that ends before its message does is named as such, wherever it is cut, and no byte is a reason to stop."""
    end = data.draw(st.integers(0, len(raw) - 1))
    cut = read_message(raw[:end], channel=Channel.edi, received_at=NOW)
    assert not any("could not be read (" in problem for problem in cut.problems)
    closing, ends = {ord("I"): (b"SE*", b"~"), ord("U"): (b"UNT", b"'")}.get(raw[0], (b"</OrderChange>", b"</"))
    needed = raw.index(ends, raw.rfind(closing))
    if end < needed:
        assert cut.event is None
        assert all(document.faults or document.kind is EdiKind.other for document in cut.documents)
    noise = data.draw(st.binary(max_size=12))
    altered = read_message(raw[:end] + noise + raw[end:], channel=Channel.edi, received_at=NOW)
    assert not any("could not be read (" in problem for problem in altered.problems)
    for document in altered.documents:
        assert document.part == "body"


def test_one_file_cannot_take_for_ever():
    """A megabyte of nothing but lines ends in a sentence, not in a wait."""
    raw = x12("855", "BAK*00*AC*P00041", *["PO1*1*40*EA"] * 50_000)
    message = read_edi(raw, received_at=NOW)
    assert message.documents[0].faults
    assert len(message.body) <= 200_000
