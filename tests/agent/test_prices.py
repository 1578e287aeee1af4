"""How prices and percentages in trade mail are read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.prices import apply_percent, find_percentages, find_prices, read_number

PRICES = [
    ("de", "€ 12,50", 12.5, "EUR", None),
    ("en", "12.50 EUR", 12.5, "EUR", None),
    ("de", "EUR 1.234,50", 1234.5, "EUR", None),
    ("en", "EUR 1,234.50", 1234.5, "EUR", None),
    ("de", "38,90/Stk", 38.9, None, "piece"),
    ("de", "38,90 € / Stück", 38.9, "EUR", "piece"),
    ("de", "CHF 12.-", 12.0, "CHF", None),
    ("en", "$4.20 per 100", 4.2, "USD", "100"),
    ("en", "€12.50 each", 12.5, "EUR", "piece"),
    ("en", "£3.20 per box", 3.2, "GBP", "box"),
    ("fr", "12,40 € l'unité", 12.4, "EUR", "piece"),
    ("es", "12,40 euros", 12.4, "EUR", None),
    ("it", "12,40 € al pezzo", 12.4, "EUR", "piece"),
    ("nl", "€ 12,40 per stuk", 12.4, "EUR", "piece"),
    ("pl", "45,20 zł za szt.", 45.2, "PLN", "piece"),
    ("pl", "1 245,20 PLN", 1245.2, "PLN", None),
]

ROLES = [
    ("en", "EUR 12.50 instead of EUR 11.90", ["new", "old"]),
    ("en", "from 11.90 EUR to 12.50 EUR", ["old", "new"]),
    ("en", "from 11.90 to 12.50 EUR", ["old", "new"]),
    ("en", "the price goes up to 12.50 (was 11.90)", ["new", "old"]),
    ("de", "neuer Preis 12,50 EUR statt 11,90 EUR", ["new", "old"]),
    ("fr", "12,50 € au lieu de 11,90 €", ["new", "old"]),
    ("es", "12,50 € en lugar de 11,90 €", ["new", "old"]),
    ("it", "12,50 € invece di 11,90 €", ["new", "old"]),
    ("nl", "12,50 EUR in plaats van 11,90 EUR", ["new", "old"]),
    ("de", "die Töpfe kosten ab sofort 12,50 (bisher 11,90)", ["new", "old"]),
    ("pl", "12,50 zł zamiast 11,90 zł", ["new", "old"]),
]

PERCENTAGES = [
    ("en", "prices increase by 4.5 %", 4.5),
    ("en", "a five percent discount", -5.0),
    ("en", "+3 %", 3.0),
    ("en", "-3%", -3.0),
    ("de", "Preiserhöhung von 4,5 %", 4.5),
    ("de", "3 Prozent Rabatt", -3.0),
    ("fr", "une hausse de 3,5 %", 3.5),
    ("fr", "remise de 5 %", -5.0),
    ("es", "un aumento del 4 %", 4.0),
    ("es", "un descuento del 4 por ciento", -4.0),
    ("it", "un aumento del 4%", 4.0),
    ("it", "sconto del 4 %", -4.0),
    ("nl", "prijsverhoging van 4 procent", 4.0),
    ("nl", "korting van 4%", -4.0),
    ("nl", "met 4% verhoogd", 4.0),
    ("de", "um 5 % teurer", 5.0),
    ("de", "3 % Mengenrabatt", -3.0),
    ("pl", "podwyżka o 5%", 5.0),
    ("pl", "rabat 5 procent", -5.0),
    ("en", "about 10% of the goods", None),
]


@pytest.mark.parametrize(("language", "text", "amount", "currency", "per"), PRICES)
def test_a_price(language: str, text: str, amount: float, currency: str | None, per: str | None) -> None:
    """Amount, currency and what it buys; the span holds all of it."""
    assert [(p.amount, p.currency, p.per, p.text) for p in find_prices(text, language)] == [
        (amount, currency, per, text)
    ]


@pytest.mark.parametrize("text", ["unit price: 12.50", "the price is 12.50", "the new price of 12.50"])
def test_a_bare_number_after_a_word_for_price(text: str) -> None:
    """The span is the number alone."""
    assert [(p.text, p.amount, p.currency) for p in find_prices(text, "en")] == [("12.50", 12.5, None)]


@pytest.mark.parametrize(("language", "text", "expected"), ROLES)
def test_old_and_new_prices(language: str, text: str, expected: list[str]) -> None:
    """Neighbouring words tell them apart."""
    assert [p.role for p in find_prices(text, language)] == expected


@pytest.mark.parametrize(
    "text", ["12 pcs", "on 12.12. at 10.30", "600x400", "P00041", "5 %", "euro pallets", "prices change on 01.12."]
)
def test_other_numbers_are_no_prices(text: str) -> None:
    """Nothing without a currency, a word for price or a price per unit."""
    assert find_prices(text, "en") == []


@pytest.mark.parametrize(("language", "text", "value"), PERCENTAGES)
def test_a_percentage_has_the_direction_that_is_said(language: str, text: str, value: float | None) -> None:
    """Signed where the sentence says up or down, else None."""
    assert [p.value for p in find_percentages(text, language)] == [value]


def test_tax_rates_change_no_price() -> None:
    """VAT is marked and has no direction."""
    assert [(p.percent, p.value, p.tax) for p in find_percentages("plus 19 % MwSt.", "de")] == [(19.0, None, True)]


def test_a_percentage_on_a_price_is_rounded_half_up_and_says_so() -> None:
    """The note names the exact value where rounding changed it."""
    assert apply_percent(4.35, 3.5) == (4.5, "4.35 +3.5 % = 4.50225, rounded to 4.50")
    assert apply_percent(10, -5) == (9.5, "10 -5 % = 9.5")
    assert apply_percent(0.10, 5)[0] == 0.11


@given(st.integers(0, 9_999_999))
@settings(deadline=None)
def test_amounts_in_either_notation_are_read_back(cents: int) -> None:
    """1,234.50 and 1.234,50 mean the same in any language."""
    english = f"{cents / 100:,.2f}"
    continental = english.translate({ord(","): ".", ord("."): ","})
    for language in ("en", "de"):
        assert read_number(english, language) == read_number(continental, language) == cents / 100


@given(
    st.lists(st.sampled_from(["12", ",", ".", "€", "EUR", " ", "per", "/", "%", "price", "from", "to", "\n"])).map(
        "".join
    )
    | st.text()
)
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_without_complaint(text: str) -> None:
    """Nothing raises; spans slice to their text."""
    for language in ("en", "de"):
        for each in (*find_prices(text, language), *find_percentages(text, language)):
            assert text[each.start : each.end] == each.text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["12 ", "1,111", "€", "price ", "1 %", "per 1 "])
def test_hostile_repetition_stays_cheap(unit: str) -> None:
    """100 KB of repetition is read within the time-out."""
    text = unit * (100_000 // len(unit))
    assert isinstance(find_prices(text, "en"), list)
    assert isinstance(find_percentages(text, "en"), list)
