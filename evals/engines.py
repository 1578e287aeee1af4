"""The engines that can be measured, by name: the one place where a name becomes an engine."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agent.proposal import Triage
from evals.labelled import LabelError, LabelledSet
from tools.message import Message
from tools.records import RecordReader

if TYPE_CHECKING:
    from agent.triage import TriageEngine
    from tools.embedding import Embedder

ENGINES = ("local", "llm", "cascade", "react")
PROMPTED = ("llm", "cascade")
PROMPT = "prompt:"
"""What the names of prompts begin with in an engine's versions."""


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
    `embedder` that stands already is used as it is. `models` is a folder with a candidate's artefacts (`artefacts_in`), tried
    in place of those at work. Raises LabelError for a name that is not known, for a folder that holds none or prompts
    that the engine does not use, and for a language model that is not set."""
    known(name)
    from agent.rate import Calibration
    from agent.triage import build_engine
    from agent.weigh import IntentWeights

    tried = artefacts_in(models) if models else {}
    weights = IntentWeights.load(tried["weights"].file) if "weights" in tried else None
    local = build_engine(reader, index_dir=index_dir, embedder=embedder, weights=weights)
    if "calibration" in tried:
        local.calibration = Calibration.load(tried["calibration"].file)
    prompts = models if any(key.startswith(PROMPT) for key in tried) else None
    if prompts and name not in PROMPTED:
        raise LabelError(f"Engine {name!r} uses no prompt of a candidate; choose one of: {', '.join(PROMPTED)}.")
    return local if name == "local" else _with_model(name, local, prompts)


@dataclass(frozen=True)
class Artefact:
    """A file that decides: the candidate's, and where its like is at work."""

    file: Path
    at_work: Path

    @property
    def digest(self) -> str:
        """What an engine's versions name it by. Raises LabelError for a file that cannot be used."""
        from prompts.library import PromptError, read_prompt

        try:
            if self.file.suffix == ".md":
                return read_prompt(self.file).digest
            return str(json.loads(self.file.read_text("utf-8"))["digest"])
        except (ValueError, LookupError, TypeError, PromptError) as error:
            raise LabelError(f"{self.file} cannot be used: {error}") from error


def artefacts_in(candidate: Path) -> dict[str, Artefact]:
    """A candidate's files by their names in an engine's versions: fitted weights and calibrators (`weights.json`,
    `calibration.json`), and prompts by the names of those at work. Raises LabelError where there is none."""
    from agent.rate import CALIBRATION_PATH
    from agent.weigh import WEIGHTS_PATH
    from prompts.library import FOLDER

    places = {"weights": WEIGHTS_PATH, "calibration": CALIBRATION_PATH}
    places |= {f"{PROMPT}{path.stem}": path for path in sorted(FOLDER.glob("*.md"))}
    found = {name: Artefact(candidate / at.name, at) for name, at in places.items() if (candidate / at.name).exists()}
    if not found:
        names = ", ".join(at.name for at in places.values())
        raise LabelError(f"{candidate} holds none of {names}; give the folder of a candidate.")
    return found


def _with_model(name: str, local: TriageEngine, prompts: Path | None) -> Engine:
    """An engine that asks the model of the settings (`TRIAGE_LLM_…`). Raises LabelError where there is none."""
    from agent.llm.ledger import MemoryLedger
    from agent.llm.reader import ModelReader
    from review.model_settings import ModelSettings
    from review.settings import SettingsError

    try:
        settings = ModelSettings.load()
        if settings.base_url is None:
            raise SettingsError(f"Engine {name!r} asks a model: set TRIAGE_LLM_BASE_URL and TRIAGE_LLM_MODEL.")
        if name == "react":
            from evals.react_peer import ReactPeer

            return ReactPeer(local, settings.endpoint())
        reader = ModelReader(replace(settings.endpoint(), prompts=prompts), MemoryLedger())
        return settings.model_copy(update={"engine": name}).engine_with(local, reader)
    except SettingsError as error:
        raise LabelError(str(error)) from error


def records_of(labelled: LabelledSet) -> RecordReader:
    """The set's records; none at all where it has intent labels only."""
    from tools.snapshot import SnapshotReader

    return SnapshotReader(labelled.records_path or {})
