"""Which of several dates is the one to count on. "Now" is Monday, 23 November 2026."""

from __future__ import annotations

from datetime import datetime

import pytest

from agent.dates import find_dates

NOW = datetime(2026, 11, 23, 9, 0)


def played(language: str, text: str) -> list[str]:
    return [m.role for m in find_dates(text, now=NOW, language=language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "weds rather than thurs", ["new", "old"]),
        ("en", "29th not 28th", ["new", "old"]),
        ("en", "delivery 7 Dec, now 14 Dec", ["old", "new"]),
        ("en", "Monday 7th not Friday", ["new", "old"]),
        ("en", "the 24th is no good, 1 January is the best I can do", ["old", "plain"]),
        ("en", "can't do 30 Nov, it would be 7 December", ["old", "plain"]),
        ("en", "slips from the 4th to the 11th", ["old", "new"]),
        ("en", "14 Dec (was 7 Dec)", ["new", "old"]),
        ("en", "was due 7 Dec, now 14 Dec", ["old", "new"]),
        ("en", "originally 7 Dec, we now make it 14 Dec", ["old", "new"]),
        ("de", "nicht am 3.12., sondern am 8.12.", ["old", "new"]),
        ("de", "anstelle vom 3.12. am 10.12.", ["old", "plain"]),
        ("de", "am 7.12. geht es nicht, am 14.12. schon", ["old", "plain"]),
        ("fr", "le 22 décembre et non le 15", ["new", "old"]),
        ("fr", "le 7 décembre au lieu du lundi 30", ["new", "old"]),
        ("es", "en vez del lunes 14 lo tendréis el jueves 17", ["old", "plain"]),
        ("it", "invece del 7 dicembre consegniamo il 14", ["old", "plain"]),
        ("nl", "in plaats van 7 december wordt het de 14e", ["old", "new"]),
        ("pl", "14 grudnia, a nie 7 grudnia", ["new", "old"]),
        ("pl", "zamiast 7 grudnia będzie 14 grudnia", ["old", "new"]),
    ],
)
def test_a_contrast_tells_the_old_date(language: str, text: str, expected: list[str]) -> None:
    assert played(language, text) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "ETD Shanghai 3 Dec, ETA Felixstowe 10 January"),
        ("en", "we ship 14 Dec, with you 17 Dec"),
        ("en", "can go out today so you'll have it Wednesday"),
        ("de", "Versand 14.12., bei Ihnen 16.12."),
        ("fr", "départ 3/12, livraison 7/12"),
        ("es", "salida 3/12, llegada 10/12"),
        ("it", "partenza 3/12, consegna 7/12"),
        ("nl", "vertrek 3 december, bij u 7 december"),
        ("pl", "wysyłka 3.12., dostawa 7.12."),
    ],
)
def test_beside_an_arrival_a_dispatch_is_not_the_date_to_count_on(language: str, text: str) -> None:
    """Whoever orders waits for the arrival."""
    assert played(language, text) == ["shipped", "new"]


def test_the_leg_to_the_customer_is_the_last() -> None:
    """The port is not the door: in one sentence, and as a list of labels."""
    assert played("en", "ETA 18 December, at your door on the 21st") == ["new", "new"]
    assert played("en", "ETA Felixstowe : Jan 10") == ["plain"]
    assert played("en", "Arrive your Hull warehouse : Jan 15") == ["new"]
    assert played("de", "Anlieferung bei Ihnen: 16.12.") == ["new"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "ex works 3 December", ["plain"]),
        ("de", "Versandtermin 14.12.", ["plain"]),
        ("en", "we can ship 60 on 14 Dec and the other 40 on 21 Dec", ["plain", "plain"]),
        ("en", "delivery 14 Dec as agreed", ["plain"]),
    ],
)
def test_a_dispatch_or_delivery_alone_counts_as_any_date(language: str, text: str, expected: list[str]) -> None:
    assert played(language, text) == expected


def test_a_coming_dispatch_is_not_taken_for_last_years() -> None:
    """Only what has been shipped lies in the past."""
    found = find_dates("leaves 20 January, with you 26 January", now=NOW, language="en")
    assert [str(m.date) for m in found] == ["2027-01-20", "2027-01-26"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "prices valid from 1 January"),
        ("en", "the increase is effective 1 January"),
        ("en", "payment is due 15 December"),
        ("en", "I will know more at the end of the month"),
        ("en", "see us at the fair, 22-24 January"),
        ("en", "please reply by Friday"),
        ("en", "as announced in August"),
        ("en", "we have stopped selling until the end of the year"),
        ("en", "we are closed from 24 December to 2 January"),
        ("de", "Preise gültig ab 1.1.2027"),
        ("de", "zahlbar bis 15.12."),
        ("de", "wie im August angekündigt"),
        ("de", "wir melden uns Ende des Monats"),
        ("de", "Betriebsruhe vom 24.12. bis 2.1."),
        ("fr", "tarif valable à partir du 1er janvier"),
        ("fr", "nous sommes fermés du 24 décembre au 2 janvier"),
        ("es", "precios válidos desde el 1 de enero"),
        ("it", "listino valido dal 1 gennaio"),
        ("it", "chiusi per ferie dal 24 dicembre"),
        ("nl", "prijzen geldig vanaf 1 januari"),
        ("pl", "płatne do 15 grudnia"),
        ("pl", "do końca roku wstrzymaliśmy sprzedaż"),
    ],
)
def test_dates_of_something_else_than_a_delivery(language: str, text: str) -> None:
    """Validity, payment, fairs, holidays, answers, announcements."""
    assert set(played(language, text)) == {"other"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "we are on holiday, so your lamps come on 14 December"),
        ("en", "we are closed today. Your lamps come on 14 December"),
        ("de", "Wie angekündigt, kommen die Lampen nun am 14.12."),
        ("de", "Antwort unseres Werks: Lieferung der Lampen am 14.12."),
    ],
)
def test_such_a_word_further_away_says_nothing_of_the_date(language: str, text: str) -> None:
    assert played(language, text)[-1] != "other"
