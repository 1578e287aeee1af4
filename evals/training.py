"""`triage train`: refits what ships in `agent/models` from the data in this repository, reproducibly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import yaml

from agent.intents import MODEL_PATH, IntentModel
from agent.rate import CALIBRATION_PATH, Calibration
from agent.triage import build_engine
from agent.weigh import WEIGHTS_PATH, IntentWeights, intents_of
from evals import calibration_training, intent_training, weight_training
from evals.engines import records_of
from evals.labelled import load_labelled
from tools.embedding import Embedder

SUITES = Path(__file__).parent / "suites"

Progress = Callable[[str], None]


def fitted_on() -> dict[str, Path]:
    """The suites that training sees, by name: all but those whose manifest says `use: measurement`."""
    told = {path.parent: yaml.safe_load(path.read_text("utf-8")) for path in sorted(SUITES.glob("*/manifest.yaml"))}
    return {folder.name: folder for folder, manifest in told.items() if manifest.get("use") != "measurement"}


def train(
    *, cache: Path | None = None, keep_intents: bool = False, progress: Progress = lambda _: None
) -> dict[str, str]:
    """Refit the intent model, the weights and the calibrators; returns the digests of the artefacts by file name.

    The calibrators see each suite as an engine does that was fitted on the others alone.

    `cache` keeps embeddings between runs (the first run embeds every training text: some minutes)."""
    embedder = Embedder(cache)
    digests: dict[str, str] = {}
    if not keep_intents:
        progress("embedding the training texts")
        examples = intent_training.load_corpora()
        vectors = intent_training.embed_examples(examples, embedder)
        progress("fitting the intent model")
        digests[MODEL_PATH.name] = intent_training.fit(examples, vectors).save(MODEL_PATH)
    suites = {name: load_labelled(folder) for name, folder in fitted_on().items()}
    model = IntentModel.load()
    unfitted = IntentWeights.unfitted(intents_of(model))
    engines = {n: build_engine(records_of(s), embedder=embedder, weights=unfitted) for n, s in suites.items()}
    topics = {}
    for name, suite in suites.items():
        progress(f"observing {name}")
        topics[name] = weight_training.observe_topics(suite, engines[name])
    weights = weight_training.fit(topics, list(suites), model)
    digests[WEIGHTS_PATH.name] = save(weights, WEIGHTS_PATH)
    rated = []
    for name, engine in engines.items():
        progress(f"judging {name} by the others")
        engine.weights = weight_training.fit(topics, [other for other in suites if other != name], model)
        engine.calibration = None
        engine.refresh()
        rated += calibration_training.observe(suites[name], engine, name)
    calibration = calibration_training.fit(rated, suites, engine)
    digests[CALIBRATION_PATH.name] = save(calibration, CALIBRATION_PATH, indent=1)
    return digests


def save(artefact: IntentWeights | Calibration, path: Path, *, indent: int | None = None) -> str:
    """Write what was fitted and return its digest: the SHA-256 of its content without the digest itself."""
    content = artefact.model_dump(exclude={"digest"})
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    path.write_text(json.dumps({**content, "digest": digest}, indent=indent, sort_keys=True) + "\n", encoding="utf-8")
    return digest
