"""What training sees of the labelled suites."""

from __future__ import annotations

import yaml

from evals.training import SUITES, fitted_on


def test_suites_kept_for_measuring_are_never_fitted_on() -> None:
    uses = {p.parent.name: yaml.safe_load(p.read_text("utf-8")).get("use") for p in SUITES.glob("*/manifest.yaml")}
    kept = {name for name, use in uses.items() if use == "measurement"}
    assert set(fitted_on()) == set(uses) - kept
