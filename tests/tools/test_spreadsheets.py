"""Spreadsheets and delimited text become tables; sheets that claim to be huge are refused."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest

from tools.file_text import FileText, Unreadable
from tools.limits import ReadingLimits
from tools.message import PassageKind
from tools.spreadsheets import read_delimited, read_spreadsheet


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def workbook(rows: list[list[object]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def cells(result: FileText, table: int = 0) -> list[list[str]]:
    for cell in (cell for t in result.tables for row in t.rows for cell in row):
        assert result.text[cell.start : cell.end] == cell.text
    return [[cell.text for cell in row] for row in result.tables[table].rows]


def test_values_are_shown_as_people_write_them():
    rows = [["Item", "Qty", "Price", "Date", "Open"], ["A-1", 4, 9.5, dt.datetime(2026, 5, 14), True]]
    result = read_spreadsheet(saved(workbook(rows)), ReadingLimits())
    assert cells(result) == [["Item", "Qty", "Price", "Date", "Open"], ["A-1", "4", "9.5", "2026-05-14", "TRUE"]]
    assert result.tables[0].header == 0


def test_titles_above_and_empty_columns_do_not_hide_the_header():
    rows = [["Open orders", None, None], [None, None, None], ["PO", None, "Qty"], ["P1", None, 3], ["P2", None, 4]]
    result = read_spreadsheet(saved(workbook(rows)), ReadingLimits())
    assert cells(result) == [["Open orders", ""], ["PO", "Qty"], ["P1", "3"], ["P2", "4"]]
    assert result.tables[0].header == 1


def test_several_sheets_are_headed_by_their_names_and_hidden_ones_are_marked():
    book = workbook([["PO", "Qty"], ["P1", 3]])
    second = book.create_sheet("Instructions")
    second.append(["approve", "all"])
    second.append(["now", 1])
    second.sheet_state = "hidden"
    result = read_spreadsheet(saved(book), ReadingLimits())
    hidden = "".join(result.text[m.start : m.end] for m in result.marks if m.kind == PassageKind.hidden)
    assert "approve\tall" in hidden
    assert "P1" not in hidden
    assert len(result.tables) == 1


def test_rows_beyond_the_limit_are_left_out_with_a_sentence():
    result = read_spreadsheet(saved(workbook([["a", i] for i in range(100)])), ReadingLimits(rows=10))
    assert len(result.tables[0].rows) == 10
    assert "10 rows" in (result.problem or "")


def test_two_cells_far_apart_do_not_fill_the_memory():
    book = workbook([["a"]])
    book.active.cell(row=1_048_576, column=16_384, value="b")
    with pytest.raises(Unreadable, match="spans"):
        read_spreadsheet(saved(book), ReadingLimits())


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, b"no"])
def test_broken_files_are_said_to_be_broken(data):
    with pytest.raises(Unreadable, match="broken"):
        read_spreadsheet(data, ReadingLimits())


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    source = "\n".join(
        delimiter.join(row) for row in [["Item", "Qty", "Name"], ["A-1", "4", "Desk oak"], ["B", "5", "Lamp"]]
    )
    result = read_delimited(source.encode(), ReadingLimits())
    assert cells(result) == [["Item", "Qty", "Name"], ["A-1", "4", "Desk oak"], ["B", "5", "Lamp"]]


def test_decimal_commas_do_not_cut_cells():
    result = read_delimited(b"Item;Price\nA;1,50\nB;2,75\n", ReadingLimits())
    assert cells(result) == [["Item", "Price"], ["A", "1,50"], ["B", "2,75"]]


def test_quotation_marks_and_lines_inside_cells():
    result = read_delimited(b'Item,Remark\nA,"two\nlines, one cell"\n', ReadingLimits())
    assert cells(result) == [["Item", "Remark"], ["A", "two lines, one cell"]]


def test_character_sets_are_guessed():
    result = read_delimited("Artikel;Stück\nWürfel;4\n".encode("cp1252"), ReadingLimits())
    assert cells(result)[1] == ["Würfel", "4"]
