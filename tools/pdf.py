"""PDF with a text layer → lines and tables, rebuilt from where characters stand on the page."""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from tools.file_text import FileText, Unreadable
from tools.layout import Layout, clean
from tools.limits import ReadingLimits
from tools.message import Cell, PassageKind, Table
from tools.text_tables import header_row

_CHARS_A_PAGE = 40_000
_FIGURE = re.compile(r"[\d.,/:€$£%+-]+")
_TIGHT = 0.6  # white between lines of one cell, in heights of a letter; rows stand further apart
_GAP = 0.9  # of the letters' height: wider than a word space, narrower than a gap between columns


@dataclass
class _Word:
    text: str
    left: float
    right: float
    bottom: float
    top: float
    hidden: bool

    @property
    def height(self) -> float:
        return max(self.top - self.bottom, 1.0)


Line = list[_Word]


def read_pdf(data: bytes, limits: ReadingLimits) -> FileText:
    """Raises Unreadable for password-protected or broken files and for those without a text layer.

    Not safe in several threads at once (PDFium is not)."""
    import pypdfium2
    import pypdfium2.raw as raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable("It is protected by a password.") from error
        raise Unreadable("It is broken and cannot be opened.") from error
    out = Layout(limit=limits.text_chars)
    began = time.monotonic()
    problem = None
    pictures = 0
    with document:
        pages = len(document)
        for number in range(min(pages, limits.pages)):
            if out.full or time.monotonic() - began > limits.seconds:
                problem = f"Only {number} of its {pages} pages were read."
                break
            try:
                page = document[number]
            except pypdfium2.PdfiumError:
                problem = f"Page {number + 1} is broken and was left out."
                continue
            words = _words(page, raw)
            if not words:
                pictures += 1
            else:
                out.break_line(blank=out.length > 0)
                _write_page(out, words)
            page.close()
        else:
            if pages > limits.pages:
                problem = f"Only {limits.pages} of its {pages} pages were read."
    if not out.text().strip():
        raise Unreadable("It holds no text, only pictures of pages." if pages else "It has no pages.")
    if pictures and problem is None:
        problem = f"{pictures} of its pages hold pictures only and could not be read."
    return FileText.of(out, problem)


# --- characters to words ---


def _words(page: Any, raw: Any) -> list[_Word]:
    textpage = page.get_textpage()
    handle = textpage.raw
    width, height = page.get_size()
    count = min(raw.FPDFText_CountChars(handle), _CHARS_A_PAGE)
    rect = raw.FS_RECTF()
    color = [ctypes.c_uint() for _ in range(4)]
    words: list[_Word] = []
    letters: list[str] = []
    box = [0.0, 0.0, 0.0, 0.0]
    hidden = 0
    shapes: list[tuple[float, float, float, float]] | None = None

    def finish() -> None:
        nonlocal hidden
        text = clean("".join(letters)).strip()
        if text:
            words.append(_Word(text, box[0], box[1], box[2], box[3], hidden * 2 > len(letters)))
        letters.clear()
        hidden = 0

    for index in range(count):
        code = raw.FPDFText_GetUnicode(handle, index)
        if (
            code in (0x20, 0x0D, 0x0A, 0x09, 0xA0)
            or code == 0
            or code == 0xFFFE
            or not raw.FPDFText_GetLooseCharBox(handle, index, rect)
        ):
            if code != 0xFFFE:
                finish()
            continue
        left, right, bottom, top = rect.left, rect.right, min(rect.bottom, rect.top), max(rect.bottom, rect.top)
        size = top - bottom
        if letters and (
            left - box[1] > 0.28 * size or left < box[0] - size or abs(bottom - box[2]) > 0.4 * max(size, 1.0)
        ):
            finish()
        if not letters:
            box[:] = [left, right, bottom, top]
        else:
            box[:] = [min(box[0], left), max(box[1], right), min(box[2], bottom), max(box[3], top)]
        letters.append(chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd")
        outside = right < 0 or left > width or top < 0 or bottom > height
        if outside or size < 2.0:
            hidden += 1
        elif raw.FPDFText_GetFillColor(handle, index, *color) and min(c.value for c in color[:3]) > 245:
            if shapes is None:
                shapes = _backgrounds(page, raw)
            x, y = (left + right) / 2, (bottom + top) / 2
            if not any(a <= x <= c and b <= y <= d for a, b, c, d in shapes):
                hidden += 1
    finish()
    textpage.close()
    return words


def _backgrounds(page: Any, raw: Any) -> list[tuple[float, float, float, float]]:
    """Boxes of pictures and of filled shapes that are not white: white letters on them can be read."""
    boxes = []
    values = [ctypes.c_uint() for _ in range(4)]
    for number, item in enumerate(page.get_objects(max_depth=3)):
        if number > 5_000:
            break
        if item.type == raw.FPDF_PAGEOBJ_PATH:
            painted = raw.FPDFPageObj_GetFillColor(item.raw, *values) and min(v.value for v in values[:3]) <= 245
        else:
            painted = item.type in (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING)
        if painted:
            boxes.append(tuple(item.get_bounds() if hasattr(item, "get_bounds") else item.get_pos()))
    return boxes


# --- words to lines ---


def _write_page(out: Layout, words: list[_Word]) -> None:
    lines = _lines(words)
    spacing = median(w.height for line in lines for w in line)
    cells = [_segments(line) for line in lines]
    index = 0
    before: float | None = None
    while index < len(lines):
        if before is not None and before - lines[index][0].top > 0.9 * spacing:
            out.break_line(blank=True)
        end = index
        while end < len(lines) and (len(cells[end]) > 1 or (end > index and _belongs(cells, index, end))):
            if end > index and _gap(cells[end - 1], cells[end]) > 2.5:
                break
            end += 1
        if sum(len(row) > 1 for row in cells[index:end]) >= 2:
            _write_table(out, cells[index:end])
        else:
            end = index + 1
            _write_line(out, cells[index])
        before = min(w.bottom for w in lines[end - 1])
        index = end


def _lines(words: list[_Word]) -> list[Line]:
    """Words on one baseline, top to bottom, each from left to right."""
    ordered = sorted(words, key=lambda w: (-(w.bottom + w.top) / 2, w.left))
    lines: list[Line] = []
    middle = 0.0
    for word in ordered:
        center = (word.bottom + word.top) / 2
        if lines and abs(center - middle) <= 0.4 * min(word.height, lines[-1][0].height):
            lines[-1].append(word)
        else:
            lines.append([word])
            middle = center
    for line in lines:
        line.sort(key=lambda w: w.left)
    return lines


def _segments(line: Line) -> list[Line]:
    out: list[Line] = [[line[0]]]
    for word in line[1:]:
        last = out[-1][-1]
        if word.left - last.right > _GAP * min(word.height, last.height):
            out.append([word])
        else:
            out[-1].append(word)
    return out


def _belongs(cells: list[list[Line]], start: int, index: int) -> bool:
    """A single piece of text among rows: a line of a cell that wraps, set close to the line above or below it."""
    if not _under_column(cells, start, index):
        return False
    below = index + 1 < len(cells) and _gap(cells[index], cells[index + 1]) < _TIGHT
    return below or _gap(cells[index - 1], cells[index]) < _TIGHT


def _under_column(cells: list[list[Line]], start: int, index: int) -> bool:
    """Whether the line stands below one column of the row above it and is no wider than that column allows."""
    left, right = _extent(cells[index][0])
    above = next((row for row in reversed(cells[start:index]) if len(row) > 1), [])
    for number, segment in enumerate(above):
        limit = _extent(above[number + 1])[0] if number + 1 < len(above) else float("inf")
        if abs(left - _extent(segment)[0]) < 3.0 and right < limit:
            return True
    return False


def _gap(above: list[Line], below: list[Line]) -> float:
    """White between two lines in heights of a letter."""
    bottom = min(word.bottom for segment in above for word in segment)
    top = max(word.top for segment in below for word in segment)
    return (bottom - top) / below[0][0].height


def _extent(segment: Line) -> tuple[float, float]:
    return segment[0].left, segment[-1].right


def _write_line(out: Layout, segments: Sequence[Line]) -> None:
    out.break_line()
    for number, segment in enumerate(segments):
        if number:
            out.write("\t")
        _write_words(out, segment)
    out.write("\n")


def _write_words(out: Layout, words: Iterable[_Word]) -> tuple[int, int]:
    start = end = out.length
    for number, word in enumerate(words):
        if number:
            out.write(" ")
        a, end = out.write(word.text)
        if word.hidden:
            out.mark(PassageKind.hidden, a, end)
    return start, end


# --- lines to tables ---


def _write_table(out: Layout, rows: list[list[Line]]) -> None:
    """Columns are what lies between the vertical strips that no row of the table writes in."""
    columns = _columns(rows)
    table: list[list[list[_Word]]] = []
    for group in _logical_rows(rows, columns):
        cells: list[list[_Word]] = [[] for _ in columns]
        for row in group:
            for segment in row:
                cells[_column_of(segment, columns)].extend(segment)
        table.append(cells)
    written = []
    for cells in table:
        out.break_line()
        line = []
        for number, words in enumerate(cells):
            if number:
                out.write("\t")
            start, end = _write_words(out, words)
            seen = [w.text for w in words if not w.hidden]
            if len(seen) == len(words) and not out.full:
                line.append(Cell(text=" ".join(seen), start=start, end=end))
            else:
                line.append(Cell(text="", start=start, end=start))
        out.write("\n")
        written.append(line)
    if len(written) > 1:
        out.tables.append(Table(rows=written, header=header_row(written)))


def _columns(rows: list[list[Line]]) -> list[tuple[float, float]]:
    most = max(len(row) for row in rows)
    spans = sorted(_extent(s) for row in rows if len(row) >= max(2, most - 1) for s in row)
    # Rows with nearly all cells say where columns are; wider cells of other rows would glue columns together.
    full = sorted(_extent(s) for row in rows if len(row) == most for s in row)
    merged = _union(spans)
    return merged if len(merged) >= most else _union(full)


def _union(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for left, right in spans:
        if out and left <= out[-1][1] + 0.5:
            out[-1] = (out[-1][0], max(out[-1][1], right))
        else:
            out.append((left, right))
    return out


def _column_of(segment: Line, columns: list[tuple[float, float]]) -> int:
    left, right = _extent(segment)
    overlaps = [min(right, b) - max(left, a) for a, b in columns]
    best = max(range(len(columns)), key=overlaps.__getitem__)
    if overlaps[best] > 0:
        return best
    return min(range(len(columns)), key=lambda i: min(abs(left - columns[i][1]), abs(right - columns[i][0])))


def _logical_rows(rows: list[list[Line]], columns: list[tuple[float, float]]) -> list[list[list[Line]]]:
    """Lines of one row of the table together: rows with most cells, and close to them lines of cells that wrap.

    Between two full rows the wrapped lines are parted at the widest gap; if all are alike, above the lower row.
    """
    groups: list[list[list[Line]]] = []
    waiting: list[list[Line]] = []  # lines of wrapped cells since the last full row
    for row in [*rows, None]:
        if row is not None and _is_partial(row, rows, columns):
            waiting.append(row)
            continue
        above = [groups[-1][-1]] if groups else []
        run = [*above, *waiting, *([row] if row is not None else [])]
        gaps = [_gap(a, b) for a, b in pairwise(run)]
        widest = max(range(len(gaps)), key=lambda i: (gaps[i], i), default=0)
        before, after = (waiting[:widest], waiting[widest:]) if above and row is not None else (waiting, [])
        if not above and row is not None:
            before, after = [], waiting
        if groups:
            groups[-1].extend(before)
        else:
            groups.extend([line] for line in before)
        if row is not None:
            groups.append([*after, row])
        else:
            groups.extend([line] for line in after)
        waiting = []
    return groups


def _is_partial(row: list[Line], rows: list[list[Line]], columns: list[tuple[float, float]]) -> bool:
    """At most half of the columns, words rather than figures, tighter below or above a line than rows are set."""
    filled = {_column_of(segment, columns) for segment in row}
    if len(filled) * 2 > len(columns) or any(_FIGURE.fullmatch(word.text) for word in row[0][:1]):
        return False
    at = next(index for index, other in enumerate(rows) if other is row)
    tightest = min((_gap(a, b) for a, b in pairwise(rows[max(0, at - 1) : at + 2])), default=9.0)
    if 0 in filled:  # a line below the table's first column may as well be a row, or a note under the table
        pitch = [_gap(a, b) for a, b in pairwise(rows) if len(a) * 2 > len(columns) and len(b) * 2 > len(columns)]
        return tightest < 0.5 * min(pitch, default=0.0)
    return tightest < _TIGHT
