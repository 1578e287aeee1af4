"""The key table: records by the numbers that name them, exactly or by a part of the number.

Every look-up is one search in an index of the order store, so its cost hardly grows with the number of records.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent.order_rows import KINDS, MODELS
from agent.order_store import OrderStore
from agent.orders import Reference, ReferenceKind

OWN_KINDS = frozenset({"purchase", "sale", "picking"})
MOST_COUNTED = 1_000
_OWN = ", ".join(str(KINDS.index(kind)) for kind in KINDS if kind in OWN_KINDS)
_IN_ORDER = "ORDER BY model, record, place"


class KeyTable:
    """Look-ups of references by their keys (`find`), and of the keys by a part of the number (all others)."""

    def __init__(self, store: OrderStore) -> None:
        self._store = store

    def find(self, keys: Iterable[str]) -> dict[str, list[Reference]]:
        """The references of each key that has any: orders first, then shipments, then invoices."""
        found: dict[str, list[Reference]] = {}
        rows = self._store.rows(
            f"SELECT key, kind, value, model, record FROM numbers WHERE key IN (SELECT value FROM json_each(?)) {_IN_ORDER}",
            list(keys),
        )
        for key, kind, value, model, record in rows:
            found.setdefault(key, []).append(Reference(KINDS[kind], value, (MODELS[model], record)))
        return found

    def with_counter(self, around: str, number: int) -> list[str]:
        """Keys whose running number is this one and that read `around` without it."""
        return self._keys("number = ? AND around = ?", str(number), around)

    def with_number(self, number: int) -> list[str]:
        """Keys of our own numbers whose running number is this one."""
        return self._keys(f"number = ? AND kind IN ({_OWN})", str(number))

    def with_digits(self, digits: str) -> list[str]:
        """Keys of letters and these digits, leading zeros aside."""
        return self._keys("digits = ?", digits)

    def kind_of_shape(self, shape: str) -> ReferenceKind | None:
        """The kind of most numbers of this shape; None where at most one number of a partner's has it. Of each kind at
        most `MOST_COUNTED` are counted: above that, one kind is as usual as another."""
        counts = [
            self._store.rows(
                "SELECT COUNT(*) FROM (SELECT DISTINCT key FROM numbers WHERE shape = ? AND kind = ? LIMIT ?)",
                shape,
                kind,
                MOST_COUNTED,
            )[0][0]
            for kind in range(len(KINDS))
        ]
        if sum(counts) < 2 and not any(n for kind, n in zip(KINDS, counts, strict=True) if kind in OWN_KINDS):
            return None
        return KINDS[counts.index(max(counts))]

    @property
    def letters(self) -> str:
        """The letters A-Z that numbers on record have, in order."""
        return self._store.letters

    def _keys(self, condition: str, *parameters: Any) -> list[str]:
        rows = self._store.rows(f"SELECT key FROM numbers WHERE {condition} {_IN_ORDER}", *parameters)
        return list(dict.fromkeys(key for (key,) in rows))
