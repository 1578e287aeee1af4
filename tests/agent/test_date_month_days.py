"""How a day of the month without its month is read. "Now" is Monday, 23 November 2026."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.dates import DateMention, find_dates

NOW = datetime(2026, 11, 23, 9, 0)


def read(language: str, text: str) -> list[DateMention]:
    return find_dates(text, now=NOW, language=language)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "with you on the 14th", "2026-12-14"),
        ("en", "the 14th at the latest", "2026-12-14"),
        ("en", "now 9th", "2026-12-09"),
        ("de", "am 14.", "2026-12-14"),
        ("de", "am 14. bei Ihnen", "2026-12-14"),
        ("de", "bis zum 11. geliefert", "2026-12-11"),
        ("de", "kommt am 8ten", "2026-12-08"),
        ("fr", "livré le 1er", "2026-12-01"),
        ("fr", "le 9 au plus tard", "2026-12-09"),
        ("es", "llega el 3", "2026-12-03"),
        ("it", "si va al 15", "2026-12-15"),
        ("it", "arriva l'11", "2026-12-11"),
        ("nl", "die sturen we de 9e mee", "2026-12-09"),
        ("nl", "op de 3de", "2026-12-03"),
        ("pl", "do 14.", "2026-12-14"),
        ("pl", "na 15-go", "2026-12-15"),
        ("pl", "dnia 5", "2026-12-05"),
    ],
)
def test_a_number_that_a_date_leads_to_is_a_day_of_the_month(language: str, text: str, expected: str) -> None:
    """An article or a preposition before it, and nothing behind it that it could count."""
    assert [(m.kind, str(m.date)) for m in read(language, text)] == [("day_of_month", expected)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the 2nd pallet is short"),
        ("en", "on the 3rd box"),
        ("en", "the 2nd and 3rd batch"),
        ("de", "die 22 Stück"),
        ("de", "am 3. Tag"),
        ("de", "den 3. Artikel"),
        ("fr", "les 12 boîtes"),
        ("fr", "le 2 pièces"),
        ("fr", "au 5 % de remise"),
        ("es", "del 20 piezas"),
        ("it", "il 3 pezzi"),
        ("it", "al 22%"),
        ("nl", "de 2e doos"),
        ("pl", "do 5. sztuki"),
    ],
)
def test_a_number_that_counts_something_is_no_day(language: str, text: str) -> None:
    assert read(language, text) == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Tuesday 29th", "2026-12-29"),
        ("en", "the Friday after (4th)", "2026-12-04"),
        ("en", "Friday (27th)", "2026-11-27"),
        ("en", "Friday, the 11th", "2026-12-11"),
        ("en", "Thurs 3rd", "2026-12-03"),
        ("en", "on Friday 4 now", "2026-12-04"),
        ("de", "Freitag, den 4.", "2026-12-04"),
        ("fr", "vendredi 4", "2026-12-04"),
        ("es", "el jueves 17", "2026-12-17"),
        ("it", "lunedì 7", "2026-12-07"),
        ("nl", "vrijdag de 4e", "2026-12-04"),
        ("pl", "w piątek 11.", "2026-12-11"),
    ],
)
def test_a_weekday_and_a_day_are_one_date(language: str, text: str, expected: str) -> None:
    """The weekday chooses the month."""
    assert [(m.kind, str(m.date), m.ambiguous) for m in read(language, text)] == [("day_of_month", expected, False)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Friday 27 pallets"),
        ("en", "Friday 3 chairs"),
        ("en", "Friday 10 am"),
        ("de", "Freitag 27 Paletten"),
        ("de", "Freitag 11 Uhr"),
        ("fr", "vendredi 27 palettes"),
        ("es", "viernes 27 cajas"),
        ("it", "venerdì 27 pezzi"),
        ("nl", "vrijdag 27 dozen"),
        ("pl", "piątek 27 szt."),
    ],
)
def test_a_count_or_an_hour_beside_a_weekday_leaves_the_weekday(language: str, text: str) -> None:
    assert [(m.kind, m.date) for m in read(language, text)] == [("weekday", date(2026, 11, 27))]


def test_a_weekday_that_the_day_does_not_fall_on_leaves_both_readings() -> None:
    """1 December is a Tuesday."""
    (found,) = read("en", "Monday 1st")
    assert (found.date, found.ambiguous, found.alternatives) == (date(2026, 12, 1), True, (date(2026, 11, 30),))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "not 8 January, but the 15th", date(2027, 1, 15)),
        ("it", "non ce la facciamo per l'8 gennaio, si va al 15", date(2027, 1, 15)),
        ("en", "instead of 28 January we need the 5th", date(2027, 2, 5)),
        ("de", "statt am 15.1. kommt es am 11.", date(2027, 1, 11)),
        ("en", "your order of 3 March arrives on the 15th", date(2026, 12, 15)),
    ],
)
def test_beside_a_coming_date_a_day_alone_is_the_one_nearest_to_it(language: str, text: str, expected: date) -> None:
    assert read(language, text)[-1].date == expected


@given(st.integers(0, 55), st.sampled_from(["%A {}th", "the {}th", "%A (the {}th)"]))
@settings(deadline=None, max_examples=60)
def test_a_day_with_its_weekday_is_read_back(days: int, style: str) -> None:
    """Any day of the coming weeks; alone it is the next of its number."""
    day = NOW.date() + timedelta(days)
    (found,) = read("en", day.strftime(style.format(day.day)))
    assert found.date == day if "%A" in style else found.date is not None and found.date.day == day.day


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["Friday 2", "der 8ten ", "first week of ", "the 14th and "])
def test_hostile_repetition_of_days_stays_cheap(unit: str) -> None:
    """100 KB of repetition is read within the time-out."""
    found = find_dates(unit * (100_000 // len(unit)), now=NOW, language="en")
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
