"""The closed vocabulary: intents, the record each is about, the fields each may state, and the action catalogue."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel

TAXONOMY_PATH = Path(__file__).with_name("taxonomy.yaml")


class Intent(BaseModel):
    record: str | None
    fields: list[str]
    means: str


class Taxonomy(BaseModel):
    version: int
    intents: dict[str, Intent]
    actions: dict[str, str]
    digest: str


@cache
def taxonomy() -> Taxonomy:
    raw = TAXONOMY_PATH.read_bytes()
    return Taxonomy(digest=hashlib.sha256(raw).hexdigest()[:12], **yaml.safe_load(raw))


INTENTS_WITHOUT_RECORD = frozenset({"auto_reply", "not_actionable", "unclear"})
