"""Runs the product's own agent over a labelled set, without ever looking at what is expected."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from evals.engines import Engine, engine_named, known, records_of
from evals.labelled import Case, LabelledSet, load_labelled
from evals.predictions import Prediction

Progress = Callable[[int, int], None]


def predict(
    set_dir: Path,
    out: Path,
    *,
    engine: str = "local",
    index_dir: Path | None = None,
    progress: Progress | None = None,
) -> list[Prediction]:
    """Writes one line a case to `out`, in the order of receipt, and returns what it wrote.

    A case that fails gets its line too, with `manual` and `error`. `seconds` is the wall time from raw bytes to
    prediction. `index_dir` keeps the search index between runs. `progress` is called with (cases done, cases in all).
    Raises LabelError for a set that cannot be read or an engine that is not there."""
    known(engine)
    labelled = load_labelled(set_dir, labels=False)
    return predict_with(
        engine_named(engine, records_of(labelled), index_dir=index_dir), labelled, out, progress=progress
    )


def predict_with(
    engine: Engine, labelled: LabelledSet, out: Path, *, progress: Progress | None = None
) -> list[Prediction]:
    """`predict` with an engine that stands already."""
    predictions: list[Prediction] = []
    with out.open("w", encoding="utf-8") as file:
        for case in labelled.cases:
            prediction = predict_case(engine, labelled, case)
            predictions.append(prediction)
            file.write(prediction.line() + "\n")
            if progress:
                progress(len(predictions), len(labelled.cases))
    return predictions


def predict_case(engine: Engine, labelled: LabelledSet, case: Case) -> Prediction:
    started = time.perf_counter()
    try:
        triage = engine.triage(labelled.message(case))
        return Prediction.of(case.id, triage, time.perf_counter() - started)
    except Exception as error:  # no case may be missing from the file, whatever its message does to the agent
        return Prediction(
            id=case.id,
            manual=True,
            engine="fallback",
            seconds=time.perf_counter() - started,
            error=f"{type(error).__name__}: {error}",
        )
