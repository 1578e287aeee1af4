"""The engines that can be measured, by name: the one place where a name becomes an engine."""

from __future__ import annotations

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
    `calibration.json`, tried in place of those at work. Raises LabelError for a name that is not known, for a folder
    that holds neither, and for a language model that is not set."""
    known(name)
    from agent.rate import Calibration
    from agent.triage import build_engine
    from agent.weigh import IntentWeights

    tried = artefacts_in(models) if models else {}
    weights = IntentWeights.load(tried["weights"]) if "weights" in tried else None
    local = build_engine(reader, index_dir=index_dir, embedder=embedder, weights=weights)
    if "calibration" in tried:
        local.calibration = Calibration.load(tried["calibration"])
    return local if name == "local" else _with_model(name, local)


def artefacts_in(candidate: Path) -> dict[str, Path]:
    """A candidate's fitted files by their names in an engine's versions. Raises LabelError where there is none."""
    from agent.rate import CALIBRATION_PATH
    from agent.weigh import WEIGHTS_PATH

    names = {"weights": WEIGHTS_PATH.name, "calibration": CALIBRATION_PATH.name}
    found = {name: candidate / file for name, file in names.items() if (candidate / file).exists()}
    if not found:
        raise LabelError(f"{candidate} holds neither {' nor '.join(names.values())}; give the folder of a candidate.")
    return found


def _with_model(name: str, local: TriageEngine) -> Engine:
    """An engine that asks the model of the settings (`TRIAGE_LLM_…`). Raises LabelError where there is none."""
    from agent.llm.ledger import MemoryLedger
    from review.model_settings import ModelSettings
    from review.settings import SettingsError

    try:
        settings = ModelSettings.load()
        if settings.base_url is None:
            raise SettingsError(f"Engine {name!r} asks a model: set TRIAGE_LLM_BASE_URL and TRIAGE_LLM_MODEL.")
        if name == "react":
            from evals.react_peer import ReactPeer

            return ReactPeer(local, settings.endpoint())
        return settings.model_copy(update={"engine": name}).engine_over(local, MemoryLedger())
    except SettingsError as error:
        raise LabelError(str(error)) from error


def records_of(labelled: LabelledSet) -> RecordReader:
    """The set's records; none at all where it has intent labels only."""
    from tools.snapshot import SnapshotReader

    return SnapshotReader(labelled.records_path or {})
