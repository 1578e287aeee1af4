"""The port through which everything reads Odoo. It has read verbs only: there is no way to write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

Row = dict[str, Any]
Domain = Sequence[Any]


class RecordsError(Exception):
    """Records could not be read. The message names the cause and the next step."""


class RecordReader(Protocol):
    """Rows are exactly what Odoo's `search_read` gives: many2one as `[id, display_name]`, x2many as id lists,
    datetimes as `YYYY-MM-DD HH:MM:SS` in UTC, dates as `YYYY-MM-DD`, `False` for empty."""

    def search_read(
        self,
        model: str,
        domain: Domain = (),
        fields: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        """Rows that match an Odoo domain. Unknown models give `[]`; unknown fields are left out of the rows.

        Raises RecordsError for a domain that cannot be read."""
        ...

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        """Rows by id, in the order asked; missing ids are skipped."""
        ...

    def search_count(self, model: str, domain: Domain = ()) -> int: ...

    def version(self) -> str:
        """A text that changes when the records do (snapshot hash, or server and newest write date)."""
        ...

    def as_of(self) -> datetime | None:
        """When the rows were taken from Odoo (timezone-aware); None where it is not known or they are read live."""
        ...


@runtime_checkable
class ChangeFeed(Protocol):
    """What a reader may offer besides, so that what is built over many records follows it without reading them all."""

    def changes_since(self, version: str) -> Mapping[str, Collection[int]] | None:
        """Model → ids of the rows that came, changed or went since that version; None where it cannot be told."""
        ...
