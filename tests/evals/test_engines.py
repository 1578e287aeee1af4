"""A name becomes an engine; a candidate's fitted files decide in place of those at work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.rate import CALIBRATION_PATH
from agent.triage import TriageEngine
from agent.weigh import WEIGHTS_PATH
from evals.engines import engine_named
from evals.labelled import LabelError
from tools.snapshot import SnapshotReader


def candidate(folder: Path, *shipped: Path) -> Path:
    """Copies of what ships, told apart by their digests alone."""
    for file in shipped:
        told = json.loads(file.read_text("utf-8")) | {"digest": f"candidate-{file.stem}"}
        (folder / file.name).write_text(json.dumps(told), "utf-8")
    return folder


def versions(models: Path | None) -> dict[str, str]:
    engine = engine_named("local", SnapshotReader({}), models=models)
    assert isinstance(engine, TriageEngine)
    return engine.versions()


def test_a_candidate_is_what_decides(tmp_path):
    tried = versions(candidate(tmp_path, WEIGHTS_PATH, CALIBRATION_PATH))
    assert (tried["weights"], tried["calibration"]) == ("candidate-weights", "candidate-calibration")


def test_what_a_candidate_does_not_bring_stays_as_it_is_at_work(tmp_path):
    shipped, tried = versions(None), versions(candidate(tmp_path, WEIGHTS_PATH))
    assert tried["weights"] == "candidate-weights"
    assert tried["calibration"] == shipped["calibration"] != "none"


def test_a_folder_without_a_candidate_is_refused(tmp_path):
    with pytest.raises(LabelError, match="holds neither"):
        versions(tmp_path)
