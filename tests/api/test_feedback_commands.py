"""`triage feedback labels | drift | shadow`, as a person types them."""

from __future__ import annotations

import json

import pytest

from evals.labelled import load_labelled
from review.decisions import RejectReason, approve, reject
from tests.agent.company import snapshot
from tests.api.test_commands import run
from tests.review.desk import ROBIN, ScriptedEngine


@pytest.fixture
def decided(desk):
    """A desk with one message approved, one rejected as wrong, and one open."""
    approve(desk.database, desk.propose(), version=1, who=ROBIN)
    wrong = desk.propose(text="Another matter.")
    reject(desk.database, wrong, version=1, who=ROBIN, reason=RejectReason.wrong_record)
    desk.propose(text="A third one.")
    return desk


def feedback(desk, *words, code=0):
    result = run("feedback", *words, "--data-dir", desk.settings.data_dir)
    assert result.exit_code == code, result.output
    return result


def test_labels_need_consent_and_tell_what_was_left_out(decided, tmp_path, monkeypatch):
    words = ("labels", tmp_path / "out", "--split", "2026-12-01")
    assert "TRIAGE_LABELS_FROM_DECISIONS" in feedback(decided, *words, code=1).output
    monkeypatch.setenv("TRIAGE_LABELS_FROM_DECISIONS", "true")
    said = feedback(decided, *words).stdout
    assert f"1 cases in {tmp_path / 'out' / 'before'}" in said
    assert "1 left out: waits in the queue" in said
    assert "1 wait in" in said
    assert len(load_labelled(tmp_path / "out" / "before").cases) == 1


def test_drift_is_told_by_week_as_a_table_or_json(decided, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    said = feedback(decided, "drift").stdout
    for told in ("2026-11-23", "100% delivery date change", "1 of 2", "1 wrong record"):
        assert told in said
    (week,) = json.loads(feedback(decided, "drift", "--json").stdout)
    assert (week["messages"], week["decided"], week["rejected"]) == (3, 2, 1)
    assert week["reasons"] == {"wrong_record": 1}


def test_a_shadow_run_is_kept_shown_and_written_as_a_page(decided, tmp_path, monkeypatch):
    monkeypatch.setattr("evals.engines.engine_named", lambda name, reader, **rest: ScriptedEngine())
    (tmp_path / "records.json").write_text(json.dumps(snapshot()))
    out, page = tmp_path / "new.shadow.json", tmp_path / "new.html"
    words = ("shadow", "--since", "2026-11-01", "--out", out, "--page", page, "--records", tmp_path / "records.json")
    said = feedback(decided, *words).stdout
    assert "3 messages, engine local beside the one at work" in " ".join(said.split())
    assert {m["differs"] for m in json.loads(out.read_text())["messages"]} == {"intent"}
    assert "Another matter." in page.read_text("utf-8")


def test_a_candidate_that_is_none_is_refused(decided, tmp_path):
    (tmp_path / "records.json").write_text(json.dumps(snapshot()))
    words = ("shadow", "--since", "2026-11-01", "--out", tmp_path / "x.json", "--records", tmp_path / "records.json")
    assert "holds none of weights.json" in feedback(decided, *words, "--models", tmp_path, code=1).output
