"""HTML as a reader sees it: text with tables, and with what the sender hid marked as hidden rather than lost.

The lexbor tree is walked once, without recursion. Whitespace collapses as in a browser; block elements break lines;
rows of data tables become lines of tab-separated cells whose offsets are kept; tables that only serve the page's
layout become ordinary blocks. Quotation marks of mail programs (`blockquote`, Gmail's and Yahoo's containers) become
passages of kind `quoted`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from tools.layout import Layout, clean, smuggled
from tools.limits import ReadingLimits
from tools.message import Cell, Passage, PassageKind, Table
from tools.text_tables import header_row

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "blockquote",
    ]
)
_SPACED = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre"])
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "head",
        "title",
        "meta",
        "link",
        "base",
        "object",
        "embed",
        "applet",
        "svg",
        "math",
        "audio",
        "video",
        "canvas",
        "iframe",
        "select",
        "datalist",
        "progress",
        "meter",
    ]
)
_HIDDEN_TAGS = frozenset({"noembed", "noframes"})
_WORD = re.compile(r"\w")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_LENGTH = re.compile(r"^\s*(-?\d*\.?\d+)\s*(px|pt|em|rem|ex|%|in|cm|mm|vw|vh)?\s*(?:!important)?\s*$", re.I)
_PIXELS = {"px": 1.0, "pt": 1.333, "em": 16.0, "rem": 16.0, "ex": 8.0, "in": 96.0, "cm": 37.8, "mm": 3.78, None: 1.0}
_COLORS = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "yellow": (255, 255, 0), "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192),
    "navy": (0, 0, 128), "maroon": (128, 0, 0), "teal": (0, 128, 128), "orange": (255, 165, 0),
    "whitesmoke": (245, 245, 245), "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255),
    "lightgray": (211, 211, 211), "lightgrey": (211, 211, 211), "purple": (128, 0, 128), "aliceblue": (240, 248, 255),
}  # fmt: skip
Color = tuple[int, int, int]
_QUOTE_CLASSES = frozenset(
    {"gmail_quote", "gmail_quote_container", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix"}
)


@dataclass
class HtmlText:
    """`marks` are hidden and quoted runs; `tables` have cells that point into `text`."""

    text: str
    marks: list[Passage]
    tables: list[Table]
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Style:
    """What descendants inherit. `background` is None where it cannot be known (a picture, a gradient)."""

    hidden: bool = False
    invisible: bool = False
    color: Color | None = (0, 0, 0)
    background: Color | None = (255, 255, 255)
    size: float = 16.0
    pre: bool = False
    quoted: bool = False
    clipped: bool = False


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
    tree = LexborHTMLParser(source)
    _apply_stylesheets(tree)
    walk = _Walk(limits)
    if tree.root is not None:
        walk.run(tree.root)
    if walk.too_deep:
        problems.append(f"The HTML is nested deeper than {limits.html_depth:,} levels; tables there were not read.")
    if walk.out.full:
        problems.append(f"The text was read up to {limits.text_chars:,} characters; the rest was left out.")
    tables = [table for table in walk.tables if len(table.rows) > 1]
    return HtmlText(walk.out.text(), walk.out.marks, tables, problems)


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
        stack: list[tuple[Any, _Style, int, bool]] = [(root, _Style(), 0, False)]
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
            inner = style if deep else _descend(style, tag, node.attributes)
            if not deep:
                self.enter(tag, node, inner)
                stack.append((node, style, depth + 1, True))
            child = node.first_child
            if child is not None:
                stack.append((child, inner, depth + 1, False))

    # --- text ---

    def words(self, text: str, style: _Style) -> None:
        secret = smuggled(text) if not text.isascii() else ""
        text = clean(text)
        hidden = style.hidden or style.invisible or style.size < 2.0 or _unseen(style)
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

    def enter(self, tag: str, node: Any, style: _Style) -> None:
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


# --- what can be seen ---


def _descend(style: _Style, tag: str, attributes: dict[str, str | None]) -> _Style:
    if not attributes and tag not in {"blockquote", "pre", "th"} and tag not in _HIDDEN_TAGS:
        return style
    changes: dict[str, Any] = {}
    if tag in _HIDDEN_TAGS or "hidden" in attributes or (attributes.get("type") or "").lower() == "hidden":
        changes["hidden"] = True
    if tag in {"pre", "textarea"}:
        changes["pre"] = True
    if background := attributes.get("bgcolor"):
        changes["background"] = _color(background)
    if attributes.get("background"):
        changes["background"] = None
    if tag == "font" and attributes.get("color"):
        changes["color"] = _color(attributes["color"] or "")
    declared = _declarations(attributes.get("style") or "")
    if declared:
        changes.update(_visibility(style, declared))
    names = {name.lower() for name in (attributes.get("class") or "").split()}
    if (
        tag == "blockquote" and not ("none" in declared.get("border", "") and attributes.get("type") != "cite")
    ) or names & _QUOTE_CLASSES:
        changes["quoted"] = True
    return replace(style, **changes) if changes else style


def _declarations(text: str) -> dict[str, str]:
    out = {}
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            out[name.strip().lower()] = value.strip().lower()
    return out


def _visibility(style: _Style, css: dict[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if css.get("display", "").startswith("none") or css.get("mso-hide", "").startswith("all"):
        changes["hidden"] = True
    visibility = css.get("visibility", "")
    if visibility:
        changes["invisible"] = visibility.startswith(("hidden", "collapse"))
    opacity = _number(css.get("opacity", ""))
    if opacity is not None and opacity < 0.1:
        changes["hidden"] = True
    size = css.get("font-size") or _font_size(css.get("font", ""))
    if size:
        pixels = _pixels(size, style.size)
        if pixels is not None:
            changes["size"] = pixels
    if any(
        (value := _pixels(css.get(name, ""))) is not None and value < -200
        for name in ("left", "top", "right", "text-indent", "margin-left", "margin-top")
    ):
        changes["hidden"] = True
    if "hidden" in css.get("overflow", "") or "hidden" in css.get("overflow-y", ""):
        for name in ("height", "max-height", "width", "max-width"):
            value = _pixels(css.get(name, ""))
            if value is not None and value <= 2:
                changes["hidden"] = True
    clip = css.get("clip", "") + css.get("clip-path", "")
    if re.search(r"rect\(\s*0(?:px)?[\s,]+0|rect\(1px[\s,]+1px|inset\(\s*(?:50|100)%|circle\(\s*0", clip):
        changes["hidden"] = True
    if re.search(r"scale\(\s*0(?:\.0+)?\s*\)|translate[xy]?\(\s*-\d{4,}", css.get("transform", "")):
        changes["hidden"] = True
    if "color" in css:
        changes["color"] = _color(css["color"])
    shown = css.get("background-color") or css.get("background")
    if shown and not shown.startswith(("transparent", "inherit", "none", "initial")):
        changes["background"] = (
            None
            if "url(" in shown or "gradient" in shown
            else _color(shown.split(" ")[0] if not shown.startswith("rgb") else shown)
        )
    if css.get("background-image", "none") not in {"none", ""}:
        changes["background"] = None
    return changes


def _unseen(style: _Style) -> bool:
    """Letters in the colour of what lies behind them: contrast below 1.15 (WCAG 2 relative luminance)."""
    if style.color is None or style.background is None:
        return False
    if style.color == style.background:
        return True
    one, other = sorted((_luminance(style.color), _luminance(style.background)))
    return (other + 0.05) / (one + 0.05) < 1.15 and sum(
        abs(a - b) for a, b in zip(style.color, style.background, strict=True)
    ) < 40


def _luminance(color: Color) -> float:
    channels = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def _color(text: str) -> Color | None:
    """RGB of a CSS colour; fully transparent is white on white's terms: None means unknown."""
    text = text.replace("!important", "").strip().lower()
    if text in _COLORS:
        return _COLORS[text]
    if match := re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{2})?", text):
        digits = match[1] if len(match[1]) == 6 else "".join(c * 2 for c in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if match := re.match(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)", text):
        return min(255, int(match[1][:4])), min(255, int(match[2][:4])), min(255, int(match[3][:4]))
    return None


def _number(text: str) -> float | None:
    match = re.match(r"-?\d*\.?\d+", text.strip())
    return float(match[0]) if match else None


def _pixels(text: str, base: float = 16.0) -> float | None:
    match = _LENGTH.match(text) if text else None
    if match is None:
        return None
    unit = match[2].lower() if match[2] else None
    if unit == "em":
        return float(match[1]) * base
    if unit == "%":
        return float(match[1]) / 100 * base
    return float(match[1]) * _PIXELS.get(unit, 16.0)


def _font_size(shorthand: str) -> str:
    match = re.search(r"(?:^|\s)(\d*\.?\d+(?:px|pt|em|rem|%))(?:/|\s)", shorthand)
    return match[1] if match else ""


# --- style sheets ---

_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.S)
_RULE = re.compile(r"([^{}@]{1,300})\{([^{}]{1,2000})\}")
_TELLING = re.compile(
    r"display|visibility|opacity|font-size|font:|color|text-indent|left|top|height|width|clip|background|mso-hide"
)


def _apply_stylesheets(tree: Any) -> None:
    """Put rules that can hide text in front of the inline styles of the elements that they select.

    Rules inside `@media` are for other screens and are left out; so are rules beyond the first 200.
    """
    done = 0
    for sheet in tree.css("style")[:20]:
        text = _COMMENT.sub(" ", (sheet.text(deep=True) or "")[:100_000])
        for selector, declarations in _RULE.findall(_without_media(text)):
            selector = selector.strip()
            if not _TELLING.search(declarations) or selector.startswith(("a:", "a ")) or ":" in selector:
                continue
            done += 1
            if done > 200:
                return
            try:
                chosen = tree.css(selector)
            except Exception:  # a selector that lexbor does not know selects nothing
                continue
            for node in chosen[:2_000]:
                own = node.attributes.get("style") or ""
                if len(own) < 4_000:
                    node.attrs["style"] = f"{declarations};{own}"


def _without_media(text: str) -> str:
    out, depth, skipping = [], 0, None
    for piece in re.split(r"([{}])", text):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth = max(0, depth - 1)
            if skipping is not None and depth <= skipping:
                skipping = None
                continue
        elif skipping is None and "@" in piece:
            before, _, _ = piece.rpartition("@")
            out.append(before)
            skipping = depth
            continue
        if skipping is None:
            out.append(piece)
    return "".join(out)
