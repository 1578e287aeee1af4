"""How quantities in trade mail are read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.lexicon import LANGUAGES, number_words
from agent.quantities import find_quantities

PLAIN = [
    ("de", "12 Stück", 12, "piece", None),
    ("de", "1.200 Stk", 1200, "piece", None),
    ("de", "2,5 kg", 2.5, "kg", None),
    ("de", "3 VE à 24", 3, "pack", 24),
    ("de", "zwölf Kartons", 12, "box", None),
    ("de", "vier Dutzend", 4, "dozen", 12),
    ("de", "zwei Paletten", 2, "pallet", None),
    ("de", "10 Rollen", 10, "roll", None),
    ("en", "1,200 pcs", 1200, "piece", None),
    ("en", "30 boxes of 12", 30, "box", 12),
    ("en", "4 dozen", 4, "dozen", 12),
    ("en", "a dozen", 1, "dozen", 12),
    ("en", "twenty-four units", 24, "piece", None),
    ("en", "5 pairs", 5, "pair", 2),
    ("en", "2x", 2, "piece", None),
    ("en", "2.5 metres", 2.5, "metre", None),
    ("fr", "12 pièces", 12, "piece", None),
    ("fr", "douze cartons", 12, "box", None),
    ("fr", "1 200 unités", 1200, "piece", None),
    ("fr", "3 paquets de 50", 3, "pack", 50),
    ("es", "12 uds.", 12, "piece", None),
    ("es", "treinta y dos unidades", 32, "piece", None),
    ("es", "4 cajas de 24", 4, "box", 24),
    ("it", "12 pz.", 12, "piece", None),
    ("it", "ventiquattro pezzi", 24, "piece", None),
    ("it", "3 confezioni da 12", 3, "pack", 12),
    ("nl", "12 stuks", 12, "piece", None),
    ("nl", "vierentwintig dozen", 24, "box", None),
    ("nl", "1.500 stuks", 1500, "piece", None),
    ("pl", "1 200 szt.", 1200, "piece", None),
    ("pl", "dwadzieścia cztery sztuki", 24, "piece", None),
    ("pl", "5 opakowań po 10", 5, "pack", 10),
]

ROLES = [
    ("en", "from 8 to 6", [(8, "old"), (6, "new")]),
    ("en", "6 instead of 8", [(6, "new"), (8, "old")]),
    ("en", "six instead of eight", [(6, "new"), (8, "old")]),
    ("en", "only 15 of the 40", [(15, "new"), (40, "total")]),
    ("en", "the remaining 24", [(24, "rest")]),
    ("de", "statt 20 nur 15", [(20, "old"), (15, "new")]),
    ("de", "15 statt 20", [(15, "new"), (20, "old")]),
    ("de", "die restlichen 32", [(32, "rest")]),
    ("de", "48 von den 80", [(48, "plain"), (80, "total")]),
    ("de", "von 20 auf 15 Stück", [(20, "old"), (15, "new")]),
    ("fr", "12 au lieu de 15", [(12, "new"), (15, "old")]),
    ("fr", "les 3 restants", [(3, "rest")]),
    ("es", "15 en lugar de 20", [(15, "new"), (20, "old")]),
    ("es", "solo 15 de las 40", [(15, "new"), (40, "total")]),
    ("it", "24 invece di 30", [(24, "new"), (30, "old")]),
    ("it", "i restanti 6", [(6, "rest")]),
    ("nl", "15 in plaats van 20", [(15, "new"), (20, "old")]),
    ("nl", "slechts 15 van de 40", [(15, "new"), (40, "total")]),
    ("pl", "15 zamiast 20", [(15, "new"), (20, "old")]),
    ("pl", "pozostałe 24 szt.", [(24, "rest")]),
]

NOTHING = [
    ("en", "table 160x80 cm, 600x400x400"),
    ("en", "on 14 December 2026 at 10:30"),
    ("de", "am 14.12. um 10.30 Uhr, KW 51"),
    ("en", "12.50 EUR, 5 %, 19% VAT"),
    ("en", "call +49 30 1234567 or 030 1234567"),
    ("en", "order 4500012345, PO 12345, P00041, line 10, AB-12"),
    ("en", "in 2 weeks, 10 days late"),
    ("de", "Bestellung 4711, Pos. 10"),
    ("en", "a piece of news"),
]


@pytest.mark.parametrize(("language", "text", "qty", "unit", "pack"), PLAIN)
def test_a_number_with_its_unit(language: str, text: str, qty: float, unit: str | None, pack: float | None) -> None:
    """Figures and number words with units, packs and separators of the language."""
    assert [(q.qty, q.unit, q.pack_size, q.text) for q in find_quantities(text, language)] == [(qty, unit, pack, text)]


@pytest.mark.parametrize(("language", "text", "expected"), ROLES)
def test_the_sentence_gives_a_number_its_part(language: str, text: str, expected: list[tuple[float, str]]) -> None:
    """Old, new, rest and total."""
    assert [(q.qty, q.role) for q in find_quantities(text, language)] == expected


@pytest.mark.parametrize(("language", "text"), NOTHING)
def test_other_numbers_are_no_quantities(language: str, text: str) -> None:
    """Sizes, dates, prices, phone numbers and references."""
    assert find_quantities(text, language) == []


def test_a_number_after_a_word_for_quantity() -> None:
    """The span is the number alone, and it is sure."""
    assert [(q.text, q.qty, q.bare) for q in find_quantities("Qty: 12", "en")] == [("12", 12, False)]


def test_a_number_before_some_other_word_is_marked_bare() -> None:
    """Only the order's lines can tell whether it counts anything."""
    assert [(q.qty, q.bare) for q in find_quantities("we ship 15 kettles tomorrow", "en")] == [(15, True)]


def test_number_words_reach_a_hundred_in_every_language() -> None:
    """Each value from 1 to 100 has a word, in each of the seven languages."""
    for language in LANGUAGES:
        assert set(range(1, 101)) <= set(number_words(language).values())


@given(st.integers(2, 99_999), st.sampled_from(["pcs", "Stück", "boxes", "kg"]))
@settings(deadline=None, max_examples=150)
def test_a_grouped_number_is_read_back(qty: int, unit: str) -> None:
    """1,234 in English and 1.234 in German are the same number."""
    for language, mark in (("en", ","), ("de", ".")):
        text = f"{qty:,}".replace(",", mark) + " " + unit
        assert [q.qty for q in find_quantities(text, language)] == [qty]


@given(
    st.lists(st.sampled_from(["12", " ", "x", "pcs", "of", "statt", "von", ".", ",", "auf", "\n", "é", "½", "dozen"]))
    .map("".join)
    .filter(lambda t: len(t) < 120)
    | st.text(max_size=60),
    st.sampled_from(["en", "de", "pl", "und"]),
)
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_without_complaint(text: str, language: str) -> None:
    """Nothing raises; spans slice to their text, in order and disjoint."""
    found = find_quantities(text, language)
    assert all(text[q.start : q.end] == q.text and q.text for q in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["12 ", "12 x ", "1,1", "a", "von 1 auf 2 ", "+1 "])
def test_hostile_repetition_stays_cheap(unit: str) -> None:
    """100 KB of repetition is read within the time-out."""
    assert isinstance(find_quantities(unit * (100_000 // len(unit)), "en"), list)
