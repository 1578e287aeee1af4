"""Tables in plain text, and which row is their header."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.message import Cell, Table
from tools.text_tables import find_tables, header_row


def rows(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


ROWS = [["Item", "Qty", "New date"], ["A-1", "4", "14.05."], ["B-22 long name", "10", "21.05."]]


@pytest.mark.parametrize("separator", ["   ", "\t", " | ", ";"])
def test_rows_of_aligned_cells_are_a_table(separator):
    text = "See:\n\n" + "\n".join(separator.join(row) for row in ROWS) + "\n\nBest regards"
    (table,) = find_tables(text)
    assert rows(table) == ROWS
    assert table.header == 0
    assert all(text[c.start : c.end] == c.text for row in table.rows for c in row)


def test_rules_and_empty_lines_between_rows_do_not_part_a_table():
    text = "Item   Qty\n----------\nA-1    4\n\nB-2    5\n=====  ===\nC-3    6\n"
    assert rows(find_tables(text)[0]) == [["Item", "Qty"], ["A-1", "4"], ["B-2", "5"], ["C-3", "6"]]


def test_a_table_drawn_with_bars():
    text = "| Item | Qty |\n|------|-----|\n| A-1  | 4   |\n"
    assert rows(find_tables(text)[0]) == [["Item", "Qty"], ["A-1", "4"]]


@pytest.mark.parametrize(
    "text",
    [
        "We deliver ten pieces on Friday.\nThe rest comes in June.",
        "Wir liefern; die Ware kommt; am Freitag.\nDer Rest folgt; im Juni; sicher.",
        "One  word\napart  here",
        "> A   1\n> B   2\n",
    ],
)
def test_prose_and_quoted_lines_are_no_table(text):
    assert find_tables(text) == []


def test_lines_in_skipped_spans_are_left_out():
    text = "A   1\nB   2\n\nC   3\nD   4\n"
    assert [rows(t) for t in find_tables(text, skip=[(0, 12)])] == [[["C", "3"], ["D", "4"]]]


def cells(*values: str) -> list[Cell]:
    return [Cell(text=value, start=0, end=0) for value in values]


@pytest.mark.parametrize(
    "head",
    [
        ["Pos", "Article", "Quantity", "Price"],
        ["Pos", "Artikel", "Menge", "Preis"],
        ["Pos", "Désignation", "Quantité", "Prix"],
        ["Pos", "Artículo", "Cantidad", "Precio"],
        ["Pos", "Articolo", "Quantità", "Prezzo"],
        ["Pos", "Omschrijving", "Aantal", "Prijs"],
        ["Lp", "Nazwa", "Ilość", "Cena"],
    ],
)
def test_headers_are_known_in_seven_languages(head):
    assert header_row([cells("Orders of", "May 2026", "", ""), cells(*head), cells("1", "Desk", "4", "9,50")]) == 1


def test_labels_with_values_have_no_header():
    assert header_row([cells("Order", "P77"), cells("Delivery", "14.05."), cells("Price", "9.50")]) is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "1", "  ", "\t", "|", ";", "\n", "---", " ", "> "]), max_size=60))
def test_offsets_hold_in_any_text(pieces):
    text = "".join(pieces)
    for cell in (cell for table in find_tables(text) for row in table.rows for cell in row):
        assert text[cell.start : cell.end] == cell.text
