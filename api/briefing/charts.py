"""Small charts as SVG: columns by day, a line, bars of parts. Each tells in words what it shows, for those who see none.

Colours and sizes are attributes, not styles: mail, print and a page with a strict content policy show the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

WIDTH, HEIGHT = 560, 170
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 12, 26
INK, FAINT, COLUMN, SECOND, LINE = "#3d4a5c", "#d9dfe7", "#3b73af", "#b9c6d6", "#b4561f"
FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="11"'


def columns_by_day(
    title: str, days: Sequence[date], first: tuple[str, Sequence[float]], second: tuple[str, Sequence[float]]
) -> str:
    """Two columns a day, side by side: what came and what closed."""
    most = _round_up(max([*first[1], *second[1], 1]))
    slot = (WIDTH - LEFT - RIGHT) / max(len(days), 1)
    width = slot * 0.36
    parts = [*_grid(most)]
    for n, day in enumerate(days):
        x = LEFT + n * slot + slot * 0.12
        for k, (values, colour) in enumerate(((first[1], COLUMN), (second[1], SECOND))):
            height = _scaled(values[n], most)
            parts.append(_rect(x + k * (width + 1), HEIGHT - BOTTOM - height, width, height, colour))
        if n % 2 == len(days) % 2 or len(days) < 8:
            parts.append(_text(x + width, HEIGHT - 9, f"{day.day}.{day.month}.", anchor="middle"))
    parts += _legend([(first[0], COLUMN), (second[0], SECOND)])
    told = (
        f"{title}: {first[0].lower()} {_range(first[1])}, on the last day {first[1][-1]:,.0f}; "
        f"{second[0].lower()} {_range(second[1])}, on the last day {second[1][-1]:,.0f}."
    )
    return _svg(title, told, parts)


def line_with_forecast(title: str, days: Sequence[date], values: Sequence[float], ahead: Sequence[float]) -> str:
    """A line up to today and, dashed, what is expected."""
    every = [*values, *ahead]
    most = _round_up(max([*every, 1]))
    step = (WIDTH - LEFT - RIGHT - 12) / max(len(every) - 1, 1)
    points = [(LEFT + 6 + n * step, HEIGHT - BOTTOM - _scaled(v, most)) for n, v in enumerate(every)]
    known, coming = points[: len(values)], points[len(values) - 1 :]
    area = " ".join(f"{x:.1f},{y:.1f}" for x, y in known)
    base = HEIGHT - BOTTOM
    parts = [
        *_grid(most),
        f'<polygon points="{known[0][0]:.1f},{base} {area} {known[-1][0]:.1f},{base}" fill="{COLUMN}" fill-opacity="0.12"/>',
        _polyline(known, COLUMN),
        _polyline(coming, LINE, dashed=True),
        f'<circle cx="{known[-1][0]:.1f}" cy="{known[-1][1]:.1f}" r="3.5" fill="{COLUMN}"/>',
        _text(known[-1][0], known[-1][1] - 8, f"{values[-1]:,.0f}", anchor="middle", bold=True),
        _text(known[0][0], HEIGHT - 9, f"{days[0].day}.{days[0].month}."),
        _text(known[-1][0], HEIGHT - 9, "now", anchor="middle"),
        _text(coming[-1][0], HEIGHT - 9, "in 7 days", anchor="end"),
    ]
    told = (
        f"{title}: from {values[0]:,.0f} to {values[-1]:,.0f} in {len(values)} days; in 7 days about {ahead[-1]:,.0f}."
    )
    return _svg(title, told, parts)


def parts_of_whole(title: str, parts: Sequence[tuple[str, float, str]]) -> str:
    """One bar cut into shares, each with its name, number and colour."""
    total = sum(number for _, number, _ in parts) or 1
    x, drawn = 0.0, []
    for place, (name, number, colour) in enumerate(parts):
        width = WIDTH * number / total
        drawn.append(_rect(x, 4, max(width - 1, 0), 22, colour))
        drawn.append(_rect(140 * place, 36, 10, 10, colour))
        drawn.append(_text(140 * place + 15, 45, f"{name}: {number:,.0f}"))
        x += width
    told = f"{title}: " + ", ".join(f"{name} {number:,.0f}" for name, number, _ in parts) + "."
    return _svg(title, told, drawn, height=52)


def spark(title: str, values: Sequence[float | None], told: str) -> str:
    """A line of a few points, without scale, for a row of a table."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = 104 / max(len(values) - 1, 1)
    points = [(3 + n * step, 25 - 20 * (v - low) / span) for n, v in enumerate(values) if v is not None]
    dot = f'<circle cx="{points[-1][0]:.1f}" cy="{points[-1][1]:.1f}" r="2.5" fill="{LINE}"/>'
    return _svg(title, told, [_polyline(points, COLUMN), dot], width=112, height=30)


def _svg(title: str, told: str, parts: Sequence[str], width: int = WIDTH, height: int = HEIGHT) -> str:
    inside = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" aria-label="{escape(told, quote=True)}"><title>{escape(title)}</title>'
        f"<desc>{escape(told)}</desc>{inside}</svg>"
    )


def _grid(most: float) -> list[str]:
    found = []
    for share in (0, 0.5, 1):
        y = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
        found.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{FAINT}"/>')
        found.append(_text(LEFT - 5, y + 4, f"{most * share:,.0f}", anchor="end"))
    return found


def _legend(names: Sequence[tuple[str, str]]) -> list[str]:
    x, parts = WIDTH - RIGHT - 95 * len(names), []
    for name, colour in names:
        parts += [_rect(x, 0, 9, 9, colour), _text(x + 13, 9, name)]
        x += 95
    return parts


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}" rx="1"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}" {FONT}{weight}>{escape(text)}</text>'


def _polyline(points: Sequence[tuple[float, float]], colour: str, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _scaled(value: float, most: float) -> float:
    return (HEIGHT - TOP - BOTTOM) * value / most


def _round_up(most: float) -> float:
    """The next number that reads well as the end of a scale."""
    power = 10.0 ** (len(str(int(most))) - 1)
    return next(power * step for step in (1, 2, 4, 6, 8, 10) if power * step >= most)


def _range(values: Sequence[float]) -> str:
    return f"{min(values):,.0f} to {max(values):,.0f} a day"
