"""The invented company's records behind a connection, which may be lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tools.records import Domain, RecordsError, Row
from tools.snapshot import SnapshotReader


class LiveOdoo:
    """Counts requests; refuses them from the one numbered `away_from` on. `records` may be put into another state."""

    def __init__(self, data: dict[str, Any], away_from: int | None = None) -> None:
        self.records = SnapshotReader(data)
        self.calls: list[str] = []
        self.away_from = away_from

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
        return self.records.search_read(model, domain, fields, limit=limit, order=order)

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        self._count(model)
        return self.records.read(model, ids, fields)

    def search_count(self, model: str, domain: Domain = ()) -> int:
        self._count(model)
        return self.records.search_count(model, domain)

    def version(self) -> str:
        return self.records.version()

    def as_of(self) -> datetime | None:
        return None

    def _count(self, model: str) -> None:
        if self.away_from is not None and len(self.calls) >= self.away_from:
            raise RecordsError("Odoo does not answer. Check the address.")
        self.calls.append(model)
