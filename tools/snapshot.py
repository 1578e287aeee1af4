"""Odoo records held in memory: a `RecordReader` over a records snapshot, so that no server is needed.

The snapshot is one JSON object, model name → rows as `search_read` gives them. Models and fields may be missing, as
where an app is not installed.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.records import RecordsError
from tools.rows import RowReader


class SnapshotReader(RowReader):
    """Reads a snapshot file (or the object itself).

    Raises RecordsError when the file is missing or is not a snapshot."""

    def __init__(self, source: Path | str | dict[str, Any]) -> None:
        if isinstance(source, dict):
            data, self._raw = source, None
        else:
            try:
                self._raw = Path(source).read_bytes()
                data = json.loads(self._raw)
            except OSError as error:
                raise RecordsError(f"Cannot read the snapshot {source}: {error.strerror}. Check the path.") from error
            except ValueError as error:
                raise RecordsError(f"{source} is not JSON ({error}). Export the snapshot again.") from error
        if not isinstance(data, dict) or any(
            not isinstance(rows, list) for model, rows in data.items() if model != "_meta"
        ):
            raise RecordsError("A records snapshot is one JSON object: model name → list of rows.")
        self._data = data
        super().__init__({model: {row["id"]: row for row in rows} for model, rows in data.items() if model != "_meta"})

    @property
    def models(self) -> list[str]:
        return list(self._tables)

    def as_of(self) -> datetime | None:
        """When Odoo was read, as the snapshot says (ISO 8601), if it says."""
        try:
            at = datetime.fromisoformat(str(self._data.get("_meta", {}).get("exported_at")))
        except ValueError:
            return None
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def version(self) -> str:
        return self._version

    @cached_property
    def _version(self) -> str:
        raw = self._raw or json.dumps(self._data, sort_keys=True, ensure_ascii=False, default=str).encode()
        return hashlib.sha256(raw).hexdigest()[:16]
