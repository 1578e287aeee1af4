"""The engines that can be measured, by name: the one place where a name becomes an engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agent.proposal import Triage
from evals.labelled import LabelError, LabelledSet
from tools.message import Message
from tools.records import RecordReader

if TYPE_CHECKING:
    from tools.embedding import Embedder

ENGINES = ("local",)


class Engine(Protocol):
    def triage(self, message: Message) -> Triage: ...


def known(name: str) -> str:
    """The name, if there is such an engine. Raises LabelError where there is none."""
    if name not in ENGINES:
        raise LabelError(f"There is no engine {name!r}; choose one of: {', '.join(ENGINES)}.")
    return name


def engine_named(
    name: str,
    reader: RecordReader,
    *,
    index_dir: Path | None = None,
    embedder: Embedder | None = None,
    models: Path | None = None,
) -> Engine:
    """An engine over a reader's records. `index_dir` keeps its index between starts and has one owner at a time; an
    `embedder` that stands already is used as it is. `models` is a folder with a candidate's `weights.json` or
    `calibration.json`, tried in place of those at work. Raises LabelError for a name that is not known."""
    known(name)
    from agent.triage import build_engine

    return build_engine(reader, index_dir=index_dir, embedder=embedder)


def records_of(labelled: LabelledSet) -> RecordReader:
    """The set's records; none at all where it has intent labels only."""
    from tools.snapshot import SnapshotReader

    return SnapshotReader(labelled.records_path or {})
