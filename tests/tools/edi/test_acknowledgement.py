"""997, 999 and CONTRL: whether a machine could read what we sent, and where not, by the segment."""

from __future__ import annotations

import re

import pytest

from tests.tools.edi.writing import edifact, x12
from tools.edi.document import EdiDocument, EdiKind, EdiStatus
from tools.edi.files import read_file
from tools.limits import ReadingLimits

UCI = "UCI+REF1+US:14+THEM:14+7"


def read(raw: bytes) -> EdiDocument:
    (document,) = read_file(raw, "body", ReadingLimits()).documents
    assert document.kind is EdiKind.acknowledgement
    return document


@pytest.mark.parametrize(
    ("raw", "means"),
    [
        (x12("997", "AK1*PO*77", "AK9*A*1*1*1"), EdiStatus.accepted),
        (x12("999", "AK1*PO*77*004010", "AK2*850*0001", "IK5*A", "AK9*A*1*1*1"), EdiStatus.accepted),
        (edifact("CONTRL", UCI), EdiStatus.accepted),
        (edifact("CONTRL", "UCI+REF1+US:14+THEM:14+8"), EdiStatus.acknowledged),
    ],
)
def test_what_was_taken_whole_reports_no_error(raw, means):
    document = read(raw)
    assert (document.status.value, document.errors, document.faults) == (means, [], [])
    assert document.number.value in ("PO 77", "REF1")


def test_a_rejected_transaction_set_names_segment_element_and_value():
    sets = ("AK2*850*0001", "AK3*PO1*4**8", "AK4*2*330*7*x9", "AK5*R*5", "AK2*850*0002", "AK5*A")
    document = read(x12("997", "AK1*PO*77", *sets, "AK9*P*2*2*1"))
    assert document.status.value is EdiStatus.rejected
    assert [error.value for error in document.errors] == [
        "850 0001: segment PO1 at 4, error 8",
        "850 0001: element 2, error 7 x9",
        "850 0001 was rejected",
        "the group was taken with errors",
    ]


def test_a_rejected_message_counts_more_than_the_interchange_that_was_taken():
    document = read(edifact("CONTRL", UCI, "UCM+1+ORDERS:D:96A:UN+4+12", "UCS+5+16", "UCD+12+2:1"))
    assert document.status.value is EdiStatus.rejected
    assert [error.value for error in document.errors] == [
        "ORDERS 1 was rejected",
        "ORDERS 1: segment 5, error 16",
        "ORDERS 1: element 2, error 12",
    ]


@pytest.mark.parametrize(
    ("raw", "segment"),
    [
        (x12("997", "AK1*PO*77", "AK9*Z*1*1*1"), r"AK9\*Z\*1\*1\*1: the outcome 'Z' is not known"),
        (x12("997", "AK1*PO*77"), "AK9, the outcome, is missing"),
        (edifact("CONTRL", "UCI+REF1+US:14+THEM:14"), "UCI.*: the outcome '' is not known"),
        (x12("997", "AK1*PO*77", "AK9*A*1*1*1").replace(b"SE*4", b"SE*9"), r"SE\*9.*counts 9 segments"),
    ],
)
def test_what_is_no_outcome_is_a_fault_that_names_the_segment(raw, segment):
    assert re.search(segment, " ".join(read(raw).faults))
