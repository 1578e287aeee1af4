"""Word documents, XML, calendars and HTML files."""

from __future__ import annotations

import io

import docx
import pytest
from docx.shared import Pt, RGBColor

from tools.documents import read_calendar, read_docx, read_html_file, read_text, read_xml
from tools.file_text import FileText, Unreadable
from tools.limits import ReadingLimits
from tools.message import PassageKind

LIMITS = ReadingLimits()


def saved(document: docx.document.Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def checked(result: FileText) -> FileText:
    for cell in (cell for table in result.tables for row in table.rows for cell in row):
        assert result.text[cell.start : cell.end] == cell.text
    return result


def test_paragraphs_tables_headers_and_footers():
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Supplier Ltd"
    document.sections[0].footer.paragraphs[0].text = "Reg. 123"
    document.add_paragraph("Order confirmation 77")
    table = document.add_table(rows=2, cols=3)
    for row, values in zip(table.rows, [["Item", "Qty", "Date"], ["A-1", "4", "14.05.2026"]], strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_paragraph("Regards")
    result = checked(read_docx(saved(document), LIMITS))
    assert [line for line in result.text.splitlines() if line] == [
        "Supplier Ltd", "Order confirmation 77", "Item\tQty\tDate", "A-1\t4\t14.05.2026", "Regards", "Reg. 123",
    ]  # fmt: skip
    assert [[c.text for c in row] for row in result.tables[0].rows] == [
        ["Item", "Qty", "Date"],
        ["A-1", "4", "14.05.2026"],
    ]
    assert result.tables[0].header == 0


def test_hidden_runs_are_marked():
    document = docx.Document()
    paragraph = document.add_paragraph("Ten pieces. ")
    paragraph.add_run("vanished ").font.hidden = True
    paragraph.add_run("white ").font.color.rgb = RGBColor(255, 255, 255)
    paragraph.add_run("tiny ").font.size = Pt(1)
    paragraph.add_run("Bye.")
    result = read_docx(saved(document), LIMITS)
    hidden = "".join(result.text[m.start : m.end] for m in result.marks if m.kind == PassageKind.hidden)
    assert hidden == "vanished white tiny "


def test_a_table_inside_a_cell_is_part_of_the_cell():
    document = docx.Document()
    outer = document.add_table(rows=2, cols=2)
    outer.cell(0, 0).text, outer.cell(0, 1).text, outer.cell(1, 0).text = "Item", "Detail", "A-1"
    inner = outer.cell(1, 1).add_table(rows=1, cols=2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "4", "pcs"
    result = checked(read_docx(saved(document), LIMITS))
    assert [[c.text for c in row] for row in result.tables[0].rows] == [["Item", "Detail"], ["A-1", "4 pcs"]]


def test_an_electronic_order_response_is_a_line_for_each_value():
    data = b"""<OrderResponse xmlns="urn:x"><ID>R-1</ID><OrderReference><ID>P77</ID></OrderReference>
    <OrderLine><LineItem><Quantity unitCode="C62">4</Quantity></LineItem></OrderLine></OrderResponse>"""
    assert [line for line in read_xml(data, LIMITS).text.splitlines() if line] == [
        "ID: R-1", "OrderReference ID: P77", "LineItem Quantity: 4 C62",
    ]  # fmt: skip


def test_entities_are_refused():
    with pytest.raises(Unreadable, match="entities"):
        read_xml(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', LIMITS)


def test_a_deep_document_does_not_crash():
    assert read_xml(b"<a>" * 20_000 + b"x" + b"</a>" * 20_000, LIMITS).text.count("x") == 1


def test_a_calendar_event():
    data = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Delivery \r\n slot\r\nDTSTART:20260514T080000Z\r\nLOCATION:Gate 4\\, Linz\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    assert read_calendar(data, LIMITS).text.splitlines() == [
        "Delivery slot",
        "Start: 2026-05-14 08:00 UTC",
        "Location: Gate 4, Linz",
    ]


def test_an_html_file_is_read_by_its_own_character_set():
    result = read_html_file('<meta charset="iso-8859-2"><p>Łódź</p>'.encode("iso-8859-2"), LIMITS)
    assert result.text.strip() == "Łódź"


def test_a_long_text_is_cut_with_a_sentence():
    result = read_text(b"x" * 500, ReadingLimits(text_chars=100))
    assert (len(result.text), result.problem) == (100, "It was read up to 100 characters.")
