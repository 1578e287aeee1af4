"""The language of a message, and how sure that is."""

from __future__ import annotations

import pytest

from tools.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We regret that your order will only arrive next Friday, sorry for the delay.", "en"),
        ("Leider kommt Ihre Bestellung erst nächsten Freitag, wir bitten um Entschuldigung.", "de"),
        ("Malheureusement votre commande n'arrivera que vendredi prochain, veuillez nous excuser.", "fr"),
        ("Lamentamos comunicarles que su pedido no llegará hasta el próximo viernes.", "es"),
        ("Purtroppo il vostro ordine arriverà soltanto venerdì prossimo, ci scusiamo.", "it"),
        ("Helaas komt uw bestelling pas volgende week vrijdag aan, excuses voor het ongemak.", "nl"),
        ("Niestety Państwa zamówienie dotrze dopiero w przyszły piątek, przepraszamy za opóźnienie.", "pl"),
        ("Bohužel vaše objednávka dorazí až příští pátek, omlouváme se za zpoždění zásilky.", "cs"),
    ],
)
def test_sentences_are_told_apart(text, language):
    found, confidence = detect(text)
    assert found == language
    assert confidence > 0.5


def test_codes_and_addresses_do_not_count():
    assert detect("P00123 WH/IN/00044 14.05.2026 https://x.example/a mail@x.example") == ("und", 0.0)
    found, _ = detect("Guten Tag, bitte die Bestellung ORDER SHIP DELIVERY P00123 SO-77 heute noch liefern.")
    assert found == "de"


def test_a_short_text_is_not_a_sure_one():
    _, short = detect("ok danke")
    _, long = detect("ok danke, wir werden die Ware noch in dieser Woche bei Ihnen abholen und dann bezahlen")
    assert short < 0.6 < long


def test_nothing_has_no_language():
    assert detect("") == ("und", 0.0)
