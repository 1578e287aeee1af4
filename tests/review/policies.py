"""Policies for tests: the one that ships with other limits, in force for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from agent.propose import POLICY_PATH, InForce, Policy, put_in_force


def policy(*limits: dict[str, Any]) -> Policy:
    content = yaml.safe_load(POLICY_PATH.read_text(encoding="utf-8"))
    return Policy(**content | {"limits": list(limits), "groups": {}, "sha256": "f" * 64})


@contextmanager
def in_force(*limits: dict[str, Any]) -> Iterator[Policy]:
    made, before = policy(*limits), InForce.policy
    put_in_force(made)
    try:
        yield made
    finally:
        InForce.policy = before
