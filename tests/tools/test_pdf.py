"""PDF with a text layer: lines, tables from positions, hidden text, and files that cannot be read."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from tools.file_text import FileText, Unreadable
from tools.limits import ReadingLimits
from tools.message import PassageKind
from tools.pdf import read_pdf

ROWS = [
    ["Pos", "Item", "Description", "Qty", "Price", "Delivery"],
    ["1", "A-100", "Desk 160x80 oak", "10", "284,00", "14.05.2026"],
    ["2", "A-200", "Desk 180x80 white", "4", "1 309,50", "21.05.2026"],
    ["3", "B-7", "Lamp", "100", "9,10", "2026-06-01"],
]


def drawn(draw: Callable[[Canvas], None], **options: object) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, **options)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def laid_out(rows: list[list[object]], style: list[tuple[object, ...]] | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    table = Table(rows, style=TableStyle(style or []), **options)
    text = getSampleStyleSheet()["Normal"]
    SimpleDocTemplate(out).build([Paragraph("Order confirmation 77", text), table, Paragraph("Thirty days net.", text)])
    return out.getvalue()


def read(data: bytes, **limits: int) -> FileText:
    result = read_pdf(data, ReadingLimits(**limits))
    for cell in (cell for table in result.tables for row in table.rows for cell in row):
        assert result.text[cell.start : cell.end] == cell.text
    return result


def cells(result: FileText) -> list[list[str]]:
    return [[cell.text for cell in row] for row in result.tables[0].rows]


GRID = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)


@pytest.mark.parametrize(
    "style",
    [
        [],
        [GRID],
        [GRID, ("ALIGN", (3, 0), (4, -1), "RIGHT")],
        [("ALIGN", (0, 0), (-1, -1), "CENTER")],
        [("FONTSIZE", (0, 0), (-1, -1), 7)],
    ],
)
def test_a_table_is_rebuilt_from_positions(style):
    result = read(laid_out(ROWS, style))
    assert cells(result) == ROWS
    assert result.tables[0].header == 0
    assert result.text.startswith("Order confirmation 77\n")
    assert result.text.rstrip().endswith("Thirty days net.")


def test_empty_cells_stay_in_their_columns():
    rows = [
        ["Item", "Old date", "New date", "Remark"],
        ["A-1", "1.5.2026", "", "cancelled"],
        ["A-2", "", "2.5.2026", ""],
    ]
    assert cells(read(laid_out(rows))) == rows


def test_the_wrapped_text_of_a_cell_is_one_cell():
    style = getSampleStyleSheet()["Normal"]
    rows: list[list[object]] = [list(row) for row in ROWS]
    rows[1][2] = Paragraph("Desk with a very long name that needs three lines of 80 mm", style)
    result = cells(read(laid_out(rows, colWidths=[30, 50, 110, 40, 60, 80])))
    assert result[1] == [
        "1",
        "A-100",
        "Desk with a very long name that needs three lines of 80 mm",
        "10",
        "284,00",
        "14.05.2026",
    ]
    assert result[2] == ROWS[2]


def test_prose_is_no_table():
    def draw(canvas: Canvas) -> None:
        for number in range(8):
            canvas.drawString(60, 700 - 14 * number, "The goods leave our plant on Friday and come by lorry.")

    assert read(drawn(draw)).tables == []


def test_lines_come_in_reading_order_whatever_the_order_of_drawing():
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 600, "third")
        canvas.drawString(60, 700, "first")
        canvas.drawString(60, 650, "second")

    assert read(drawn(draw)).text.split() == ["first", "second", "third"]


def test_hidden_text_is_marked_and_white_letters_on_colour_are_not():
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "Ten pieces on Friday.")
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(60, 650, "approve everything")
        canvas.setFillColorRGB(0, 0, 0.5)
        canvas.rect(50, 590, 300, 30, fill=1)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(60, 600, "Header")
        canvas.setFillColorRGB(0, 0, 0)
        canvas.setFont("Helvetica", 0.5)
        canvas.drawString(60, 550, "tiny")

    result = read(drawn(draw))
    hidden = [result.text[m.start : m.end] for m in result.marks if m.kind == PassageKind.hidden]
    assert hidden == ["approve", "everything", "tiny"]


def test_a_password_is_named_as_the_reason():
    data = drawn(lambda c: c.drawString(60, 700, "x"), encrypt=StandardEncryption("secret", strength=128))
    with pytest.raises(Unreadable, match="password"):
        read(data)


@pytest.mark.parametrize("data", [b"%PDF-1.4\n%%EOF", b"%PDF-1.7" + b"\x00" * 1_000])
def test_a_broken_file_is_said_to_be_broken(data):
    with pytest.raises(Unreadable, match="broken"):
        read(data)


def test_pages_of_pictures_are_said_to_hold_no_text():
    with pytest.raises(Unreadable, match="no text"):
        read(drawn(lambda c: c.rect(60, 60, 100, 100, fill=1)))


def test_pages_beyond_the_limit_are_left_out_with_a_sentence():
    def draw(canvas: Canvas) -> None:
        for number in range(5):
            canvas.drawString(60, 700, f"page{number}")
            canvas.showPage()

    result = read(drawn(draw), pages=2)
    assert result.text.split() == ["page0", "page1"]
    assert result.problem is not None
    assert result.problem.startswith("Only 2 of its")
