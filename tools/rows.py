"""Odoo's search over rows held in memory: domains, dotted paths, families of partners, order and limit.

A missing model is empty and a missing value reads as `False`, as where an app is not installed. Archived rows are not
hidden.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tools.records import Domain, RecordsError, Row

Predicate = Callable[[Row], bool]

COMODELS = {
    "partner_id": "res.partner",
    "author_id": "res.partner",
    "commercial_partner_id": "res.partner",
    "partner_shipping_id": "res.partner",
    "partner_invoice_id": "res.partner",
    "product_id": "product.product",
    "product_tmpl_id": "product.template",
    "seller_ids": "product.supplierinfo",
    "purchase_id": "purchase.order",
    "sale_id": "sale.order",
    "purchase_line_id": "purchase.order.line",
    "sale_line_id": "sale.order.line",
    "picking_id": "stock.picking",
    "picking_ids": "stock.picking",
    "backorder_id": "stock.picking",
    "move_ids": "stock.move",
    "move_orig_ids": "stock.move",
    "move_dest_ids": "stock.move",
    "invoice_ids": "account.move",
    "carrier_id": "delivery.carrier",
    "company_id": "res.company",
    "user_id": "res.users",
    "warehouse_id": "stock.warehouse",
    "location_id": "stock.location",
    "location_dest_id": "stock.location",
    "currency_id": "res.currency",
    "product_uom": "uom.uom",
    "product_uom_id": "uom.uom",
    "uom_id": "uom.uom",
}
OPERATORS = frozenset(
    {"=", "==", "!=", "<>", ">", ">=", "<", "<=", "in", "not in", "like", "not like", "ilike", "not ilike"}
    | {"=like", "=ilike", "child_of", "parent_of"}
)


class RowReader:
    """Searches `tables`: model → id → row. Equality look-ups and pages by id are indexed on first use, so the rows must
    not change."""

    def __init__(self, tables: Mapping[str, Mapping[int, Row]]) -> None:
        self._tables = tables
        self._equal: dict[tuple[str, str], dict[Any, list[int]]] = {}
        self._ids: dict[str, list[int]] = {}

    def search_read(
        self,
        model: str,
        domain: Domain = (),
        fields: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        after = page_after(domain, order)
        if after is not None:
            return self.read(model, self._page(model, after, limit), fields)
        rows = _ordered(self._search(model, domain), order)
        return [_pick(row, fields) for row in (rows if limit is None else rows[:limit])]

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        held = self._tables.get(model, {})
        return [_pick(held[i], fields) for i in ids if i in held]

    def search_count(self, model: str, domain: Domain = ()) -> int:
        return len(self._search(model, domain))

    def _page(self, model: str, after: int, limit: int | None) -> list[int]:
        """The ids after one in their order, as many as are asked for."""
        if model not in self._ids:
            self._ids[model] = sorted(self._tables.get(model, {}))
        ids = self._ids[model]
        first = bisect_right(ids, after)
        return ids[first:] if limit is None else ids[first : first + limit]

    def _search(self, model: str, domain: Domain) -> list[Row]:
        terms = list(domain)
        matches = self._predicate(model, terms)
        held = self._tables.get(model, {})
        indexed = self._indexed(model, terms)
        rows: Iterable[Row] = held.values() if indexed is None else (held[i] for i in indexed)
        return [row for row in rows if matches(row)]

    def _indexed(self, model: str, terms: list[Any]) -> list[int] | None:
        """Ids that can match, by the narrowest equality of a pure conjunction; None when there is none."""
        if any(isinstance(t, str) and t != "&" for t in terms):
            return None
        best: list[int] | None = None
        for field, operator, value in (t for t in terms if not isinstance(t, str)):
            if operator not in ("=", "in") or "." in field or value is False or value is None:
                continue
            values = value if operator == "in" else [value]
            if not isinstance(values, (list, tuple, set, frozenset)):
                continue
            if any(isinstance(v, bool) or not isinstance(v, (int, str)) for v in values):
                continue
            index = self._equality(model, field)
            ids = sorted({i for v in values for i in index.get(v, ())})
            if best is None or len(ids) < len(best):
                best = ids
        return best

    def _equality(self, model: str, field: str) -> dict[Any, list[int]]:
        key = (model, field)
        if key not in self._equal:
            index: dict[Any, list[int]] = {}
            for row in self._tables.get(model, {}).values():
                for value in _values(row.get(field, False)):
                    index.setdefault(value, []).append(row["id"])
            self._equal[key] = index
        return self._equal[key]

    def _predicate(self, model: str, terms: list[Any]) -> Predicate:
        """The domain's prefix notation as one function of a row; terms side by side are joined by 'and'."""
        position = 0

        def parse() -> Predicate:
            nonlocal position
            if position >= len(terms):
                raise RecordsError(f"The domain {terms!r} ends too early. Give each operator its terms.")
            term = terms[position]
            position += 1
            if term == "!":
                inner = parse()
                return lambda row: not inner(row)
            if term in ("&", "|"):
                left, right = parse(), parse()
                if term == "&":
                    return lambda row: left(row) and right(row)
                return lambda row: left(row) or right(row)
            return self._leaf(model, term)

        parts: list[Predicate] = []
        while position < len(terms):
            parts.append(parse())
        return lambda row: all(part(row) for part in parts)

    def _leaf(self, model: str, term: Any) -> Predicate:
        if not isinstance(term, (list, tuple)) or len(term) != 3 or not isinstance(term[0], str):
            raise RecordsError(f"{term!r} is not a domain term. Write (field, operator, value).")
        path, operator, value = term
        if operator not in OPERATORS:
            known = ", ".join(sorted(OPERATORS))
            raise RecordsError(f"Unknown operator {operator!r} in {term!r}. Known: {known}.")
        if operator in ("child_of", "parent_of"):
            relatives = model if path == "id" else comodel(model, path.split(".")[-1])
            family = self._family(relatives or "", value, up=operator == "parent_of")
            return lambda row: any(v in family for v in _values(self._value(model, row, path)))
        test = _test(operator, value)
        return lambda row: test(self._value(model, row, path))

    def _value(self, model: str, row: Row, path: str) -> Any:
        """The value at a dotted path; several values (over x2many) come as one list."""
        field, _, rest = path.partition(".")
        value = row.get(field, False)
        if not rest:
            return value
        related = comodel(model, field) or ""
        held = self._tables.get(related, {})
        many = isinstance(value, list) and not _is_many2one(value)
        if not many and value and rest in ("id", "name", "display_name") and value[0] not in held:
            return value[0] if rest == "id" else value[1]
        ids = [i for i in _values(value) if isinstance(i, int) and i in held]
        found = [self._value(related, held[i], rest) for i in ids]
        if many:
            return [v for item in found for v in _values(item)]
        return found[0] if found else False

    def _family(self, model: str, value: Any, *, up: bool) -> set[int]:
        """The ids asked for with all their descendants (or ancestors) along `parent_id`."""
        held = self._tables.get(model, {})
        if isinstance(value, str):
            wanted = value.casefold()
            start = {i for i, row in held.items() if wanted in str(row.get("name") or "").casefold()}
        else:
            start = {i for i in (value if isinstance(value, (list, tuple, set)) else [value]) if i}
        family: set[int] = set()
        pending = list(start)
        children = self._equality(model, "parent_id")
        while pending:
            current = pending.pop()
            if current in family:
                continue
            family.add(current)
            if up:
                pending += [v for v in _values(held.get(current, {}).get("parent_id")) if isinstance(v, int)]
            else:
                pending += children.get(current, [])
        return family


def page_after(domain: Domain, order: str | None) -> int | None:
    """The id after which rows are asked for in the order of their ids (0: all); None for any other question."""
    if order not in (None, "id"):
        return None
    after = 0
    for term in domain:
        if not isinstance(term, (list, tuple)) or tuple(term[:2]) != ("id", ">") or type(term[-1]) is not int:
            return None
        after = max(after, term[-1])
    return after


def comodel(model: str, field: str) -> str | None:
    """The model that a field of `model` leads to, None where it is not known to lead anywhere."""
    if field == "order_id":
        return model.removesuffix(".line")
    if field == "order_line":
        return f"{model}.line"
    if field in ("parent_id", "child_ids"):
        return model
    return COMODELS.get(field)


def is_to_many(field: str) -> bool:
    """Whether a field that leads somewhere holds ids alone (one2many, many2many), not one id with its name."""
    return field == "order_line" or field.endswith("_ids")


def _is_many2one(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[1], str)


def _values(value: Any) -> list[Any]:
    """What a field value equals: itself; id and display name of a many2one; each id of an x2many."""
    if value is None or value is False:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _texts(value: Any) -> list[str]:
    return [value[1]] if _is_many2one(value) else [str(v) for v in _values(value)]


def _like(pattern: Any, *, anywhere: bool, fold: bool) -> Callable[[str], bool]:
    text = str(pattern)
    source = re.sub(r"%|_|[^%_]+", lambda m: {"%": ".*", "_": "."}.get(m[0]) or re.escape(m[0]), text)
    if anywhere:
        source = f".*{source}.*"
    compiled = re.compile(source, re.DOTALL | (re.IGNORECASE if fold else 0))
    return lambda value: compiled.fullmatch(value) is not None


def _test(operator: str, wanted: Any) -> Callable[[Any], bool]:
    """A term as a test of a field value. As in Odoo, negations hold for empty values and comparisons never do."""
    if operator in ("=", "==", "!=", "<>", "in", "not in"):
        many = isinstance(wanted, (list, tuple, set, frozenset))
        options = list(wanted) if many else [wanted]
        empty = any(option is False or option is None for option in options) or (not many and wanted == "")
        exact = [option for option in options if option is not False and option is not None]

        def equals(value: Any) -> bool:
            held = _values(value)
            return any(v in exact for v in held) if held else empty

        if operator in ("!=", "<>", "not in"):
            return lambda value: not equals(value)
        return equals
    if operator.endswith("like"):
        found = _like(wanted, anywhere=not operator.startswith("="), fold=operator.endswith("ilike"))
        negated = operator.startswith("not ")
        return lambda value: any(found(text) for text in _texts(value)) != negated
    compare: dict[str, Callable[[Any, Any], bool]] = {
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
    }
    chosen = compare[operator]

    def ordered(value: Any) -> bool:
        comparable = [held for held in _values(value) if isinstance(held, str) == isinstance(wanted, str)]
        return any(chosen(held, wanted) for held in comparable)

    return ordered


def _ordered(rows: list[Row], order: str | None) -> list[Row]:
    """Rows sorted as PostgreSQL does: empty values last when ascending, first when descending."""
    for clause in reversed((order or "id").split(",")):
        words = clause.split()
        if not words:
            continue
        field, descending = words[0], len(words) > 1 and words[1].lower() == "desc"

        def key(row: Row, field: str = field) -> tuple[bool, Any]:
            value = row.get(field, False)
            empty = value is None or (value is False) or value == []
            plain = value[-1] if isinstance(value, (list, tuple)) and value else value
            return (empty, "" if empty else plain)

        try:
            rows = sorted(rows, key=key, reverse=descending)
        except TypeError as error:
            raise RecordsError(f"Cannot sort by {field!r}: its values are of several types.") from error
    return rows


def _pick(row: Row, fields: Sequence[str] | None) -> Row:
    if fields is None:
        return dict(row)
    return {"id": row["id"], **{name: row[name] for name in fields if name in row}}
