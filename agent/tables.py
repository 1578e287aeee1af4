"""Tables of order lines: which column says what, and what each row states.

Columns get their roles from header words in seven languages; where there is no header, or a column of it says nothing,
from what the cells hold. Of two date columns the confirmed, new or ETA one is `date`, the requested, ordered or old one
`old_date`; without words for it the left one is the old one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import pairwise

from agent.dates import DateMention, Day, find_date_unknown, find_dates
from agent.lexicon import LANGUAGES, any_of, base_language, fold, lookup, spellings, words
from agent.prices import find_prices, read_number
from agent.taught import HEADER_ROWS, heading_key
from tools.message import Cell, Table

# What a column is taken for beside one that was taught to have its role.
BESIDE_TAUGHT = {"date": "old_date", "price": "old_price", "confirmed_qty": "ordered_qty"}
_NUMBER = re.compile(r"[-+]?[0-9]{1,3}(?:[.,' \u00a0][0-9]{3})+(?:[.,][0-9]+)?|[-+]?[0-9]+(?:[.,][0-9]+)?")
_ORDER = re.compile(r"(?:P|PO|SO|S|WH/IN/|WH/OUT/)[-/ ]?[0-9]{3,}", re.IGNORECASE)
_CODE = re.compile(r"(?=[^\s]{0,40}[0-9])[A-Za-z0-9][A-Za-z0-9._/#-]{2,40}")
_TRACKING = re.compile(r"(?:1Z[0-9A-Z]{16}|[A-Z]{2}[0-9]{9}[A-Z]{2}|[0-9]{11,24})")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table. Cells keep their offsets; the values beside them are read: `qty` and its kin in the row's
    unit, `price` per unit in the row's currency, `date` and `old_date` resolved.

    `qty_cell` is the plain or ordered quantity, `confirmed_qty_cell` what is confirmed, shipped or available now.
    `index` is the row's place in `Table.rows`. `date_unknown`: the date cell says that the date is not known.
    """

    index: int
    cells: dict[str, list[Cell]] = field(default_factory=dict)
    qty: float | None = None
    confirmed_qty: float | None = None
    backorder_qty: float | None = None
    unit: str | None = None
    price: float | None = None
    old_price: float | None = None
    currency: str | None = None
    date: Day | None = None
    date_mention: DateMention | None = None
    old_date: Day | None = None
    date_unknown: bool = False

    def cell(self, role: str) -> Cell | None:
        """The first filled cell of a role: position, our_code, their_code, code, description, ordered_qty,
        confirmed_qty, backorder_qty, qty, unit, price, old_price, total, date, old_date, order, tracking, remark."""
        return next((c for c in self.cells.get(role, ()) if c.text.strip()), None)

    @property
    def codes(self) -> list[Cell]:
        """Every code cell, ours first."""
        return [c for role in ("our_code", "code", "their_code") for c in self.cells.get(role, ()) if c.text.strip()]


@cache
def _headings(language: str) -> list[tuple[str, str, bool]]:
    """Folded phrase, role, whether it is in the reader's own language or English; longest first."""
    own = (base_language(language), "en")
    found: dict[str, tuple[str, str, bool]] = {}
    for mine in (True, False):
        for role, by_language in words("tables").items():
            for each in LANGUAGES:
                if (each in own) is mine:
                    for phrase in by_language.get(each, ()):
                        for spelled in spellings(str(phrase)):
                            found.setdefault(_plain(spelled), (_plain(spelled), role, mine))
    return sorted(found.values(), key=lambda f: (-len(f[0]), not f[2]))


def _plain(heading: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9#°/&]+", " ", heading).split())


@cache
def _heading_pattern(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    known = _headings(language)
    return re.compile(rf"(?<![a-z0-9])(?:{any_of(h for h, _, _ in known if h)})(?![a-z0-9])"), {
        h: r for h, r, _ in known
    }


def column_role(heading: str, language: str) -> str | None:
    """The role that a header cell names: its longest known phrase, the earliest of equals."""
    plain = _plain(fold(heading[:80]).text)
    if not plain:
        return None
    found, roles = _heading_pattern(base_language(language))
    if plain in roles:
        return roles[plain]
    matches = [m[0] for m in found.finditer(plain)]
    if not matches or sum(map(len, matches)) * 3 < len(plain):
        return None
    named = {roles[m] for m in matches if m in roles}
    return _combined(named) or roles.get(max(matches, key=len))


def _combined(named: set[str]) -> str | None:
    """Headings of two words from different roles: "Requested delivery" is a date, "Confirmed qty" a quantity."""
    if "qty" in named:
        if named & {"date", "confirmed_qty"}:
            return "confirmed_qty"
        if named & {"old_date", "ordered_qty", "order"}:
            return "ordered_qty"
    if {"price", "old_price"} & named and named & {"old_date", "old_price"}:
        return "old_price"
    if "price" in named:
        return "price"
    if "old_date" in named and named <= {"old_date", "date", "order"}:
        return "old_date"
    return None


def read_table(
    table: Table,
    *,
    now: datetime,
    language: str,
    day_first: bool | None = None,
    columns: Mapping[str, str | None] | None = None,
) -> list[TableRow]:
    """The rows of a table that state something about a line; [] for a table in which no column could be read. `columns`
    are roles by `heading_key` that come before what the words say; None for a column that says nothing."""
    taught = columns or {}
    header = table.header if table.header is not None else _find_header(table, language, taught)
    body = [(i, row) for i, row in enumerate(table.rows) if header is None or i > header]
    width = max((len(row) for _, row in body), default=0)
    roles: list[str | None] = [None] * width
    fixed: dict[int, str | None] = {}
    if header is not None:
        for column, cell in enumerate(table.rows[header][:width]):
            if (key := heading_key(cell.text)) in taught:
                fixed[column] = taught[key]
            roles[column] = fixed[column] if column in fixed else column_role(cell.text, language)
    samples = [row for _, row in body[:50]]
    for column in range(width):
        if roles[column] is None and (header is None or not _heading_text(table, header, column)):
            roles[column] = _role_by_content([r[column] for r in samples if column < len(r)], now, language)
    _settle(roles, samples, now, language, fixed)
    rows = [_read_row(i, row, roles, now, language, day_first) for i, row in body]
    return [row for row in rows if row.cells and _says_something(row)]


def _heading_text(table: Table, header: int, column: int) -> str:
    row = table.rows[header]
    return row[column].text.strip() if column < len(row) else ""


def _says_something(row: TableRow) -> bool:
    filled = {role for role, cells in row.cells.items() if any(c.text.strip() for c in cells)}
    return bool(filled & {"our_code", "their_code", "code", "description", "position", "order"}) and len(filled) > 1


def _find_header(table: Table, language: str, taught: Mapping[str, str | None]) -> int | None:
    """The first of the top rows of which two cells and half of the filled ones are headings without digits, or one a
    taught heading."""
    for i, row in enumerate(table.rows[:HEADER_ROWS]):
        filled = [c.text for c in row if c.text.strip()]
        known = [t for t in filled if column_role(t, language) and not re.search(r"[0-9]{2}", t)]
        if len(known) >= 2 and len(known) * 2 >= len(filled):
            return i
        if any(heading_key(t) in taught for t in filled) and not any(re.search(r"[0-9]{2}", t) for t in filled):
            return i
    return None


def _settle(
    roles: list[str | None], samples: list[list[Cell]], now: datetime, language: str, fixed: Mapping[int, str | None]
) -> None:
    """Columns of one role share it where that makes sense; dates and quantities are told apart from left to right. A
    column of a `fixed` role keeps it."""
    for column, role in enumerate(roles):
        if column not in fixed and role in BESIDE_TAUGHT and role in fixed.values():
            roles[column] = BESIDE_TAUGHT[role]
    dates = [c for c, r in enumerate(roles) if r == "date"]
    if len(dates) > 1 and "old_date" not in roles and not set(dates) & set(fixed):
        for column in dates[:-1]:
            roles[column] = "old_date"
    held = [c for c, r in enumerate(roles) if r == "old_date"]
    if len(held) > 1 and not dates and held[-1] not in fixed:
        # "Requested" beside "planned": what was asked for, and what is planned now.
        roles[held[-1]] = "date"
    quantities = [c for c, r in enumerate(roles) if r == "qty"]
    if len(quantities) == 2 and not {"ordered_qty", "confirmed_qty"} & set(roles):
        roles[quantities[0]], roles[quantities[1]] = "ordered_qty", "confirmed_qty"
    elif len(quantities) == 1 and "ordered_qty" in roles and "confirmed_qty" not in roles:
        roles[quantities[0]] = "confirmed_qty"
    prices = [c for c, r in enumerate(roles) if r == "price"]
    if len(prices) == 2 and "old_price" not in roles:
        roles[prices[0]] = "old_price"
    for column, role in enumerate(roles):
        if column in fixed:
            continue
        cells = [r[column] for r in samples if column < len(r) and r[column].text.strip()]
        if not cells:
            continue
        if (
            role in ("confirmed_qty", "ordered_qty", "qty")
            and _share(cells, lambda t: _is_date(t, now, language)) > 0.5
        ):
            roles[column] = "old_date" if role == "ordered_qty" else "date"
        elif (
            role in ("date", "old_date")
            and _share(cells, _is_count) > 0.9
            and not _share(cells, lambda t: _is_date(t, now, language))
        ):
            roles[column] = "confirmed_qty" if role == "date" else "ordered_qty"
        elif role in ("position",) and _share(cells, lambda t: bool(_CODE.fullmatch(t)) and not t.isdigit()) > 0.5:
            roles[column] = "code"


def _share(cells: list[Cell], test: Callable[[str], bool]) -> float:
    filled = [c.text.strip() for c in cells if c.text.strip()]
    return sum(test(t) for t in filled) / len(filled) if filled else 0.0


def _is_date(text: str, now: datetime, language: str) -> bool:
    found = find_dates(text[:60], now=now, language=language)
    return any(m.date and len(m.text) * 2 >= len(text.strip()) for m in found) or (
        len(found) == 0 and re.fullmatch(r"(?:0[1-9]|[12][0-9]|3[01])[./-](?:0[1-9]|1[0-2])", text) is not None
    )


def _is_count(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,6}(?:[.,]0{1,3})?", text) is not None


def _role_by_content(cells: list[Cell], now: datetime, language: str) -> str | None:
    """The role that most of a column's cells look like."""
    filled = [c for c in cells if c.text.strip()]
    if not filled:
        return None
    texts = [c.text.strip()[:80] for c in filled]
    if _share(filled, lambda t: _is_date(t, now, language)) > 0.5:
        return "date"
    if (
        _share(filled, lambda t: bool(find_prices(t, language)) or bool(re.fullmatch(r"[0-9.]{1,9}[.,][0-9]{2}", t)))
        > 0.5
    ):
        return "price"
    if all(_is_count(t) for t in texts):
        numbers = [int(re.sub(r"[.,].*", "", t)) for t in texts]
        steps = {b - a for a, b in pairwise(numbers)}
        if steps in ({1}, {10}) and numbers[0] in (1, 10):
            return "position"
        return "qty" if max(numbers) < 1_000_000 else "code"
    if _share(filled, lambda t: bool(_ORDER.fullmatch(t))) > 0.5:
        return "order"
    if _share(filled, lambda t: bool(_TRACKING.fullmatch(t.replace(" ", "")))) > 0.5:
        return "tracking"
    if _share(filled, lambda t: bool(_quantity(t, language)[1])) > 0.5:
        return "qty"
    if _share(filled, lambda t: bool(_CODE.fullmatch(t))) > 0.5:
        return "code"
    return "description" if _share(filled, lambda t: bool(re.search(r"[^\W\d_]{3}", t))) > 0.5 else None


@cache
def _units(language: str) -> dict[str, str]:
    units: dict[str, str] = lookup(words("quantities")["units"], language, 2)
    return units


def _quantity(text: str, language: str) -> tuple[float | None, str | None]:
    """A cell's number and unit: "15", "1.200 Stk", "15 pcs"."""
    match = _NUMBER.match(text.strip())
    if not match:
        return None, None
    rest = fold(text.strip()[match.end() :].strip()).text
    unit = _units(base_language(language)).get(rest) or _units(base_language(language)).get(rest.rstrip("."))
    if rest and unit is None and not rest.startswith(("(", "/", "x")):
        return None, None
    return read_number(match[0], language), unit


def _amount(text: str, language: str) -> tuple[float | None, str | None]:
    found = find_prices(text, language)
    if found:
        return found[0].amount / found[0].per_count, found[0].currency
    match = _NUMBER.fullmatch(text.strip())
    return (read_number(match[0], language), None) if match else (None, None)


def _cell_date(cell: Cell | None, now: datetime, language: str, day_first: bool | None) -> DateMention | None:
    """The date that a cell holds; "07.12", "7/12" and "51" need no words around them here."""
    if cell is None:
        return None
    found = [m for m in find_dates(cell.text, now=now, language=language, day_first=day_first) if m.date]
    if not found:
        lead = "on "
        shown = find_dates(lead + cell.text.strip(), now=now, language=language, day_first=day_first)
        inset = len(cell.text) - len(cell.text.lstrip()) - len(lead)
        found = [
            DateMention(
                m.start + inset, m.end + inset, m.text, m.date, m.precision, m.kind, m.ambiguous, m.alternatives
            )
            for m in shown
            if m.date and m.start >= len(lead)
        ]
    return found[-1] if found else None


def _read_row(
    index: int, row: list[Cell], roles: list[str | None], now: datetime, language: str, day_first: bool | None
) -> TableRow:
    cells: dict[str, list[Cell]] = {}
    for cell, role in zip(row, roles, strict=False):
        if role:
            cells.setdefault(role, []).append(cell)

    def first(*named: str) -> Cell | None:
        return next((c for n in named for c in cells.get(n, ()) if c.text.strip()), None)

    def quantity(*named: str) -> tuple[float | None, str | None]:
        cell = first(*named)
        return _quantity(cell.text, language) if cell else (None, None)

    def amount(named: str) -> tuple[float | None, str | None]:
        cell = first(named)
        return _amount(cell.text, language) if cell else (None, None)

    qty, unit = quantity("ordered_qty", "qty")
    confirmed, confirmed_unit = quantity("confirmed_qty")
    price, currency = amount("price")
    unit_cell, date_cell = first("unit"), first("date")
    if unit_cell:
        unit = _units(base_language(language)).get(fold(unit_cell.text.strip()).text, unit)
    mention = _cell_date(date_cell, now, language, day_first)
    old = _cell_date(first("old_date"), now, language, day_first)
    unknown = date_cell is not None and mention is None and bool(find_date_unknown(date_cell.text, language))
    return TableRow(
        index=index, cells=cells, qty=qty, confirmed_qty=confirmed, backorder_qty=quantity("backorder_qty")[0],
        unit=unit or confirmed_unit, price=price, old_price=amount("old_price")[0], currency=currency,
        date=mention.date if mention else None, date_mention=mention, old_date=old.date if old else None,
        date_unknown=unknown,
    )  # fmt: skip
