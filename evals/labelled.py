"""A labelled set on disk: messages with the exceptions that an experienced person finds in them.

The folder holds `cases.jsonl` (one case a line), `raw/…` (the messages, byte for byte) and, unless it has intent labels
only, `records.json` (what Odoo held when the messages came).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import AwareDatetime, BaseModel, Field

from agent.proposal import RecordRef
from tools.message import Channel, Message
from tools.reading import read_message


class LabelError(Exception):
    """A labelled set or a predictions file cannot be read. The message names the place and what is wrong there."""


class LabelledException(BaseModel):
    """One thing that a message is about. `actions` is the accepted set, `alternatives` are sets that are as right, and
    `acceptable_actions` may join any of them without harm."""

    intent: str
    record: RecordRef | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    actions: list[str] = Field(default_factory=list)
    acceptable_actions: list[str] = Field(default_factory=list)
    alternatives: list[list[str]] = Field(default_factory=list)


class Stated(Protocol):
    """Whatever states facts about lines: a label or a proposal."""

    @property
    def fields(self) -> dict[str, Any]: ...


class Expected(BaseModel):
    """What is right for a case. `manual`: the only right lane for the whole message is the manual one."""

    exceptions: list[LabelledException]
    manual: bool = False


class Case(BaseModel):
    """A message and, unless the set is for predicting alone, what is right for it."""

    id: str
    channel: Channel
    received_at: AwareDatetime
    raw: str
    expected: Expected | None = None
    tags: dict[str, Any] = Field(default_factory=dict)

    def slices(self) -> Iterator[tuple[str, str]]:
        """The slices that the case is counted in, as (dimension, value): its intents, language, channel and tags."""
        yield "channel", self.channel.value
        for intent in {e.intent for e in self.expected.exceptions} if self.expected else ():
            yield "intent", intent
        for tag, value in self.tags.items():
            dimension = tag if tag == "language" else "tag"
            for item in dict.fromkeys(value if isinstance(value, list) else [value]):
                if item is not None:
                    yield dimension, str(item) if tag in ("language", "noise") else f"{tag}: {item}"


@dataclass(frozen=True)
class LabelledSet:
    """The cases of a folder in the order of their time of receipt (then id)."""

    path: Path
    cases: list[Case]

    @property
    def records_path(self) -> Path | None:
        path = self.path / "records.json"
        return path if path.exists() else None

    def raw(self, case: Case) -> bytes:
        """The message of a case. Raises LabelError for a path that leaves the set, OSError where it cannot be read."""
        path = (self.path / case.raw).resolve()
        if not path.is_relative_to(self.path.resolve()):
            raise LabelError(f"{case.id}: raw path {case.raw!r} leaves the set; name a file inside of it.")
        return path.read_bytes()

    def message(self, case: Case) -> Message:
        """The message of a case as the product reads it. Raises what `raw` raises."""
        return read_message(self.raw(case), channel=case.channel, received_at=case.received_at)

    def product_keys(self) -> dict[str, str]:
        """Product names and codes, folded, each with the one key that stands for its product.

        Labels and predictions may name a product by its code or by its name; both are the same product."""
        if self.records_path is None:
            return {}
        keys: dict[str, str] = {}
        for row in json.loads(self.records_path.read_bytes()).get("product.product", []):
            names = {fold(str(row[f])) for f in ("default_code", "name", "display_name") if row.get(f)}
            keys.update({name: f"product:{row['id']}" for name in names if name not in keys})
        return keys


def named_products(products: Mapping[str, str], stated: Iterable[Stated]) -> dict[str, str]:
    """Of the keys of products, those that the lines of these exceptions name."""
    lines = [line for exception in stated for line in exception.fields.get("lines", [])]
    names = {fold(str(line[name])) for line in lines for name in ("product", "substitute") if line.get(name)}
    return {name: products[name] for name in sorted(names) if name in products}


def fold(text: str) -> str:
    """Text as it is compared: case folded, runs of white space as one space."""
    return " ".join(text.casefold().split())


def load_labelled(path: Path, *, labels: bool = True) -> LabelledSet:
    """Reads a labelled set; without `labels`, what is expected is dropped unread.

    Raises LabelError with file and line where a case does not fit the format."""
    file = path / "cases.jsonl"
    if not file.exists():
        raise LabelError(f"{path} holds no cases.jsonl; give the folder of a labelled set.")
    cases: dict[str, Case] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not labels:
                row.pop("expected", None)
            case = Case.model_validate(row)
        except ValueError as error:
            raise LabelError(f"{file}:{number}: {error}") from error
        if case.id in cases:
            raise LabelError(f"{file}:{number}: id {case.id!r} stands here twice; ids must be unique.")
        cases[case.id] = case
    return LabelledSet(path, sorted(cases.values(), key=_arrival))


def _arrival(case: Case) -> tuple[datetime, str]:
    return case.received_at, case.id
