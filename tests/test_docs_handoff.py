"""What docs/handoff.md shows is what the code reads and sends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

from review.handoff_event import HandoffEvent, json_schema
from review.targets import Target, load_targets

PAGE = (Path(__file__).parents[1] / "docs" / "handoff.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    return "".join(re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL))


def test_the_event_in_the_docs_fits_the_schema_but_for_its_shortened_hashes():
    event = json.loads(block("json"))
    jsonschema.validate(event, json_schema())
    known = HandoffEvent.model_validate(event).model_dump(mode="json", exclude_none=True)
    assert known["data"].keys() == event["data"].keys()


def test_the_file_of_targets_in_the_docs_loads_and_every_field_is_explained(tmp_path):
    (tmp_path / "handoff.yaml").write_text(block("yaml"))
    loaded = load_targets(tmp_path / "handoff.yaml")
    assert set(loaded.targets) == {"n8n", "erp"}
    assert loaded.alerts is not None
    rows = " ".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    assert [name for name in Target.model_fields if f"`{name}`" not in rows] == []
