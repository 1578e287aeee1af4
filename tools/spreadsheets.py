"""Spreadsheets (XLSX, XLS, ODS) and delimited text → tables."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from typing import Any

from tools.charsets import decode
from tools.file_text import FileText, Unreadable, open_zip, read_member
from tools.layout import Layout, clean
from tools.limits import ReadingLimits
from tools.message import Cell, PassageKind, Table
from tools.text_tables import header_row

_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,7})"')
_REPEATED = re.compile(rb'number-(columns|rows)-repeated="(\d{1,9})"')
_COLUMNS = 200


def read_spreadsheet(data: bytes, limits: ReadingLimits) -> FileText:
    """All sheets, each headed by its name; dates as ISO dates. Raises Unreadable."""
    import python_calamine

    if data[:2] == b"PK":
        _check_size(data, limits)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = book.sheets_metadata
    except python_calamine.PasswordError as error:
        raise Unreadable("It is protected by a password.") from error
    except Exception as error:  # calamine raises several kinds, some of them undocumented
        raise Unreadable("It is broken and cannot be opened.") from error
    out = Layout(limit=limits.text_chars)
    problems = []
    rows_left = limits.rows
    for meta in sheets[:50]:
        if out.full or rows_left <= 0 or not str(meta.typ).endswith("WorkSheet"):
            continue
        try:
            sheet = book.get_sheet_by_name(meta.name)
            rows = [[_shown(value) for value in row[:_COLUMNS]] for row in sheet.to_python(nrows=rows_left + 1)]
        except Exception as error:
            problems.append(f"The sheet {meta.name!r} could not be read ({type(error).__name__}).")
            continue
        if len(rows) > rows_left:
            rows = rows[:rows_left]
            problems.append(f"It was read up to {limits.rows:,} rows.")
        rows_left -= len(rows)
        start = out.length
        kept = write_table(out, rows, title=clean(meta.name) if len(sheets) > 1 else "")
        if not str(meta.visible).endswith("Visible"):
            out.mark(PassageKind.hidden, start)
            if kept:
                out.tables.pop()
    return FileText.of(out, problems[0] if problems else None)


def read_delimited(data: bytes, limits: ReadingLimits, charset: str | None = None) -> FileText:
    """Comma-, semicolon-, tab- or pipe-separated text; the separator is the one that cuts lines most evenly."""
    source, problem = decode(data[: limits.text_chars * 4], charset)
    source = clean(source)[: limits.text_chars * 2]
    first, _, rest = source.partition("\n")
    if match := re.fullmatch(r"sep=(.)", first.strip()):
        delimiter, source = match[1], rest
    else:
        delimiter = _delimiter(source)
    out = Layout(limit=limits.text_chars)
    rows: list[list[str]] = []
    csv.field_size_limit(limits.text_chars)
    try:
        for row in csv.reader(io.StringIO(source), delimiter=delimiter):
            rows.append(row[:_COLUMNS])
            if len(rows) >= limits.rows:
                problem = f"It was read up to {limits.rows:,} rows."
                break
    except csv.Error:
        rows = [line.split(delimiter)[:_COLUMNS] for line in source.splitlines()[: limits.rows]]
        problem = "Its quotation marks are broken; lines were read one by one."
    write_table(out, rows)
    return FileText.of(out, problem)


def write_table(out: Layout, rows: Sequence[Sequence[str]], title: str = "") -> bool:
    """Write rows as lines without empty rows and columns; whether they became a table."""
    used = sorted({i for row in rows for i, value in enumerate(row) if value.strip()})
    filled = [[row[i] if i < len(row) else "" for i in used] for row in rows if any(v.strip() for v in row)]
    if not filled:
        return False
    out.break_line(blank=out.length > 0)
    if title:
        out.write(f"{title}\n")
    cells: list[list[Cell]] = []
    for row in filled:
        if out.full:
            break
        cells.append(out.row([clean(value) for value in row]))
    if len(used) < 2 or len(cells) < 2:
        return False
    out.tables.append(Table(rows=cells, header=header_row(cells)))
    return True


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".10g")
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)


def _delimiter(source: str) -> str:
    lines = [line for line in source.splitlines()[:50] if line.strip()]
    best, score = ",", 0.0
    for candidate in ";\t,|":
        counts = [line.count(candidate) for line in lines]
        used = [c for c in counts if c]
        if not used:
            continue
        common = max(set(used), key=used.count)
        evenness = used.count(common) / len(lines)
        if candidate == "," and any(re.search(r"\d,\d", line) for line in lines):
            evenness *= 0.8  # decimal commas
        if evenness * (1 + min(common, 10) / 20) > score:
            best, score = candidate, evenness * (1 + min(common, 10) / 20)
    return best


# --- sheets that claim to be huge ---


def _check_size(data: bytes, limits: ReadingLimits) -> None:
    """Refuse sheets whose used area is larger than the limit: calamine lays the whole area out in memory."""
    archive = open_zip(data, limits)
    for name in archive.namelist():
        if re.search(r"worksheets/[^/]+\.xml$", name, re.I):
            _check_area(_area(read_member(archive, name, limits)), limits)
        elif name == "content.xml":
            _check_repeats(read_member(archive, name, limits), limits)
        elif name.lower().endswith(".bin") and "worksheets/" in name.lower():
            raise Unreadable("It is a binary workbook (XLSB), which is not read; ask for XLSX or CSV.")


def _area(sheet: bytes) -> int:
    columns: set[bytes] = set()
    last = 0
    first: int | None = None
    for match in _CELL.finditer(sheet):
        columns.add(match[1])
        row = int(match[2])
        last = max(last, row)
        first = row if first is None else min(first, row)
    for match in _ROW.finditer(sheet):
        last = max(last, int(match[1])) if columns else last
    numbers = [_column_number(c) for c in columns]
    return (max(numbers) - min(numbers) + 1) * (last - (first or 1) + 1) if numbers else 0


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_area(cells: int, limits: ReadingLimits) -> None:
    if cells > limits.cells:
        raise Unreadable(f"One of its sheets spans {cells:,} cells; more than {limits.cells:,} are not read.")


def _check_repeats(content: bytes, limits: ReadingLimits) -> None:
    """ODS writes runs of equal cells as one; a filled run may stand for millions."""
    area = 0
    for row in re.finditer(rb"<table:table-row\b([^>]*)>(.*?)</table:table-row>", content, re.S):
        repeats = _REPEATED.search(row[1])
        rows = int(repeats[2]) if repeats and repeats[1] == b"rows" else 1
        columns = 0
        for cell in re.finditer(rb"<table:table-cell\b([^>]*?)(/?)>", row[2]):
            if cell[2] != b"/":
                found = _REPEATED.search(cell[1])
                columns += int(found[2]) if found else 1
        area += rows * columns
        _check_area(area, limits)
