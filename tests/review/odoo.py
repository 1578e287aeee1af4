"""An Odoo in memory with the write dates of 18 or 19, so that every way in which changes can be missed is set up at will."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.records import Domain, RecordsError, Row
from tools.rows import RowReader, comodel, is_to_many

START = datetime(2026, 3, 2, 8, 0, 0, 250_000, tzinfo=UTC)


class FakeOdoo:
    """A live server as a `RecordReader`. Rows bear microseconds; 18 compares with them, 19 without, both show seconds.

    `now` is its clock. Many2one values are kept as ids and shown with the name that the row has at that time.
    `calls` counts requests by model; the server is away after `calls_left` more of them, if that is set."""

    def __init__(self, version: int = 18) -> None:
        self.series = version
        self.now = START
        self.calls: Counter[str] = Counter()
        self.calls_left: int | None = None
        self._rows: dict[str, dict[int, Row]] = {}

    def write(self, model: str, record_id: int, /, at: datetime | None = None, **values: Any) -> None:
        """Creates or changes a row, in a transaction that began `at` (now, unless said) and is committed now."""
        row = self._rows.setdefault(model, {}).setdefault(record_id, {"id": record_id})
        row.update(values, write_date=f"{at or self.now:%Y-%m-%d %H:%M:%S.%f}")

    def delete(self, model: str, *ids: int) -> None:
        for record_id in ids:
            del self._rows[model][record_id]

    def later(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now

    def search_read(
        self,
        model: str,
        domain: Domain = (),
        fields: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        self._count(model)
        compared = {i: self._compared(row) for i, row in self._rows.get(model, {}).items()}
        found = RowReader({**self._rows, model: compared}).search_read(model, domain, ("id",), limit=limit, order=order)
        return [self._shown(model, row["id"], fields) for row in found]

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        self._count(model)
        return [self._shown(model, i, fields) for i in ids if i in self._rows.get(model, {})]

    def search_count(self, model: str, domain: Domain = ()) -> int:
        return len(self.search_read(model, domain))

    def version(self) -> str:
        return f"{self.series}.0"

    def as_of(self) -> datetime | None:
        return None

    def _count(self, model: str) -> None:
        if self.calls_left is not None:
            if self.calls_left == 0:
                raise RecordsError("Odoo does not answer. Check the address.")
            self.calls_left -= 1
        self.calls[model] += 1

    def _compared(self, row: Row) -> Row:
        return row if self.series < 19 else {**row, "write_date": row["write_date"][:19]}

    def _shown(self, model: str, record_id: int, fields: Sequence[str] | None) -> Row:
        row = {**self._rows[model][record_id]}
        row["write_date"] = row["write_date"][:19]
        row["display_name"] = self._name(model, record_id)
        for name, value in row.items():
            related = comodel(model, name)
            if related and not is_to_many(name) and value:
                row[name] = [value, self._name(related, value)]
        return {name: row[name] for name in ("id", *(fields or row)) if name in row}

    def _name(self, model: str, record_id: int) -> str:
        """A contact is called after its company too, as Odoo calls it; a variant after its template."""
        row = self._rows[model][record_id]
        if model == "product.product":
            return self._name("product.template", row["product_tmpl_id"])
        parent = row.get("parent_id")
        return f"{self._name(model, parent)}, {row['name']}" if parent else str(row.get("name", record_id))
