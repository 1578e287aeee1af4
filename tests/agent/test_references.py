"""References are found however they are spelled, and other numbers are left alone, whatever the numbering."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.numbering import Numbering
from agent.orderbook import OrderBook
from agent.orders import Reference
from agent.reference_keys import reference_key, shape_of
from agent.references import References
from tests.agent.company import snapshot
from tools.snapshot import SnapshotReader

SCHEMES = {
    "odoo": ("P{:05d}", "S{:05d}", "WH/{}/{:05d}"),
    "yearly": ("PO/2026/{:05d}", "SO26-{:05d}", "AAR/{}/{:06d}"),
    "bare": ("71{:05d}", "52{:05d}", "{}-{:07d}"),
    "german": ("B-{:04d}/26", "A-{:04d}/26", "LS{}{:05d}"),
    "letters": ("HMBX{:06d}", "HMVX{:06d}", "HM.{}.{:04d}"),
}
BOOKS = {name: OrderBook(SnapshotReader(snapshot(*scheme))) for name, scheme in SCHEMES.items()}
FOUND = {name: References(book) for name, book in BOOKS.items()}
ORDER_41 = ("purchase.order", 41)
EVERY_SCHEME = pytest.mark.parametrize("scheme", SCHEMES)


def every_reference(book: OrderBook) -> list[Reference]:
    keys = [key for (key,) in book.store.rows("SELECT DISTINCT key FROM numbers")]
    return [reference for found in book.keys.find(keys).values() for reference in found]


def records(scheme: str, text: str) -> set[tuple[str, int]]:
    """The records that a text names exactly."""
    return {r.record for m in FOUND[scheme].find(text) for r in m.exact}


def near_records(scheme: str, text: str) -> set[tuple[str, int]]:
    return {n.reference.record for m in FOUND[scheme].find(text) for n in m.near}


@EVERY_SCHEME
def test_every_reference_on_record_is_found_in_a_sentence(scheme):
    for reference in every_reference(BOOKS[scheme]):
        text = f"Sehr geehrte Damen, wegen Bestellung {reference.value}: sie kommt später."
        assert reference.record in records(scheme, text), reference


@EVERY_SCHEME
@pytest.mark.parametrize("respell", [str.lower, lambda t: t.replace("/", "-"), lambda t: t.replace("-", " "),
                                     lambda t: t.replace("/", ""), lambda t: t.replace("/", " / ")])  # fmt: skip
def test_spelling_does_not_count(scheme, respell):
    name = BOOKS[scheme].orders[ORDER_41].name
    assert ORDER_41 in records(scheme, f"order {respell(name)} is late")


@EVERY_SCHEME
def test_offsets_point_at_the_number(scheme):
    name = BOOKS[scheme].orders[ORDER_41].name
    text = f"Zu {name}, bitte."
    mention = FOUND[scheme].find(text)[0]
    assert text[mention.start : mention.end] == mention.text == name


def test_a_number_inside_a_longer_one_is_not_found():
    assert records("odoo", "see P000411 and XP00041 and 4P00041") == set()
    assert records("bare", "ref 171000410 and 7100041.55 and 12-7100041-3") == set()


@pytest.mark.parametrize(
    "text",
    [
        "Tel. 7100041",
        "Tel.: +49 461 7100041",
        "Fax 0461/71000-41",
        "IBAN DE44 5001 0517 7100 0410 00",
        "USt-IdNr. 7100041",
        "we have 7100041 pcs",
        "total 7100041,00 EUR",
        "EUR 7100041",
        "at 88417 m",
        "on 11.05.2026 at 09:41",
        "2026-05-04 and 4.5.26",
        "size 600x400x400, RAL 7035, 12 V, 500 gph",
        "order 20 fenders please",
        "we order 41 more fenders",
    ],
)
@EVERY_SCHEME
def test_other_numbers_are_no_references(scheme, text):
    found = FOUND[scheme].find(text)
    assert [m.text for m in found if m.exact or m.near] == []


@pytest.mark.parametrize(
    "text",
    ["order 41", "PO 41", "Bestellung Nr. 41", "Auftrag 00041", "ordine n. 41", "commande n° 41", "pedido 41",
     "bestelling 41", "zamówienie nr 41", "order #41", "order no. 41:", "Best.-Nr. 041"],
)  # fmt: skip
def test_the_bare_number_counts_after_a_word_for_order(text):
    assert near_records("odoo", f"Hello, {text} is late.") == {ORDER_41, ("sale.order", 41)}
    assert ORDER_41 in near_records("yearly", f"Hello, {text} is late.")


def test_a_list_shares_its_word():
    text = "orders 41, 42 and 43"
    assert {("purchase.order", i) for i in (41, 42, 43)} <= near_records("odoo", text)


@pytest.mark.parametrize(
    ("text", "edit"),
    [("P0041", "zeros"), ("P000041", "zeros"), ("PO0041", "confusable"), ("P0OO41", "confusable"),
     ("P00O41", "confusable"), ("P00401", "transposed"), ("P00051", "replaced")],
)  # fmt: skip
def test_slips_are_named(text, edit):
    found = [n for m in FOUND["odoo"].find(f"about {text}") for n in m.near if n.reference.record == ORDER_41]
    assert [n.edit for n in found] == [edit]


def test_a_slip_of_the_partners_number_leads_to_the_order():
    assert ORDER_41 in near_records("odoo", "our AB 26-7718")
    assert ORDER_41 in records("odoo", "unsere AB26/7781")
    assert ("purchase.order", 42) in records("odoo", "OC 2026 118")


def test_well_formed_strangers_are_references_without_a_record():
    mention = FOUND["yearly"].find("Re PO/2026/09999 delayed")[0]
    assert (mention.kind, mention.exact, mention.near) == ("purchase", [], [])
    assert FOUND["letters"].find("HMBX887766")[0].kind == "purchase"


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [
        ("our order confirmation XQ-99812", "unknown", "theirs"),
        ("Unsere Auftragsbestätigung 4471-B", "unknown", "theirs"),
        ("invoice no. 2026-5591", "invoice", "invoice"),
        ("Rechnung Nr. F20265591", "invoice", "invoice"),
        ("Sendungsnummer 83930022117", "tracking", "tracking"),
    ],
)
def test_a_word_before_an_unknown_number_says_what_it_is(text, kind, label):
    mention = FOUND["letters"].find(text)[-1]
    assert (mention.kind, mention.label) == (kind, label)


@pytest.mark.parametrize(
    "number",
    ["1Z88F24W6820289792", "1Z 88F 24W 68 2028 9792", "RR123456785AT", "00340434161094021501", "JJD000390007788990011"],
)
def test_carriers_formats_are_tracking_numbers_even_when_unknown(number):
    found = FOUND["odoo"].find(f"Parcel {number} was delayed")
    assert [(m.kind, m.text) for m in found] == [("tracking", number)]


def test_known_tracking_invoice_and_customer_numbers():
    assert ("stock.picking", 5) in records("odoo", "GLS GD700330041 wurde nicht zugestellt")
    assert ("account.move", 1) in records("odoo", "Rechnung RG 55120 ist offen")
    assert records("odoo", "Ihre Bestellung BC3391") == {("sale.order", 57)}


def test_a_bare_number_says_that_it_is_bare():
    bare, labelled = (FOUND["odoo"].find(t)[0] for t in ("4500771200 please", "order 4500771200 please"))
    assert (bare.bare, labelled.bare) == (True, False)


def test_shapes_keep_letters_and_count_digits():
    assert shape_of(reference_key("po/2026-00123")) == "PO#9"
    assert Numbering(BOOKS["yearly"].keys).kind_of_shape("PO209912345") == "purchase"


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_ordered_spans_that_do_not_overlap(text):
    mentions = FOUND["odoo"].find(text)
    assert all(text[m.start : m.end] == m.text for m in mentions)
    assert all(a.end <= b.start for a, b in pairwise(mentions))


@given(
    st.sampled_from(sorted(SCHEMES)),
    st.sampled_from(["swap", "drop", "double"]),
    st.integers(0, 20),
    st.sampled_from([("purchase.order", 41), ("purchase.order", 44), ("sale.order", 57), ("sale.order", 58)]),
)
@settings(max_examples=200, deadline=None)
def test_one_slip_of_the_finger_still_leads_to_the_order(scheme, slip, at, key):
    name = BOOKS[scheme].orders[key].name
    digits = [i for i, c in enumerate(name) if c.isdigit()]
    i = digits[at % len(digits)]
    if slip == "swap":
        later = next((j for j in digits if j == i + 1 and name[j] != name[i]), None)
        if later is None:
            return
        typed = name[:i] + name[later] + name[i] + name[later + 1 :]
    else:
        typed = name[:i] + (name[i] * 2 if slip == "double" else "") + name[i + 1 :]
    text = f"Regarding your order {typed}."
    assert key in records(scheme, text) | near_records(scheme, text)


@given(st.sampled_from(sorted(SCHEMES)), st.text(alphabet="-/. ", max_size=1), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_separator_between_letters_and_digits_may_change(scheme, separator, upper):
    name = BOOKS[scheme].orders[ORDER_41].name
    parts = [p for p in name.replace("/", "-").split("-") if p]
    typed = separator.join(parts)
    assert ORDER_41 in records(scheme, f"order {typed if upper else typed.lower()} please")


def test_the_time_to_find_does_not_grow_with_the_records():
    """A thousand times as many orders may cost more memory, never more look-ups."""
    rows = [
        {"id": i, "name": f"P{i:07d}", "partner_ref": f"AB{i * 7 % 10_000_000:07d}", "partner_id": False}
        for i in range(1, 60_001)
    ]
    few, many = (References(OrderBook(SnapshotReader({"purchase.order": rows[:n]}))) for n in (60, 60_000))
    text = "Regarding P0000041, our AB0000289, P000041 and order 55: " + "thank you for your order of 12 pcs. " * 60

    def seconds(references: References) -> float:
        runs = []
        for _ in range(5):
            start = time.perf_counter()
            references.find(text)
            runs.append(time.perf_counter() - start)
        return min(runs)

    assert seconds(many) < 5 * seconds(few)


def test_a_parcels_number_on_record_is_no_phone_number_though_it_begins_with_00():
    shipments = [{"id": 7, "name": "WH/OUT/00007", "carrier_tracking_ref": "00340434170000000037"}]
    found = References(OrderBook(SnapshotReader(snapshot(stock_picking=shipments))))
    [mention] = found.find("Sendung 00340434170000000037, Tel. 0049 30 1234567")
    assert [r.record for r in mention.exact] == [("stock.picking", 7)]
