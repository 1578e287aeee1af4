"""How dates in trade mail are read. "Now" is Monday, 23 November 2026."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.dates import find_date_unknown, find_dates, find_unchanged

NOW = datetime(2026, 11, 23, 9, 0)

# language, phrase, the ISO date that it means
DATES = [
    # numbers
    ("de", "Liefertermin 14.12.", "2026-12-14"),
    ("de", "am 14.12.2026 bei Ihnen", "2026-12-14"),
    ("de", "14. 12. 2026", "2026-12-14"),
    ("de", "neuer Termin: 7.1.27", "2027-01-07"),
    ("de", "kommt am 14.12", "2026-12-14"),
    ("de", "Lieferung bis 03.12", "2026-12-03"),
    ("en", "10/12/2026", "2026-12-10"),
    ("en-US", "10/12/2026", "2026-10-12"),
    ("en-US", "12/14/2026", "2026-12-14"),
    ("en", "12-14-26", "2026-12-14"),
    ("en", "ETA 2026-12-14", "2026-12-14"),
    ("en", "ETA: 2026-12-14T10:00", "2026-12-14"),
    ("en", "2026/12/14", "2026-12-14"),
    ("en", "delivery on 3/12", "2026-12-03"),
    ("en", "we ship by 14/12", "2026-12-14"),
    ("en", "ETA 20261214", "2026-12-14"),
    ("fr", "livraison le 3/12", "2026-12-03"),
    ("fr", "le 14/12/2026", "2026-12-14"),
    ("fr", "prévue le 14.12.26", "2026-12-14"),
    ("es", "el 10/12", "2026-12-10"),
    ("es", "entrega: 10-12-2026", "2026-12-10"),
    ("it", "il 10/12", "2026-12-10"),
    ("it", "consegna 14/12/26", "2026-12-14"),
    ("nl", "levering op 10-12", "2026-12-10"),
    ("nl", "leverdatum 10-12-2026", "2026-12-10"),
    ("pl", "termin 14.12.2026 r.", "2026-12-14"),
    ("pl", "do 14.12", "2026-12-14"),
    ("pl", "dnia 03.12.", "2026-12-03"),
    # named months
    ("en", "14 December", "2026-12-14"),
    ("en", "December 14th", "2026-12-14"),
    ("en", "December 14, 2026", "2026-12-14"),
    ("en", "the 14th of December", "2026-12-14"),
    ("en", "14-Dec-26", "2026-12-14"),
    ("en", "14 Dec 2026", "2026-12-14"),
    ("en", "Dec. 14", "2026-12-14"),
    ("en", "the third of December", "2026-12-03"),
    ("en", "3rd May", "2027-05-03"),
    ("en", "14\nDecember", "2026-12-14"),
    ("de", "14. Dezember", "2026-12-14"),
    ("de", "14. Dez. 2026", "2026-12-14"),
    ("de", "am dreizehnten Dezember", "2026-12-13"),
    ("de", "am 3. März", "2027-03-03"),
    ("de", "3. Maerz 2027", "2027-03-03"),
    ("de", "5. Jänner", "2027-01-05"),
    ("de", "8ten Januar", "2027-01-08"),
    ("it", "arriva 8 luglio.", "2027-07-08"),
    ("pl", "czyli 16.12", "2026-12-16"),
    ("de", "also 16.12", "2026-12-16"),
    ("en", "i.e. 16.12", "2026-12-16"),
    ("fr", "le 14 décembre", "2026-12-14"),
    ("fr", "le 1er décembre", "2026-12-01"),
    ("fr", "14 DECEMBRE 2026", "2026-12-14"),
    ("fr", "le 3 févr. 2027", "2027-02-03"),
    ("fr", "premier février", "2027-02-01"),
    ("es", "3 de diciembre", "2026-12-03"),
    ("es", "el 3 de diciembre de 2026", "2026-12-03"),
    ("es", "1º de enero", "2027-01-01"),
    ("es", "10-dic-2026", "2026-12-10"),
    ("it", "14 dicembre", "2026-12-14"),
    ("it", "il 1° gennaio", "2027-01-01"),
    ("it", "3 gen 2027", "2027-01-03"),
    ("nl", "14 december", "2026-12-14"),
    ("nl", "op 2 maart", "2027-03-02"),
    ("nl", "14 dec. 2026", "2026-12-14"),
    ("pl", "14 grudnia", "2026-12-14"),
    ("pl", "14 grudnia 2026 r.", "2026-12-14"),
    ("pl", "3 stycznia", "2027-01-03"),
    ("pl", "trzynastego grudnia", "2026-12-13"),
    # a year that nobody wrote
    ("en", "30 September", "2026-09-30"),
    ("en", "20 September", "2027-09-20"),
    ("de", "15.1.", "2027-01-15"),
    ("de", "12.11.", "2026-11-12"),
    # weekdays
    ("en", "Friday", "2026-11-27"),
    ("en", "on Monday", "2026-11-30"),
    ("en", "next Friday", "2026-12-04"),
    ("en", "this Friday", "2026-11-27"),
    ("en", "Friday week", "2026-12-04"),
    ("en", "a week Friday", "2026-12-04"),
    ("en", "it lands thurs", "2026-11-26"),
    ("en", "last Thursday", "2026-11-19"),
    ("en", "waiting since Thursday", "2026-11-19"),
    ("en", "Monday 7 Dec", "2026-12-07"),
    ("en", "Fri 11/12", "2026-12-11"),
    ("de", "Freitag", "2026-11-27"),
    ("de", "kommenden Montag", "2026-11-30"),
    ("de", "Freitag in einer Woche", "2026-12-04"),
    ("de", "letzten Donnerstag", "2026-11-19"),
    ("de", "Mo., 7.12.", "2026-12-07"),
    ("fr", "mercredi prochain", "2026-11-25"),
    ("fr", "vendredi", "2026-11-27"),
    ("fr", "jeudi dernier", "2026-11-19"),
    ("es", "el viernes", "2026-11-27"),
    ("es", "el miércoles que viene", "2026-11-25"),
    ("it", "venerdì", "2026-11-27"),
    ("it", "giovedì scorso", "2026-11-19"),
    ("nl", "aanstaande vrijdag", "2026-11-27"),
    ("nl", "woensdag", "2026-11-25"),
    ("pl", "w piątek", "2026-11-27"),
    ("pl", "w środę", "2026-11-25"),
    # weeks
    ("de", "KW 51", "2026-12-18"),
    ("de", "KW51", "2026-12-18"),
    ("de", "in der 51. KW", "2026-12-18"),
    ("de", "Kalenderwoche 2", "2027-01-15"),
    ("de", "KW 51/2026", "2026-12-18"),
    ("de", "KW 2/27", "2027-01-15"),
    ("de", "Mittwoch KW 50", "2026-12-09"),
    ("de", "KW 50, Mittwoch", "2026-12-09"),
    ("de", "Mi. KW 50", "2026-12-09"),
    ("de", "Anfang KW 50", "2026-12-07"),
    ("en", "CW51", "2026-12-18"),
    ("en", "week 51", "2026-12-18"),
    ("en", "wk 51", "2026-12-18"),
    ("en", "w51", "2026-12-18"),
    ("en", "2026-W51", "2026-12-18"),
    ("en", "Wednesday of week 51", "2026-12-16"),
    ("fr", "semaine 51", "2026-12-18"),
    ("fr", "sem. 51", "2026-12-18"),
    ("fr", "mercredi de la semaine 50", "2026-12-09"),
    ("es", "semana 51", "2026-12-18"),
    ("it", "settimana 51", "2026-12-18"),
    ("nl", "week 51", "2026-12-18"),
    ("nl", "woensdag week 50", "2026-12-09"),
    ("pl", "tydzień 51", "2026-12-18"),
    ("pl", "w 51. tygodniu", "2026-12-18"),
    ("en", "next week", "2026-12-04"),
    ("en", "this week", "2026-11-27"),
    ("en", "next week Wednesday", "2026-12-02"),
    ("de", "nächste Woche", "2026-12-04"),
    ("de", "naechste Woche", "2026-12-04"),
    ("de", "übernächste Woche", "2026-12-11"),
    ("de", "Mittwoch nächster Woche", "2026-12-02"),
    ("fr", "la semaine prochaine", "2026-12-04"),
    ("es", "la próxima semana", "2026-12-04"),
    ("it", "la prossima settimana", "2026-12-04"),
    ("nl", "volgende week", "2026-12-04"),
    ("pl", "w przyszłym tygodniu", "2026-12-04"),
    ("en", "end of next week", "2026-12-04"),
    ("en", "middle of next week", "2026-12-02"),
    ("de", "Anfang nächster Woche", "2026-11-30"),
    ("en", "wk 40", "2026-10-02"),
    ("en", "CW40/27", "2027-10-08"),
    ("de", "KW40/27", "2027-10-08"),
    ("de", "40. KW", "2026-10-02"),
    ("fr", "en semaine 40", "2026-10-02"),
    ("es", "semana 40", "2026-10-02"),
    ("it", "settimana 40", "2026-10-02"),
    ("nl", "in week 40", "2026-10-02"),
    ("pl", "tydzień 40", "2026-10-02"),
    ("en", "the first week of December", "2026-12-04"),
    ("en", "last week of January", "2027-01-29"),
    ("de", "in der ersten Dezemberwoche", "2026-12-04"),
    ("de", "2te Januarwoche", "2027-01-08"),
    ("de", "in der letzten Woche im Januar", "2027-01-29"),
    ("fr", "première semaine de décembre", "2026-12-04"),
    ("fr", "la deuxième semaine d'octobre", "2026-10-09"),
    ("es", "la primera semana de diciembre", "2026-12-04"),
    ("it", "la seconda settimana di dicembre", "2026-12-11"),
    ("nl", "eerste week van december", "2026-12-04"),
    ("pl", "w pierwszym tygodniu grudnia", "2026-12-04"),
    # parts of months
    ("en", "mid December", "2026-12-15"),
    ("en", "mid-December", "2026-12-15"),
    ("en", "the middle of January", "2027-01-15"),
    ("en", "end of December", "2026-12-31"),
    ("en", "by the end of February", "2027-02-28"),
    ("en", "beginning of January", "2027-01-01"),
    ("en", "end of the month", "2026-11-30"),
    ("en", "in January 2027", "2027-01-31"),
    ("de", "Mitte Dezember", "2026-12-15"),
    ("de", "Ende Dezember", "2026-12-31"),
    ("de", "Anfang Januar", "2027-01-01"),
    ("de", "Ende des Monats", "2026-11-30"),
    ("fr", "mi-décembre", "2026-12-15"),
    ("fr", "fin décembre", "2026-12-31"),
    ("fr", "début janvier", "2027-01-01"),
    ("fr", "fin du mois", "2026-11-30"),
    ("es", "mediados de diciembre", "2026-12-15"),
    ("es", "finales de diciembre", "2026-12-31"),
    ("es", "a principios de enero", "2027-01-01"),
    ("it", "metà dicembre", "2026-12-15"),
    ("it", "fine dicembre", "2026-12-31"),
    ("it", "inizio gennaio", "2027-01-01"),
    ("nl", "half december", "2026-12-15"),
    ("nl", "eind december", "2026-12-31"),
    ("nl", "begin januari", "2027-01-01"),
    ("pl", "połowa grudnia", "2026-12-15"),
    ("pl", "w połowie grudnia", "2026-12-15"),
    ("pl", "koniec grudnia", "2026-12-31"),
    ("pl", "pod koniec grudnia", "2026-12-31"),
    ("pl", "na początku stycznia", "2027-01-01"),
    # counted from today
    ("en", "tomorrow", "2026-11-24"),
    ("en", "today", "2026-11-23"),
    ("en", "the day after tomorrow", "2026-11-25"),
    ("en", "in 2 weeks", "2026-12-07"),
    ("en", "in 10 days", "2026-12-03"),
    ("en", "within three weeks", "2026-12-14"),
    ("en", "in a week", "2026-11-30"),
    ("en", "in 5 working days", "2026-11-30"),
    ("de", "morgen", "2026-11-24"),
    ("de", "übermorgen", "2026-11-25"),
    ("de", "uebermorgen", "2026-11-25"),
    ("de", "in zwei Wochen", "2026-12-07"),
    ("de", "innerhalb von 10 Tagen", "2026-12-03"),
    ("de", "in 3 Arbeitstagen", "2026-11-26"),
    ("fr", "demain", "2026-11-24"),
    ("fr", "après-demain", "2026-11-25"),
    ("fr", "dans 2 semaines", "2026-12-07"),
    ("fr", "d'ici dix jours", "2026-12-03"),
    ("es", "mañana", "2026-11-24"),
    ("es", "pasado mañana", "2026-11-25"),
    ("es", "en 2 semanas", "2026-12-07"),
    ("es", "dentro de diez días", "2026-12-03"),
    ("it", "domani", "2026-11-24"),
    ("it", "dopodomani", "2026-11-25"),
    ("it", "tra due settimane", "2026-12-07"),
    ("it", "entro 10 giorni", "2026-12-03"),
    ("nl", "morgen", "2026-11-24"),
    ("nl", "overmorgen", "2026-11-25"),
    ("nl", "over 2 weken", "2026-12-07"),
    ("nl", "binnen tien dagen", "2026-12-03"),
    ("pl", "jutro", "2026-11-24"),
    ("pl", "pojutrze", "2026-11-25"),
    ("pl", "za 2 tygodnie", "2026-12-07"),
    ("pl", "za tydzień", "2026-11-30"),
    ("pl", "w ciągu 10 dni", "2026-12-03"),
    # another language than the one that was detected
    ("en", "Liefertermin Mitte Dezember", "2026-12-15"),
    ("de", "delivery on December 14th", "2026-12-14"),
    ("fr", "KW 51", "2026-12-18"),
    ("und", "14 grudnia", "2026-12-14"),
    ("pt", "14 December", "2026-12-14"),
]

SHIFTS = [
    ("en", "2 weeks late", 14),
    ("en", "one week later", 7),
    ("en", "delayed by ten days", 10),
    ("en", "a delay of 3 weeks", 21),
    ("en", "three days earlier", -3),
    ("en", "a two-week delay", 14),
    ("en", "a couple of weeks late", 14),
    ("en", "the lot slips a week", 7),
    ("en", "two weeks after the date in your order", 14),
    ("de", "rutscht ne Woche", 7),
    ("de", "rutscht nen Monat nach hinten", 30),
    ("de", "drei Tage nach dem bestätigten Termin", 3),
    ("it", "un paio di settimane di ritardo", 14),
    ("it", "slitta di una settimana", 7),
    ("es", "un par de semanas de retraso", 14),
    ("pl", "tydzień później niż w zamówieniu", 7),
    ("de", "10 Tage später", 10),
    ("de", "verzögert sich um 2 Wochen", 14),
    ("de", "2 Wochen Verspätung", 14),
    ("de", "eine Woche früher", -7),
    ("fr", "retard de 3 jours", 3),
    ("fr", "deux semaines de retard", 14),
    ("fr", "une semaine plus tard", 7),
    ("fr", "trois jours plus tôt", -3),
    ("es", "un retraso de 5 días", 5),
    ("es", "dos semanas de retraso", 14),
    ("es", "una semana antes", -7),
    ("it", "con 5 giorni di ritardo", 5),
    ("it", "un ritardo di due settimane", 14),
    ("it", "una settimana dopo", 7),
    ("nl", "2 weken later", 14),
    ("nl", "de zending schuift helaas een week op", 7),
    ("en", "the whole lot is put back a week", 7),
    ("nl", "vertraging van 3 dagen", 3),
    ("nl", "een week eerder", -7),
    ("pl", "o tydzień później", 7),
    ("pl", "opóźni się o 2 tygodnie", 14),
    ("pl", "10 dni opóźnienia", 10),
    ("pl", "o 3 dni wcześniej", -3),
]

NO_DATES = [
    ("en", "call +49 30 12.12.14.16 or 030/1212"),
    ("fr", "Tél. 04.12.11.10.09"),
    ("en", "carton 600x400x400 or 12.10x20 cm"),
    ("en", "version 10.12 of v1.12"),
    ("en", "the price is 12.10 EUR, 3.12 EUR, € 7.12"),
    ("de", "um 10.12 Uhr"),
    ("en", "at 10:12, 24/7"),
    ("en", "parcel 1/2, page 3/4"),
    ("en", "order PO-2026-1214-03 and P00041/12"),
    ("en", "this may help; we march on"),
    ("de", "Guten Morgen zusammen"),
    ("es", "esta mañana por la mañana"),
    ("en", "10.12% more"),
    ("en", "payment terms 30 days net"),
    ("en", "order no 12/2026"),
    ("es", "la marca es otra"),
    ("en", "two weeks after we shipped it"),
]

ROLES = [
    ("en", "14.12. instead of 24.11.", ["new", "old"]),
    ("de", "statt 24.11. jetzt 14.12.", ["old", "new"]),
    ("de", "von 1.12. auf 10.12.", ["old", "new"]),
    ("en", "moves from 24 November to 14 December", ["old", "new"]),
    ("en", "24 Nov -> 14 Dec", ["old", "new"]),
    ("fr", "le 14 décembre au lieu du 24 novembre", ["new", "old"]),
    ("es", "nueva fecha 14/12 en lugar del 24/11", ["new", "old"]),
    ("it", "nuova data 14 dicembre invece del 24 novembre", ["new", "old"]),
    ("nl", "nieuwe datum 14 december in plaats van 24 november", ["new", "old"]),
    ("pl", "nowy termin 14 grudnia zamiast 24 listopada", ["new", "old"]),
    ("de", "ursprünglich 24.11., neuer Termin 14.12.", ["old", "new"]),
    ("en", "not before 14 December", ["new"]),
    ("en", "your order of 1 November will arrive on 14 December", ["order", "plain"]),
    ("de", "Ihre Bestellung vom 30. Oktober", ["order"]),
    ("fr", "votre commande du 30 octobre", ["order"]),
    ("de", "die am 30. Oktober bestellte Ware", ["order"]),
    ("en", "shipped on 20 November, arrives 27 November", ["shipped", "plain"]),
    ("en", "we will deliver on 14 December", ["new"]),
    ("en", "the pallets will be delivered on 14 December", ["plain"]),
    ("it", "la merce sarà consegnata il 14 dicembre", ["plain"]),
    ("de", "die Ware wird am 14. Dezember geliefert", ["plain"]),
    ("en", "we are closed on 24 December and Thursday 31 December", ["other", "other"]),
    ("en", "Visit us on stand C41, 14 December", ["other"]),
    ("de", "Werksverkauf ab 14. Dezember", ["other"]),
]

UNKNOWN = [
    ("en", "there is no new date yet"),
    ("en", "the delivery date is not known yet"),
    ("en", "we cannot give you a new date at present"),
    ("en", "ETA: tbc"),
    ("en", "we should know more after the meeting"),
    ("de", "wir wissen erst mehr, wenn der Kran läuft"),
    ("fr", "nous en saurons plus bientôt"),
    ("pl", "będziemy wiedzieli więcej po naradzie"),
    ("de", "ein neuer Termin ist noch unbekannt"),
    ("de", "wir haben noch keinen neuen Liefertermin"),
    ("de", "bis auf Weiteres"),
    ("fr", "nous n'avons pas encore de date"),
    ("fr", "date inconnue"),
    ("es", "todavía no hay fecha"),
    ("es", "hasta nuevo aviso"),
    ("it", "non abbiamo ancora una data"),
    ("it", "data da definire"),
    ("nl", "er is nog geen nieuwe datum bekend"),
    ("pl", "brak terminu dostawy"),
    ("pl", "nie wiemy, kiedy towar dotrze"),
]

UNCHANGED = [
    ("en", "the rest as agreed"),
    ("en", "everything else unchanged"),
    ("en", "the date 7.12. stays"),
    ("en", "line 3 is not affected"),
    ("en", "ok as ordered"),
    ("de", "alles andere wie vereinbart"),
    ("de", "die übrigen Positionen bleiben unverändert"),
    ("fr", "le reste sans changement"),
    ("es", "el resto sin cambios"),
    ("it", "il resto invariato"),
    ("nl", "de rest ongewijzigd"),
    ("pl", "reszta bez zmian"),
]


@pytest.mark.parametrize(("language", "phrase", "expected"), DATES)
def test_a_phrase_means_one_day(language: str, phrase: str, expected: str) -> None:
    """Each phrase holds one date, and its offsets point at it."""
    found = find_dates(phrase, now=NOW, language=language)
    assert [m.date.isoformat() for m in found if m.date] == [expected]
    assert [phrase[m.start : m.end] for m in found] == [m.text for m in found]


@pytest.mark.parametrize(("language", "phrase", "days"), SHIFTS)
def test_a_move_counts_from_the_planned_date(language: str, phrase: str, days: int) -> None:
    """A move has days and no date."""
    assert [(m.kind, m.date, m.shift_days) for m in find_dates(phrase, now=NOW, language=language)] == [
        ("shift", None, days)
    ]


@pytest.mark.parametrize(("language", "text"), NO_DATES)
def test_other_numbers_are_no_dates(language: str, text: str) -> None:
    """Phone numbers, prices, sizes, versions, times and references stay what they are."""
    assert find_dates(text, now=NOW, language=language) == []


@pytest.mark.parametrize(("language", "text", "expected"), ROLES)
def test_neighbouring_words_tell_old_from_new(language: str, text: str, expected: list[str]) -> None:
    """Roles by cue, before or behind, and by "from … to …"."""
    assert [m.role for m in find_dates(text, now=NOW, language=language)] == expected


@pytest.mark.parametrize(("language", "text"), UNKNOWN)
def test_a_date_may_be_unknown(language: str, text: str) -> None:
    """The statement is found, and it is no date."""
    found = find_date_unknown(text, language)
    assert len(found) >= 1
    assert all(text[s.start : s.end] == s.text for s in found)
    assert find_dates(text, now=NOW, language=language) == []


@pytest.mark.parametrize(("language", "text"), UNCHANGED)
def test_the_rest_may_stay_as_it_is(language: str, text: str) -> None:
    """Unchanged statements are found in each language."""
    assert find_unchanged(text, language)


@pytest.mark.parametrize(
    "text", ["the new date is 14 December", "neuer Termin ist der 14.12.", "nouvelle date le 14/12"]
)
def test_a_stated_date_is_neither_unknown_nor_unchanged(text: str) -> None:
    """A plain change triggers neither."""
    assert (find_date_unknown(text, "en"), find_unchanged(text, "en")) == ([], [])


def test_an_undecided_order_of_day_and_month_is_marked() -> None:
    """10/12 from an English writer of unknown habit is ambiguous; a known habit or a weekday settles it."""
    undecided = find_dates("10/12/2026", now=NOW, language="en")[0]
    assert (undecided.date, undecided.ambiguous, undecided.alternatives) == (
        date(2026, 12, 10),
        True,
        (date(2026, 10, 12),),
    )
    known = find_dates("10/12/2026", now=NOW, language="en", day_first=False)[0]
    assert (known.date, known.ambiguous) == (date(2026, 10, 12), False)
    weekday = find_dates("Thursday 10/12/2026", now=NOW, language="en", day_first=False)[0]
    assert (weekday.date, weekday.ambiguous) == (date(2026, 12, 10), False)


def test_the_plausible_reading_wins_when_nothing_else_decides() -> None:
    """12/01/2027 said in November 2026 can be January or December 2027: January is nearer; 02/12/2026 the same."""
    assert find_dates("12/04/2026", now=NOW, language="en")[0].date == date(2026, 12, 4)


def test_a_wrong_weekday_marks_the_date_as_ambiguous() -> None:
    """7 December 2026 is a Monday."""
    assert find_dates("Tuesday 7 December 2026", now=NOW, language="en")[0].ambiguous


def test_a_range_counts_to_its_end() -> None:
    """The later day is the date; the earlier one stays as an alternative."""
    for language, text in (("en", "7-11 December"), ("de", "7. bis 11. Dezember"), ("de", "7.-11.12.")):
        found = find_dates(text, now=NOW, language=language)
        assert [(m.date, m.alternatives) for m in found] == [(date(2026, 12, 11), (date(2026, 12, 7),))]


def test_impossible_dates_are_not_dates() -> None:
    """31 November, 31.2. and week 60 do not exist."""
    assert find_dates("31 November, 31.2.2026, KW 60", now=NOW, language="de") == []


def test_offsets_count_code_points_of_the_text_as_given() -> None:
    """Accents as combining marks, a soft hyphen and emoji before and inside do not move the span."""
    text = "🚚 Straße: De\u0301cembre\u00ad… le 14 de\u0301cembre 2026 !"
    found = find_dates(text, now=NOW, language="fr")
    assert [m.text for m in found if m.kind == "named"] == ["14 de\u0301cembre 2026"]
    assert all(text[m.start : m.end] == m.text for m in found)


STYLES = [
    "%d.%m.%Y",
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d.%m.%y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%A, %d %B %Y",
]


@given(st.integers(-50, 300), st.sampled_from(STYLES), st.sampled_from(["", "ETA ", "(", "Termin: "]))
@settings(deadline=None, max_examples=300)
def test_a_formatted_date_is_read_back(days: int, style: str, lead: str) -> None:
    """Any day of the coming months, in any usual style."""
    day = NOW.date() + timedelta(days)
    found = find_dates(f"{lead}{day.strftime(style)}.", now=NOW, language="en", day_first=True)
    assert [m.date for m in found] == [day]


@given(st.integers(-50, 300), st.sampled_from(["%d.%m.", "%d %B", "%B %d"]))
@settings(deadline=None, max_examples=200)
def test_a_date_without_year_is_the_nearest(days: int, style: str) -> None:
    """From 50 days ago to 300 days ahead the year follows from the day."""
    day = NOW.date() + timedelta(days)
    assert [m.date for m in find_dates(day.strftime(style), now=NOW, language="en")] == [day]


FRAGMENTS = st.sampled_from(
    ["14", "12.", ".", "/", "-", " ", "\n", "December", "KW", "51", "next", "week", "Friday", "in", "2", "late", "von",
     "auf", "°", "ß", "e\u0301", "\u00ad", "İ", "２", "🚚", "99/99/9999", "0", "end of", "mi-", "29 Feb", "'", "("]
)  # fmt: skip


@given(
    st.lists(FRAGMENTS, max_size=25).map("".join) | st.text(max_size=80),
    st.sampled_from(["en", "de", "fr", "pl", "und"]),
)
@settings(deadline=None, max_examples=400)
def test_any_text_is_read_without_complaint(text: str, language: str) -> None:
    """Nothing raises, spans are in order, disjoint, and slice to their text."""
    found = find_dates(text, now=NOW, language=language)
    assert all(text[m.start : m.end] == m.text and m.text for m in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    for span in (*find_date_unknown(text, language), *find_unchanged(text, language)):
        assert text[span.start : span.end] == span.text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["12.12.", "1 ", "in in in ", "Friday ", "\n \n", "von 1.12. auf ", "no date ", "a" * 50, "end of "]
)
def test_hostile_repetition_stays_cheap(unit: str) -> None:
    """100 KB of repetition is read within the time-out."""
    text = unit * (100_000 // len(unit))
    for language in ("en", "de"):
        found = find_dates(text, now=NOW, language=language)
        assert all(a.end <= b.start for a, b in itertools.pairwise(found))
        assert isinstance(find_date_unknown(text, language), list)
        assert isinstance(find_unchanged(text, language), list)
