"""The key table finds exactly what reading through all references would find."""

from __future__ import annotations

from collections import Counter
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.key_table import OWN_KINDS, KeyTable
from agent.orderbook import OrderBook
from agent.orders import Reference
from agent.reference_keys import counter_of, digit_runs, reference_key, shape_of
from tests.agent.company import snapshot
from tools.snapshot import SnapshotReader

NUMBERS = st.one_of(
    st.integers(0, 120).map(lambda n: f"PO/2026/{n:05d}"),
    st.integers(0, 120).map(lambda n: f"po 2026-{n}"),
    st.integers(0, 120).map(str),
    st.text(alphabet="ABab01289-/. ", min_size=1, max_size=8),
)


@st.composite
def companies(draw: st.DrawFn) -> list[dict[str, object]]:
    rows = draw(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=25))
    return [{"id": i, "name": name, "partner_ref": ref} for i, (name, ref) in enumerate(rows, 1)]


def made(rows: list[dict[str, object]]) -> tuple[KeyTable, list[Reference]]:
    """The key table of some purchase orders, and their references, read through."""
    references = []
    for row in rows:
        key = ("purchase.order", int(str(row["id"])))
        references.append(Reference("purchase", str(row["name"]).strip(), key))
        ref = str(row["partner_ref"]).strip()
        references += [Reference("partner_ref", ref, key)] if ref else []
    return OrderBook(SnapshotReader({"purchase.order": rows})).keys, references


@given(companies())
@settings(max_examples=60, deadline=None)
def test_a_key_leads_to_the_records_whose_number_has_it(rows):
    table, references = made(rows)
    keys = {reference_key(r.value) for r in references}
    expected = {key: [r for r in references if reference_key(r.value) == key] for key in keys}
    assert table.find([*keys, "NONE", ""]) == expected


@given(companies(), st.integers(0, 120))
@settings(max_examples=60, deadline=None)
def test_a_running_number_leads_to_the_keys_that_count_so(rows, number):
    table, references = made(rows)
    counted = [(counter_of(r.value), r) for r in references]
    own = {reference_key(r.value) for c, r in counted if c and c[1] == number and r.kind in OWN_KINDS}
    assert set(table.with_number(number)) == own
    for around in {c[0] for c, _ in counted if c}:
        expected = {reference_key(r.value) for c, r in counted if c == (around, number)}
        assert set(table.with_counter(around, number)) == expected


@given(companies())
@settings(max_examples=60, deadline=None)
def test_five_digits_lead_to_the_keys_of_letters_and_those_digits(rows):
    table, references = made(rows)
    keys = {reference_key(r.value) for r in references}
    for digits in {"".join(digit_runs(key)) for key in keys}:
        alike = {k for k in keys if "".join(digit_runs(k)).lstrip("0") == digits.lstrip("0") and not k.isdigit()}
        expected = {k for k in alike if len("".join(digit_runs(k))) >= 5}
        assert set(table.with_digits(digits.lstrip("0"))) == expected


@given(companies())
@settings(max_examples=60, deadline=None)
def test_a_shape_is_of_the_kind_of_most_numbers_and_known_from_two(rows):
    table, references = made(rows)
    kinds = {(reference_key(r.value), r.kind) for r in references if digit_runs(r.value)}
    for shape in {shape_of(key) for key, _ in kinds}:
        counts = Counter(kind for key, kind in kinds if shape_of(key) == shape)
        kind = table.kind_of_shape(shape)
        assert (
            kind is None
            if counts.total() < 2 and not counts.keys() & OWN_KINDS
            else counts[kind] == max(counts.values())
        )
    assert table.kind_of_shape("XYZ#9") is None


@cache
def company() -> KeyTable:
    return OrderBook(SnapshotReader(snapshot())).keys


def test_orders_come_before_shipments_and_invoices_with_the_same_number():
    rows = snapshot()["stock.picking"] + [{"id": 99, "name": "P-00041", "carrier_tracking_ref": "P00041"}]
    table = OrderBook(SnapshotReader(snapshot(stock_picking=rows))).keys
    assert [r.kind for r in table.find(["P00041"])["P00041"]] == ["purchase", "picking", "tracking"]


def test_the_letters_are_those_of_numbers_on_record():
    assert set("PSWHINOUT") <= set(company().letters)
    assert "Q" not in company().letters
