"""Writes a made suite as a folder: manifest, records, labels, raw messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evals.labelled import Case, LabelError
from evals.runs.suite import Suite


@dataclass(frozen=True)
class MadeCase:
    case: Case
    raw: bytes


def write_suite(
    out: Path, made: Iterable[MadeCase], *, base: Suite, name: str, description: str, how: str, records: Any = None
) -> int:
    """Writes the folder and gives the number of cases. `records`: the base's, unless others are given.

    Raises LabelError where `out` holds something already, or the base has no records."""
    if out.exists() and any(out.iterdir()):
        raise LabelError(f"{out} is not empty; choose another folder, or remove it.")
    held = base.labelled.records_path
    if held is None:
        raise LabelError(f"{base.labelled.path} has no records.json; choose a base suite with records.")
    (out / "raw").mkdir(parents=True, exist_ok=True)
    lines = []
    for one in sorted(made, key=lambda m: m.case.id):
        (out / one.case.raw).write_bytes(one.raw)
        lines.append(one.case.model_dump_json(exclude_none=False))
    (out / "cases.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    (out / "records.json").write_bytes(held.read_bytes() if records is None else json.dumps(records).encode())
    info = base.info
    manifest = {
        "name": name,
        "title": f"{name} on {info.title or info.name}",
        "description": description,
        "kind": "generated",
        "use": "measurement",
        "license": info.license,
        "provenance": f"{how} Base: {info.name}, data {info.data_version}, labels {info.label_version}.",
    }
    (out / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True), "utf-8")
    return len(lines)
