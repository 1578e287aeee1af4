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
from prompts.library import FOLDER, read_prompt
from tests.agent.llm.reading import RIGHT, late, local
from tests.llm_endpoint import endpoint
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


def test_a_candidates_prompt_is_what_the_model_is_told(tmp_path, monkeypatch):
    shipped = read_prompt(FOLDER / "read_message.md")
    text = (FOLDER / "read_message.md").read_text("utf-8") + "\nBe brief, says the candidate.\n"
    (tmp_path / "read_message.md").write_text(text, "utf-8")
    monkeypatch.setattr("agent.triage.build_engine", lambda *given, **rest: local())
    with endpoint(RIGHT) as script:
        monkeypatch.setenv("TRIAGE_LLM_BASE_URL", script.url)
        monkeypatch.setenv("TRIAGE_LLM_MODEL", "scripted-1")
        engine = engine_named("llm", SnapshotReader({}), models=tmp_path)
        told = engine.triage(late()).versions
        (asked, *_) = script.requests
    assert "Be brief, says the candidate." in asked["messages"][0]["content"]
    assert told["prompt:read_message"] == read_prompt(tmp_path / "read_message.md").digest != shipped.digest
    assert told["prompt:the_message"] == read_prompt(FOLDER / "the_message.md").digest


def test_prompts_for_an_engine_that_asks_no_model_are_refused(tmp_path):
    (tmp_path / "read_message.md").write_bytes((FOLDER / "read_message.md").read_bytes())
    with pytest.raises(LabelError, match="'local' uses no prompt"):
        versions(tmp_path)


def test_a_folder_without_a_candidate_is_refused(tmp_path):
    with pytest.raises(LabelError, match=r"holds none of weights.json"):
        versions(tmp_path)
