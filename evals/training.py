"""`triage train`: refits what ships in `agent/models` from the data in this repository, reproducibly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.intents import MODEL_PATH
from agent.rate import CALIBRATION_PATH
from evals import calibration_training, intent_training
from tools.embedding import Embedder

Progress = Callable[[str], None]


def train(
    *, cache: Path | None = None, calibration_only: bool = False, progress: Progress = lambda _: None
) -> dict[str, str]:
    """Refit the intent model and the calibrators; returns the digests of the artefacts by file name.

    `cache` keeps embeddings between runs (the first run embeds every training text: some minutes)."""
    embedder = Embedder(cache)
    digests: dict[str, str] = {}
    if not calibration_only:
        progress("embedding the training texts")
        examples = intent_training.load_corpora()
        vectors = intent_training.embed_examples(examples, embedder)
        progress("fitting the intent model")
        digests[MODEL_PATH.name] = intent_training.fit(examples, vectors).save(MODEL_PATH)
    suites = [path.parent for path in sorted(calibration_training.SUITES.glob("*/cases.jsonl"))]
    calibration = calibration_training.fit(suites, embedder, progress)
    digests[CALIBRATION_PATH.name] = calibration_training.save(calibration, CALIBRATION_PATH)
    return digests
