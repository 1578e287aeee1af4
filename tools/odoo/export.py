"""Writes what a reader sees of Odoo into a records snapshot: one JSON file, from which the product runs as well."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.records import RecordReader, Row


def write_snapshot(
    reader: RecordReader,
    wanted: Mapping[str, Sequence[str]],
    path: Path,
    *,
    odoo: str,
    database: str,
    progress: Callable[[str, int], None] = lambda model, rows: None,
) -> dict[str, int]:
    """Reads the `wanted` models and fields and writes them; gives the number of rows by model.

    Models that Odoo does not have, or has no rows of, are left out. The file appears when it is whole, readable by its
    owner alone; `exported_at` is when reading began."""
    meta = {"odoo": odoo, "database": database, "exported_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    content: dict[str, Any] = {"_meta": meta}
    counts = {}
    for model, fields in wanted.items():
        rows: list[Row] = reader.search_read(model, fields=fields)
        progress(model, len(rows))
        if rows:
            content[model], counts[model] = rows, len(rows)
    partial = path.with_name(f"{path.name}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
    partial.replace(path)
    return counts
