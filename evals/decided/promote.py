"""Puts fitted weights, calibrators and prompts to work: only those that a run was measured with, and only through the gate."""

from __future__ import annotations

import shutil
from pathlib import Path

from evals.engines import artefacts_in
from evals.labelled import LabelError
from evals.runs.file import Run
from evals.runs.gate import Outcome, Rules, Verdict, gate


def promote(candidate: Path, run: Run, baseline: Run, rules: Rules) -> Verdict:
    """Copies the candidate's artefacts to their places if the run, made with them, passes the gate against the baseline.

    Nothing is copied otherwise. Raises LabelError where the candidate holds no artefact, the run was made with others, or
    no rule compares with the baseline."""
    artefacts = artefacts_in(candidate)
    if not rules.never_break and not any(rule.paired for rule in rules.rules):
        raise LabelError("No rule compares with the baseline; promotion needs not_worse, within or never_break.")
    for name, artefact in artefacts.items():
        measured = {versions[name] for versions in run.versions.values() if name in versions}
        if measured != {artefact.digest}:
            raise LabelError(
                f"{artefact.file.name} has digest {artefact.digest}, the run was made with "
                f"{', '.join(sorted(measured)) or 'none'}; run the suites again with --models."
            )
    verdict = gate(run, rules, baseline)
    if verdict.outcome is Outcome.passed:
        for artefact in artefacts.values():
            shutil.copyfile(artefact.file, artefact.at_work)
    return verdict
