"""A suite: a labelled set with a manifest that says what it is, and versions that follow from its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from evals.labelled import Case, LabelError, LabelledSet, load_labelled


class Manifest(BaseModel):
    """`manifest.yaml`. `provenance` says how the suite was made; other keys are kept for people."""

    model_config = ConfigDict(extra="allow")

    name: str
    title: str = ""
    description: str = ""
    kind: str = "end-to-end"
    license: str = "not stated"
    provenance: str = ""


class SuiteInfo(BaseModel):
    """What a run keeps of a suite. Versions are hashes of content: of ids, times and raw bytes (`data_version`), of
    what is expected (`label_version`), and of the records (`records_version`, None without records)."""

    name: str
    title: str
    kind: str
    license: str
    provenance: str
    path: str
    cases: int
    data_version: str
    label_version: str
    records_version: str | None


@dataclass(frozen=True)
class Suite:
    """A labelled set, its manifest's words, and the SHA-256 of each case's raw bytes (None where they cannot be read)."""

    labelled: LabelledSet
    info: SuiteInfo
    inputs: dict[str, str | None]

    @property
    def name(self) -> str:
        return self.info.name


def load_suite(folder: Path) -> Suite:
    """Reads a suite; a folder without a manifest goes by its own name. Raises LabelError."""
    labelled = load_labelled(folder)
    manifest = _manifest(folder)
    inputs = {case.id: _input(labelled, case) for case in labelled.cases}
    records = labelled.records_path
    info = SuiteInfo(
        **manifest.model_dump(include={"name", "title", "kind", "license", "provenance"}),
        path=str(folder),
        cases=len(labelled.cases),
        data_version=digest([c.id, c.channel, c.received_at.isoformat(), inputs[c.id]] for c in labelled.cases),
        label_version=digest([c.id, label_digest(c)] for c in labelled.cases),
        records_version=hashlib.sha256(records.read_bytes()).hexdigest()[:16] if records else None,
    )
    return Suite(labelled, info, inputs)


def load_suites(folders: Sequence[Path]) -> list[Suite]:
    """Reads several suites. Raises LabelError where two have one name, for cases are known by suite and id."""
    suites = [load_suite(folder) for folder in folders]
    names = [suite.name for suite in suites]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LabelError(f"Two suites are named {twice[0]!r}; give one of them another name in its manifest.yaml.")
    return suites


def label_digest(case: Case) -> str:
    """A hash of what is expected of a case."""
    return digest([case.expected.model_dump(mode="json") if case.expected else None])


def digest(content: Iterable[object]) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the content as canonical JSON."""
    text = json.dumps(list(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _manifest(folder: Path) -> Manifest:
    file = folder / "manifest.yaml"
    if not file.exists():
        return Manifest(name=folder.resolve().name)
    try:
        return Manifest.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise LabelError(f"{file}: {error}") from error


def _input(labelled: LabelledSet, case: Case) -> str | None:
    try:
        return hashlib.sha256(labelled.raw(case)).hexdigest()
    except OSError:
        return None
