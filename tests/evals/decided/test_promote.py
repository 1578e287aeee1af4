"""Promotion: only what was measured, and only through the gate."""

from __future__ import annotations

import pytest

from evals.decided.promote import promote
from evals.labelled import LabelError
from evals.runs.gate import Outcome, Rules
from prompts.library import read_prompt
from tests.evals.runs.made import outcomes

RULES = Rules.model_validate({"rules": [{"figure": "end_to_end", "not_worse": True}]})
GOOD, BAD = outcomes(*[True] * 60), outcomes(*[True] * 20, *[False] * 40)


PROMPT = "---\npurpose: p\ninputs: {intents: i}\nversions: [one]\n---\n{{ intents }}, said "


@pytest.fixture
def at_work(tmp_path, monkeypatch):
    """What is at work, in a folder of the test's own."""
    folder = tmp_path / "at_work"
    folder.mkdir()
    monkeypatch.setattr("agent.weigh.WEIGHTS_PATH", folder / "weights.json")
    monkeypatch.setattr("prompts.library.FOLDER", folder)
    (folder / "read_message.md").write_text(PROMPT + "old")
    return folder


@pytest.fixture
def candidate(tmp_path, at_work):
    folder = tmp_path / "candidate"
    folder.mkdir()
    (folder / "weights.json").write_text('{"digest": "new"}')
    return folder


def measured(run, digest="new"):
    return run.model_copy(update={"versions": {"v": {"weights": digest, "calibration": "old"}}})


@pytest.mark.parametrize(("run", "baseline", "copied"), [(GOOD, BAD, True), (BAD, GOOD, False)])
def test_artefacts_are_put_to_work_only_where_the_gate_passes(candidate, at_work, run, baseline, copied):
    verdict = promote(candidate, measured(run), baseline, RULES)
    assert (verdict.outcome is Outcome.passed) == (at_work / "weights.json").exists() == copied


@pytest.mark.parametrize("asked", [True, False])
def test_a_prompt_goes_to_work_where_a_model_was_told_it(candidate, at_work, asked):
    """Of messages about which no model was asked the versions name no prompt."""
    (candidate / "weights.json").unlink()
    (candidate / "read_message.md").write_text(PROMPT + "new")
    told = {"prompt:read_message": read_prompt(candidate / "read_message.md").digest}
    run = GOOD.model_copy(update={"versions": {"quiet": {"weights": "w"}, "asked": told if asked else {}}})
    if asked:
        assert promote(candidate, run, BAD, RULES).outcome is Outcome.passed
        assert (at_work / "read_message.md").read_text().endswith("new")
    else:
        with pytest.raises(LabelError, match="made with none"):
            promote(candidate, run, BAD, RULES)
        assert (at_work / "read_message.md").read_text().endswith("old")


def test_what_another_candidate_measured_does_not_count(candidate):
    with pytest.raises(LabelError, match="digest new, the run was made with other"):
        promote(candidate, measured(GOOD, "other"), BAD, RULES)


def test_rules_that_do_not_compare_are_not_enough(candidate):
    alone = Rules.model_validate({"rules": [{"figure": "end_to_end", "at_least": 0.1}]})
    with pytest.raises(LabelError, match="No rule compares"):
        promote(candidate, measured(GOOD), BAD, alone)


def test_a_folder_without_artefacts_is_no_candidate(tmp_path):
    with pytest.raises(LabelError, match="holds none of"):
        promote(tmp_path, GOOD, BAD, RULES)
