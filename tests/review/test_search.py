"""Search: by words and references, the same on both engines."""

from __future__ import annotations

import pytest

from review import queue
from review.decisions import edit
from review.edits import Edit
from review.queue import Filters, View
from review.search import words_of
from tests.review.desk import OTHER, ROBIN, date_change

TEXT = "Bestätigung PO-2026/00077 über 12 Stück Schraubenzieher, Größe M8. Straße 5."


@pytest.mark.parametrize(
    ("asked", "finds"),
    [
        ("schraubenzieher", True),
        ("Schraub", True),  # the beginning of the last word
        ("schraub bestätigung", False),
        ("bestatigung", True),  # accents and capitals do not matter
        ("PO-2026/00077", True),
        ("00077", True),
        ("0077", False),
        ("strasse", True),
        ("po 2026 grösse ann supplier", True),
        ("p00041", True),  # the record that it was matched to
        ("schraubenzieher zange", False),
        ('"quoted" OR NOT *', False),
        ("m8 & 12 | :* 'x", False),
        ("%", False),
    ],
)
def test_all_words_have_to_occur(desk, asked, finds):
    """Whatever stands between them; nothing in a query is a command to an engine."""
    proposal_id = desk.propose(text=TEXT)
    with desk.database.read() as session:
        found = [item.id for item in queue.list_items(session, View.ready, Filters(text=asked))]
        assert found == ([proposal_id] if finds else [])
        assert queue.counts(session, Filters(text=asked))[View.ready] == len(found)


def test_what_is_read_again_or_corrected_is_found_anew(desk):
    """By the record that a person chose, and still by its words."""
    proposal_id = desk.propose(date_change(), text=TEXT)
    edit(desk.database, proposal_id, version=1, who=ROBIN, change=Edit(record=OTHER))
    with desk.database.read() as session:
        for asked in ("p00042", "schraubenzieher"):
            assert [i.id for i in queue.list_items(session, View.second, Filters(text=asked))] == [proposal_id]


def test_words_are_folded_and_bounded():
    """Compatibility forms, ligatures and marks; a word without end does not swell the index."""
    assert words_of("Ｏﬃce—Čaj_№5 \x00İ") == ["office", "caj", "no5", "i"]
    assert words_of("a" * 500) == ["a" * 60]
