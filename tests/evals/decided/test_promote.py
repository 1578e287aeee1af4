"""Promotion: only what was measured, and only through the gate."""

from __future__ import annotations

import pytest

from evals.decided.promote import promote
from evals.labelled import LabelError
from evals.runs.gate import Outcome, Rules
from tests.evals.runs.made import outcomes

RULES = Rules.model_validate({"rules": [{"figure": "end_to_end", "not_worse": True}]})
GOOD, BAD = outcomes(*[True] * 60), outcomes(*[True] * 20, *[False] * 40)


@pytest.fixture
def candidate(tmp_path):
    folder = tmp_path / "candidate"
    folder.mkdir()
    (folder / "weights.json").write_text('{"digest": "new"}')
    return folder


def measured(run, digest="new"):
    return run.model_copy(update={"versions": {"v": {"weights": digest, "calibration": "old"}}})


@pytest.mark.parametrize(("run", "baseline", "copied"), [(GOOD, BAD, True), (BAD, GOOD, False)])
def test_artefacts_are_put_to_work_only_where_the_gate_passes(candidate, tmp_path, run, baseline, copied):
    models = tmp_path / "models"
    models.mkdir()
    verdict = promote(candidate, measured(run), baseline, RULES, models=models)
    assert (verdict.outcome is Outcome.passed) == (models / "weights.json").exists() == copied


def test_what_another_candidate_measured_does_not_count(candidate, tmp_path):
    with pytest.raises(LabelError, match="digest new, the run was made with other"):
        promote(candidate, measured(GOOD, "other"), BAD, RULES, models=tmp_path)


def test_rules_that_do_not_compare_are_not_enough(candidate, tmp_path):
    alone = Rules.model_validate({"rules": [{"figure": "end_to_end", "at_least": 0.1}]})
    with pytest.raises(LabelError, match="No rule compares"):
        promote(candidate, measured(GOOD), BAD, alone, models=tmp_path)


def test_a_folder_without_artefacts_is_no_candidate(tmp_path):
    with pytest.raises(LabelError, match="holds neither"):
        promote(tmp_path, GOOD, BAD, RULES, models=tmp_path)
