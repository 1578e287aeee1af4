"""Word documents, XML, calendars, plain text and HTML files → text and tables."""

from __future__ import annotations

import io
import re
from typing import Any

from tools.charsets import decode
from tools.file_text import FileText, Unreadable, open_zip, read_member
from tools.html_text import read_html
from tools.layout import Layout, clean
from tools.limits import ReadingLimits
from tools.message import Cell, PassageKind, Table
from tools.text_tables import find_tables, header_row

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def read_docx(data: bytes, limits: ReadingLimits) -> FileText:
    """Headers, body and footers of a Word document. Raises Unreadable."""
    archive = open_zip(data, limits)
    names = archive.namelist()
    if "word/document.xml" not in names:
        raise Unreadable("It is no Word document that can be read.")
    heads = sorted(n for n in names if re.fullmatch(r"word/header\d*\.xml", n))[:3]
    feet = sorted(n for n in names if re.fullmatch(r"word/foot(?:er|notes)\d*\.xml", n))[:4]
    out = Layout(limit=limits.text_chars)
    seen: set[str] = set()
    for name in (*heads, "word/document.xml", *feet):
        part = Layout(limit=limits.text_chars)
        _Word(part).read(read_member(archive, name, limits))
        text = part.text().strip()
        if not text or (text in seen and name != "word/document.xml"):
            continue
        seen.add(text)
        out.break_line(blank=out.length > 0)
        shift = out.length
        out.write(part.text())
        out.marks.extend(m.model_copy(update={"start": m.start + shift, "end": m.end + shift}) for m in part.marks)
        for table in part.tables:
            for cell in (cell for row in table.rows for cell in row):
                cell.start, cell.end = cell.start + shift, cell.end + shift
            out.tables.append(table)
    return FileText.of(out)


class _Word:
    """Streams one WordprocessingML part: paragraphs to lines, tables to rows of cells."""

    def __init__(self, out: Layout) -> None:
        self.out = out
        self.depth = 0
        self.rows: list[list[str]] = []
        self.cell: list[str] = []
        self.hidden = False

    def read(self, data: bytes) -> None:
        for event, element in _xml_events(data):
            if self.out.full:
                return
            tag = element.tag
            if event == "start":
                if tag == _W + "tbl":
                    self.depth += 1
                    self.rows = [] if self.depth == 1 else self.rows
                elif tag == _W + "tr" and self.depth == 1:
                    self.rows.append([])
                elif tag == _W + "tc" and self.depth == 1:
                    self.cell = []
            else:
                self.end(tag, element)
                if tag in {_W + "p", _W + "tbl", _W + "tr"}:
                    element.clear()

    def end(self, tag: str, element: Any) -> None:
        if tag == _W + "p":
            self.paragraph(element)
        elif tag == _W + "tc" and self.depth == 1 and self.rows:
            self.rows[-1].append(" ".join(" ".join(self.cell).split()))
        elif tag == _W + "tbl":
            self.depth -= 1
            if self.depth == 0:
                self.table()

    def paragraph(self, element: Any) -> None:
        start = None
        for run in element.iter(_W + "r"):
            text = clean("".join(_run_text(run)))
            if not text:
                continue
            hidden = _is_hidden(run)
            if self.depth:
                if not hidden:
                    self.cell.append(text)
                continue
            start = self.out.length if start is None else start
            a, b = self.out.write(text)
            if hidden:
                self.out.mark(PassageKind.hidden, a, b)
        if self.depth:
            self.cell.append(" ")
        elif start is not None:
            self.out.write("\n")

    def table(self) -> None:
        self.out.break_line()
        cells: list[list[Cell]] = [self.out.row(row) for row in self.rows if any(row)]
        if len(cells) > 1 and max(map(len, cells)) > 1:
            self.out.tables.append(Table(rows=cells, header=header_row(cells)))
        self.rows = []


def _run_text(run: Any) -> list[str]:
    out = []
    for child in run:
        if child.tag == _W + "t":
            out.append(child.text or "")
        elif child.tag == _W + "tab":
            out.append("\t")
        elif child.tag in {_W + "br", _W + "cr"}:
            out.append("\n")
        elif child.tag == _W + "noBreakHyphen":
            out.append("-")
    return out


def _is_hidden(run: Any) -> bool:
    properties = run.find(_W + "rPr")
    if properties is None:
        return False
    vanish = properties.find(_W + "vanish")
    if vanish is not None and vanish.get(_W + "val") not in {"0", "false"}:
        return True
    color, size = properties.find(_W + "color"), properties.find(_W + "sz")
    shaded = properties.find(_W + "shd") is not None or properties.find(_W + "highlight") is not None
    if color is not None and (color.get(_W + "val") or "").upper() == "FFFFFF" and not shaded:
        return True
    half_points = size.get(_W + "val") if size is not None else None
    return bool(half_points and half_points.isdigit() and int(half_points) <= 4)


def _xml_events(data: bytes) -> Any:
    """Start and end events of XML. Raises Unreadable for broken XML and for entity declarations (bombs)."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    try:
        yield from iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True)
    except DefusedXmlException as error:
        raise Unreadable("Its XML declares entities or a document type, which is not allowed.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable("Its XML is broken.") from error


def read_xml(data: bytes, limits: ReadingLimits) -> FileText:
    """Leaves of an XML document (an electronic order response or invoice, say), one `Name: value` a line."""
    out = Layout(limit=limits.text_chars)
    path: list[str] = []
    for event, element in _xml_events(data):
        if out.full:
            break
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if event == "start":
            path.append(name)
            if len(path) == 3:
                out.break_line(blank=out.length > 0)
            continue
        path.pop()
        value = " ".join(clean(element.text or "").split())
        if value and not len(element):
            unit = element.get("unitCode") or element.get("currencyID") or ""
            parent = f"{path[-1]} " if len(path) > 1 else ""
            out.write(f"{parent}{name}: {value}{' ' + clean(unit) if unit else ''}\n")
        if len(path) < 4:
            element.clear()
    return FileText.of(out)


def read_text(data: bytes, limits: ReadingLimits, charset: str | None = None) -> FileText:
    source, problem = decode(data[: limits.text_chars * 4], charset)
    text = clean(source)
    if len(text) > limits.text_chars:
        text, problem = text[: limits.text_chars], f"It was read up to {limits.text_chars:,} characters."
    return FileText(text=text, tables=find_tables(text), problem=problem)


def read_html_file(data: bytes, limits: ReadingLimits, charset: str | None = None) -> FileText:
    declared = re.search(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{2,30})", data[:4_000], re.I)
    source, problem = decode(
        data[: limits.html_bytes * 2], charset or (declared[1].decode("ascii") if declared else None)
    )
    html = read_html(source, limits)
    marks = [mark for mark in html.marks if mark.kind == PassageKind.hidden]
    return FileText(text=html.text, tables=html.tables, marks=marks, problem=next(iter(html.problems), problem))


_ICS_KEYS = {"SUMMARY": "", "DESCRIPTION": "", "LOCATION": "Location: ", "DTSTART": "Start: ", "DTEND": "End: ", "ORGANIZER": "Organizer: ", "STATUS": "Status: ", "COMMENT": ""}  # fmt: skip


def read_calendar(data: bytes, limits: ReadingLimits, charset: str | None = None) -> FileText:
    """Events of an iCalendar file (RFC 5545): summary, description, place and times."""
    source, problem = decode(data[: limits.text_chars * 4], charset)
    out = Layout(limit=limits.text_chars)
    for line in re.sub(r"\r?\n[ \t]", "", source).splitlines():
        name, colon, value = line.partition(":")
        key = name.split(";")[0].upper()
        if line.upper() in {"BEGIN:VEVENT", "BEGIN:VTODO"}:
            out.break_line(blank=out.length > 0)
        if colon and key in _ICS_KEYS and value.strip():
            value = re.sub(r"\\([,;\\])", r"\1", re.sub(r"\\[nN]", "\n", value))
            if stamp := re.fullmatch(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?", value.strip()):
                value = "-".join(stamp.groups()[:3]) + (
                    f" {stamp[4]}:{stamp[5]}{' UTC' if stamp[6] else ''}" if stamp[4] else ""
                )
            out.write(f"{_ICS_KEYS[key]}{clean(value)}\n")
    return FileText.of(out, problem)
