"""HTML as a reader sees it: text with tables, and with what the sender hid marked as hidden rather than lost.

The lexbor tree is walked once, without recursion. Whitespace collapses as in a browser; block elements break lines;
rows of data tables become lines of tab-separated cells whose offsets are kept; tables that only serve the page's
layout become ordinary blocks. Quotation marks of mail programs (`blockquote`, Gmail's and Yahoo's containers) become
passages of kind `quoted`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tools.html_style import Style, apply_stylesheets, inherited
from tools.layout import Layout, clean, smuggled
from tools.limits import ReadingLimits
from tools.message import Cell, Passage, PassageKind, Table
from tools.text_tables import header_row

_BLOCKS_TEXT = """
address article aside body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5
h6 header hr html legend li main nav ol p pre section summary table tbody td tfoot th thead tr ul blockquote
"""
_BLOCKS = frozenset(_BLOCKS_TEXT.split())
_SPACED = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre"])
_SKIPPED_TEXT = """
script style head title meta link base object embed applet svg math audio video canvas iframe select
datalist progress meter
"""
_SKIPPED = frozenset(_SKIPPED_TEXT.split())
_PARSED_DEPTH = 20_000
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>?")
_WORD = re.compile(r"\w")
_SPACES = re.compile(r"[ \t\n\r\f]+")


@dataclass
class HtmlText:
    """`marks` are hidden and quoted runs; `tables` have cells that point into `text`."""

    text: str
    marks: list[Passage]
    tables: list[Table]
    problems: list[str] = field(default_factory=list)


@dataclass
class _OpenTable:
    rows: list[list[Cell]] = field(default_factory=list)
    row: list[Cell] | None = None
    cell_start: int | None = None


def read_html(source: str, limits: ReadingLimits | None = None) -> HtmlText:
    """Lay out an HTML document or fragment. Never raises on bad markup; deep nesting keeps its text only."""
    from selectolax.lexbor import LexborHTMLParser

    limits = limits or ReadingLimits()
    problems = []
    if len(source) > limits.html_bytes:
        source = source[: limits.html_bytes]
        problems.append(f"The HTML was read up to {limits.html_bytes:,} characters; the rest was left out.")
    if nested_too_deeply(source, _PARSED_DEPTH):
        source = _TAG.sub(" ", source)
        problems.append("The HTML is nested too deeply to be laid out; only its words were read.")
    tree = LexborHTMLParser(source)
    apply_stylesheets(tree)
    walk = _Walk(limits)
    if tree.root is not None:
        walk.run(tree.root)
    if walk.too_deep:
        problems.append(f"The HTML is nested deeper than {limits.html_depth:,} levels; tables there were not read.")
    if walk.out.full:
        problems.append(f"The text was read up to {limits.text_chars:,} characters; the rest was left out.")
    tables = [table for table in walk.tables if len(table.rows) > 1]
    return HtmlText(walk.out.text(), walk.out.marks, tables, problems)


def nested_too_deeply(source: str, most: int) -> bool:
    """Whether more than `most` tags are open at once; parsing takes time with the square of it."""
    if source.count("<") < most:
        return False
    depth = deepest = 0
    for match in _TAG.finditer(source):
        depth += -1 if match.group().startswith("</") else 1
        deepest = max(deepest, depth)
    unclosed = sum(source.count(tag) for tag in ("<br", "<td", "<tr", "<th", "<li", "<p", "<img", "<hr"))
    return deepest - unclosed > most


class _Walk:
    def __init__(self, limits: ReadingLimits) -> None:
        self.limits = limits
        self.out = Layout(limit=limits.text_chars)
        self.tables: list[Table] = []
        self.open_tables: list[_OpenTable] = []
        self.too_deep = False
        self.space = False
        self.inside_cell = 0

    def run(self, root: Any) -> None:
        stack: list[tuple[Any, Style, int, bool]] = [(root, Style(), 0, False)]
        while stack and not self.out.full:
            node, style, depth, leaving = stack.pop()
            if leaving:
                self.leave(node.tag)
                continue
            tag = node.tag
            following = node.next if depth else None
            if following is not None:
                stack.append((following, style, depth, False))
            if tag == "-text":
                self.words(node.text_content or "", style)
                continue
            if tag == "-comment":
                self.comment(node.comment_content or "")
                continue
            if tag in _SKIPPED or (tag or "-").startswith("-"):  # also document types and the like
                continue
            deep = depth > self.limits.html_depth
            self.too_deep = self.too_deep or (deep and tag == "table")
            inner = style if deep else inherited(style, tag, node.attributes)
            if not deep:
                self.enter(tag, node, inner)
                stack.append((node, style, depth + 1, True))
            child = node.first_child
            if child is not None:
                stack.append((child, inner, depth + 1, False))

    # --- text ---

    def words(self, text: str, style: Style) -> None:
        secret = smuggled(text) if not text.isascii() else ""
        text = clean(text)
        hidden = style.unseen
        if style.pre and not self.inside_cell:
            start, end = self.out.write(text)
        else:
            collapsed = _SPACES.sub(" ", text)
            words = collapsed.strip(" ")
            if not words:
                self.space = self.space or bool(collapsed)
                return
            if (self.space or collapsed[0] == " ") and not self.out.at_line_start() and not self.at_cell_start():
                self.out.write(" ")
            self.space = collapsed[-1] == " "
            start, end = self.out.write(words)
        if hidden and _WORD.search(text):
            self.out.mark(PassageKind.hidden, start, end)
        elif style.quoted:
            self.out.mark(PassageKind.quoted, start, end)
        if secret:
            self.hide(secret)

    def comment(self, text: str) -> None:
        # Conditional comments hold a second copy of the layout for Outlook, not something said.
        text = " ".join(clean(text).split())
        if text.startswith(("[if", "[endif", "<![")) or not _WORD.search(text):
            return
        if len(text) >= 12 and " " in text and "{" not in text:
            self.hide(text[:4_000])

    def hide(self, text: str) -> None:
        if not self.out.at_line_start():
            self.out.write(" ")
        self.out.mark(PassageKind.hidden, *self.out.write(text))
        self.space = True

    def at_cell_start(self) -> bool:
        return bool(self.open_tables) and self.open_tables[-1].cell_start == self.out.length

    # --- elements ---

    def enter(self, tag: str, node: Any, style: Style) -> None:
        if tag == "br":
            self.line_break()
        elif tag == "table":
            data = not self.inside_cell and _is_data_table(node)
            if self.inside_cell:
                self.space = True
            else:
                self.block(blank=True)
            self.open_tables.append(_OpenTable() if data else _OpenTable(row=None, cell_start=-1))
            if data:
                self.inside_cell += 1
        elif tag == "tr" and self.in_data_table():
            self.out.break_line()
            self.open_tables[-1].row = []
            self.space = False
        elif tag in {"td", "th"} and self.in_data_table():
            table = self.open_tables[-1]
            if table.row is None:
                table.row = []
            if table.row:
                self.out.write("\t")
            table.cell_start = self.out.length
            self.space = False
        elif tag == "hr":
            self.block()
            self.out.write("_" * 20)
            self.block()
        elif tag in _BLOCKS:
            self.block(blank=tag in _SPACED)
            if tag == "li" and not self.inside_cell:
                self.out.write("- ")
                self.space = False

    def leave(self, tag: str) -> None:
        if tag == "table":
            table = self.open_tables.pop()
            if table.cell_start != -1:
                self.inside_cell -= 1
                rows = [row for row in table.rows if any(cell.text for cell in row)]
                if len(rows) > 1:
                    self.tables.append(Table(rows=rows, header=header_row(rows)))
            if not self.inside_cell:
                self.block(blank=True)
        elif tag == "tr" and self.in_data_table():
            table = self.open_tables[-1]
            if table.row:
                table.rows.append(table.row)
            table.row, table.cell_start = None, None
            self.out.break_line()
        elif tag in {"td", "th"} and self.in_data_table():
            table = self.open_tables[-1]
            if table.row is not None and table.cell_start is not None:
                table.row.append(self.cell(table.cell_start))
            self.space = False
        elif tag in _BLOCKS:
            self.block(blank=tag in _SPACED)

    def cell(self, start: int) -> Cell:
        if self.out.marks and self.out.marks[-1].end > start and self.hidden_since(start):
            return Cell(text="", start=start, end=start)  # what nobody sees is no cell of a table
        text = self.out.text_from(start)
        return Cell(text=text, start=start, end=start + len(text))

    def hidden_since(self, start: int) -> bool:
        for mark in reversed(self.out.marks):
            if mark.end <= start:
                return False
            if mark.kind == PassageKind.hidden:
                return True
        return False

    def in_data_table(self) -> bool:
        return bool(self.open_tables) and self.open_tables[-1].cell_start != -1

    def line_break(self) -> None:
        if self.inside_cell:
            self.space = True
        else:
            self.out.write("\n")
            self.space = False

    def block(self, blank: bool = False) -> None:
        if self.inside_cell:
            self.space = True
            return
        if self.out.length:
            self.out.break_line(blank)
        self.space = False


def _is_data_table(table: Any) -> bool:
    """Rows and columns of short cells, and no table inside: a table that says something."""
    rows = wide = 0
    node, depth = table.first_child, 1
    steps = 0
    cells = 0
    while node is not None:
        steps += 1
        tag = node.tag
        if tag == "table":
            return False
        if tag == "tr":
            rows, wide, cells = rows + 1, max(wide, cells), 0
        elif tag in {"td", "th"}:
            cells += 1
        elif tag == "-text" and len(node.text_content or "") > 1_500:
            return False
        child = node.first_child
        if child is not None:
            node, depth = child, depth + 1
            continue
        while node is not None and node.next is None:
            node, depth = node.parent, depth - 1
            if depth == 0:
                node = None
        node = node.next if node is not None else None
        if steps > 200_000:
            return False
    return rows > 1 and max(wide, cells) > 1
