"""What docs/policy.md shows is what the code reads."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from agent.approval import Conditions
from agent.policy_cases import differences, load_cases
from agent.propose import POLICY_PATH, Policy, load_policy

PAGE = (Path(__file__).parents[1] / "docs" / "policy.md").read_text(encoding="utf-8")
LIMITS, CASES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_limits_in_the_docs_load_beside_the_rules_that_ship():
    content = yaml.safe_load(POLICY_PATH.read_text(encoding="utf-8")) | yaml.safe_load(LIMITS)
    assert [limit.id for limit in Policy(**content).limits] == ["steep-price-rise", "risky-vendor"]


def test_the_cases_in_the_docs_hold_under_the_policy_that_ships(tmp_path):
    (tmp_path / "cases.yaml").write_text(CASES)
    assert differences(load_policy(), load_cases(tmp_path / "cases.yaml")) == []


def test_every_condition_is_explained():
    rows = " ".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    assert [name for name in Conditions.model_fields if f"`{name}`" not in rows] == []
