"""Phrases of mail in seven languages, from phrases.yaml, as compiled patterns."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

_PATH = Path(__file__).with_name("phrases.yaml")


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    loaded: dict[str, dict[str, list[str]]] = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    return loaded


@cache
def either(name: str) -> str:
    """All phrases of a group, of every language, as one alternative for use inside a larger expression."""
    return "(?:" + "|".join(phrase for phrases in _table()[name].values() for phrase in phrases) + ")"


@cache
def phrase(name: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """A compiled pattern that ignores case: `before`, any phrase of the group, `after`."""
    return re.compile(before + either(name) + after, re.I)
