"""What CSS lets a reader see: the styles of an HTML mail as far as they can hide text.

Inline styles, the attributes that stand for them, and simple style sheets are read; what scripts or other screens
would change is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

_HIDDEN_TAGS = frozenset({"noembed", "noframes"})
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


@dataclass(frozen=True)
class Style:
    """What descendants inherit. `background` is None where it cannot be known (a picture, a gradient)."""

    hidden: bool = False
    invisible: bool = False
    color: Color | None = (0, 0, 0)
    background: Color | None = (255, 255, 255)
    size: float = 16.0
    pre: bool = False
    quoted: bool = False

    @property
    def unseen(self) -> bool:
        return self.hidden or self.invisible or self.size < 2.0 or _alike(self.color, self.background)


def inherited(style: Style, tag: str, attributes: dict[str, str | None]) -> Style:
    """What the element's children inherit."""
    if not attributes and tag not in {"blockquote", "pre"} and tag not in _HIDDEN_TAGS:
        return style
    given = tuple(attributes.items())
    if sum(len(value or "") for _, value in given) > 500:  # do not keep what only a hostile sender writes
        return _resolved.__wrapped__(style, tag, given)
    return _resolved(style, tag, given)


@lru_cache(maxsize=4_096)  # cells of a table are styled alike
def _resolved(style: Style, tag: str, given: tuple[tuple[str, str | None], ...]) -> Style:
    attributes = dict(given)
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


def _visibility(style: Style, css: dict[str, str]) -> dict[str, Any]:
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


@lru_cache(maxsize=4_096)
def _alike(color: Color | None, background: Color | None) -> bool:
    """Letters in the colour of what lies behind them: contrast below 1.15 (WCAG 2 relative luminance)."""
    if color is None or background is None:
        return False
    darker, lighter = sorted((_luminance(color), _luminance(background)))
    difference = sum(abs(a - b) for a, b in zip(color, background, strict=True))
    return (lighter + 0.05) / (darker + 0.05) < 1.15 and difference < 40


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


def apply_stylesheets(tree: Any) -> None:
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
