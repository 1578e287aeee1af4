"""Puts fitted weights and calibrators to work: only those that a run was measured with, and only through the gate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from agent.weigh import WEIGHTS_PATH
from evals.engines import artefacts_in
from evals.labelled import LabelError
from evals.runs.file import Run
from evals.runs.gate import Outcome, Rules, Verdict, gate


def promote(candidate: Path, run: Run, baseline: Run, rules: Rules, *, models: Path = WEIGHTS_PATH.parent) -> Verdict:
    """Copies the candidate's artefacts to `models` if the run, made with them, passes the gate against the baseline.

    Nothing is copied otherwise. Raises LabelError where the candidate holds no artefact, the run was made with others, or
    no rule compares with the baseline."""
    files = artefacts_in(candidate)
    if not rules.never_break and not any(rule.paired for rule in rules.rules):
        raise LabelError("No rule compares with the baseline; promotion needs not_worse, within or never_break.")
    for name, file in files.items():
        digest = json.loads(file.read_text("utf-8")).get("digest")
        measured = {versions.get(name) for versions in run.versions.values()}
        if measured != {digest}:
            raise LabelError(
                f"{file.name} has digest {digest}, the run was made with {', '.join(map(str, measured)) or 'none'}; "
                "run the suites again with --models."
            )
    verdict = gate(run, rules, baseline)
    if verdict.outcome is Outcome.passed:
        for file in files.values():
            shutil.copyfile(file, models / file.name)
    return verdict
