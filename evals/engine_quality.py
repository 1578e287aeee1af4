"""The engines side by side on one set with one model: what asking brings, and what it costs.

Predictions are kept by engine, one line a case, so that a run over a slow model can be stopped and goes on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np

from agent.llm.doubt import Reliability
from evals.engines import engine_named, records_of
from evals.labelled import LabelledSet, load_labelled
from evals.matching import judge
from evals.predict import predict_case
from evals.predictions import PredictedException, Prediction, load_predictions
from evals.quality import table, write_page
from evals.report import NAMES, with_interval
from evals.score import SEED, score

ENGINES = ("local", "llm", "cascade", "react")
FIGURES = ("end_to_end", "exception_f1", "fields_f1", "actions_exact", "coverage_at_98", "selective_risk")
DRAWS = 2_000
TEMPLATE = """# Engines side by side

Written by `triage eval engines`; do not edit. Measured on {day} at commit `{commit}` with the model `{model}`.

{what}

`local` uses no model. `llm` asks about every message with words to be read. `cascade` asks where the local engine's doubt
is worth the cost, with what the model's word is worth as measured on another suite ({worth}). `react` is a plain
LangChain agent with the same model, instructions and look-ups, without bounds, grounding, or the local engine.

{figures}

{cost}

{paired}

Intervals are 95 % over whole cases. Seconds are of the machine that measured, which had other work to do; compare tokens.
"""


def drawn(labelled: LabelledSet, cases: int | None, seed: int) -> LabelledSet:
    """So many cases of the set, drawn with a seed; all of them without a number."""
    if cases is None or cases >= len(labelled.cases):
        return labelled
    chosen = {c.id for c in random.Random(seed).sample(labelled.cases, cases)}
    return replace(labelled, cases=[c for c in labelled.cases if c.id in chosen])


def run(
    labelled: LabelledSet,
    folder: Path,
    engines: Sequence[str],
    *,
    index_dir: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Predicts what `folder` does not hold yet, engine by engine. Raises LabelError for an engine that is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    reader = records_of(labelled)
    for name in engines:
        file = folder / f"{name}.jsonl"
        done = {p.id for p in load_predictions(file)} if file.exists() else set()
        missing = [c for c in labelled.cases if c.id not in done]
        if not missing:
            continue
        standing = engine_named(name, reader, index_dir=index_dir)
        with file.open("a", encoding="utf-8") as out:
            for number, case in enumerate(missing, start=1):
                out.write(predict_case(standing, labelled, case).line() + "\n")
                out.flush()
                if progress:
                    progress(name, number, len(missing))


def predictions_in(folder: Path, labelled: LabelledSet) -> dict[str, list[Prediction]]:
    """What each engine said of the cases that it has come to."""
    wanted = {c.id for c in labelled.cases}
    files = {name: folder / f"{name}.jsonl" for name in ENGINES}
    held = {name: load_predictions(file) for name, file in files.items() if file.exists()}
    return {name: kept for name, rows in held.items() if (kept := [p for p in rows if p.id in wanted])}


def write(labelled: LabelledSet, folder: Path, out: Path, *, model: str, worth: Reliability, seed: int) -> None:
    """Writes the page from the predictions in a folder."""
    found = predictions_in(folder, labelled)
    scores = {name: score(only(labelled, rows), rows) for name, rows in found.items()}
    figures = [
        [NAMES[figure], *(with_interval(s.overall.figures[figure]) for s in scores.values())] for figure in FIGURES
    ]
    what = (
        f"{len(labelled.cases)} of the {len(load_labelled(labelled.path, labels=False).cases)} messages of "
        f"`{labelled.path.name}`, drawn with seed {seed}: a sample, since a small model on one core of a shared machine is "
        "slow. The intervals are as wide as they are."
    )
    write_page(
        out,
        TEMPLATE,
        day=date.today().isoformat(),
        model=model,
        what=what,
        worth=said_of(worth),
        figures=table(["figure", *scores], figures),
        cost=table(["cost", *found], cost_rows(found)),
        paired=paired_with_local(labelled, found),
    )


def only(labelled: LabelledSet, rows: Sequence[Prediction]) -> LabelledSet:
    """The set with the cases that there are predictions for."""
    ids = {p.id for p in rows}
    return replace(labelled, cases=[c for c in labelled.cases if c.id in ids])


def cost_rows(found: dict[str, list[Prediction]]) -> list[list[str]]:
    llm = {p.id: p.tokens for p in found.get("llm", [])}

    def beside_llm(rows: list[Prediction]) -> str:
        both = [p for p in rows if p.id in llm]
        whole = sum(llm[p.id] for p in both)
        return f"{sum(p.tokens for p in both) / whole:.3f}" if whole else "–"

    return [
        ["messages", *(str(len(rows)) for rows in found.values())],
        ["tokens a message", *(f"{sum(p.tokens for p in rows) / len(rows):.0f}" for rows in found.values())],
        ["tokens, share of `llm` on the same messages", *(beside_llm(rows) for rows in found.values())],
        ["share asked", *(f"{sum(p.model_calls > 0 for p in rows) / len(rows):.3f}" for rows in found.values())],
        ["calls a message asked about", *(_calls(rows) for rows in found.values())],
        ["seconds a message, median", *(f"{median(p.seconds for p in rows):.2f}" for rows in found.values())],
        ["fell back or failed", *(f"{sum(p.engine == 'fallback' for p in rows)}" for rows in found.values())],
    ]


def _calls(rows: Sequence[Prediction]) -> str:
    asked = [p.model_calls for p in rows if p.model_calls]
    return f"{sum(asked) / len(asked):.2f}" if asked else "0"


def paired_with_local(labelled: LabelledSet, found: dict[str, list[Prediction]]) -> str:
    """Cases that one engine got right as a whole and `local` did not, and the other way round."""
    products, cases = labelled.product_keys(), {c.id: c for c in labelled.cases}
    right = {name: {p.id: judge(cases[p.id], p, products).right for p in rows} for name, rows in found.items()}
    rows = []
    for name in found:
        both = [(right["local"][i], now) for i, now in right[name].items() if i in right["local"]]
        if name == "local" or not both:
            continue
        gained, lost = sum(not a and b for a, b in both), sum(a and not b for a, b in both)
        low, high = _difference([int(b) - int(a) for a, b in both])
        rows.append([name, str(gained), str(lost), f"{(gained - lost) / len(both):+.3f} ({low:+.3f} to {high:+.3f})"])
    return table(["against `local`, end to end", "gained", "lost", "difference"], rows)


def _difference(changes: Sequence[int]) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a mean over cases."""
    draws = np.random.default_rng(SEED).choice(np.array(changes), size=(DRAWS, len(changes)))
    low, high = np.percentile(draws.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def reliability(labelled: LabelledSet, folder: Path, *, model: str) -> Reliability:
    """What the model's word is worth, from the predictions of `local` and `llm` on a set that nothing else is judged by.

    Messages that the model was not asked about, or that fell back, say nothing of it."""
    found = predictions_in(folder, labelled)
    products = labelled.product_keys()
    cases = {c.id: c for c in labelled.cases}
    theirs = {p.id: p for p in found["llm"]}
    counts = {"right": 0, "right_agrees": 0, "wrong": 0, "wrong_agrees": 0, "wrong_corrected": 0}
    for ours in found["local"]:
        other = theirs.get(ours.id)
        if other is None or not other.model_calls or other.engine != "llm":
            continue
        agrees = substance(ours) == substance(other)
        if judge(cases[ours.id], ours, products).right:
            counts["right"] += 1
            counts["right_agrees"] += agrees
        else:
            counts["wrong"] += 1
            counts["wrong_agrees"] += agrees
            counts["wrong_corrected"] += not agrees and judge(cases[ours.id], other, products).right
    return Reliability.measured(counts, {"set": labelled.path.name, "model": model})


def substance(prediction: Prediction) -> list[str]:
    """Intents, records and values of lines: what agreement is about."""
    return sorted(_said(e) for e in prediction.exceptions)


def _said(exception: PredictedException) -> str:
    record = (exception.record.model, exception.record.id) if exception.record else None
    lines = [{k: v for k, v in line.items() if k != "product"} for line in exception.fields.get("lines", [])]
    return repr((exception.intent, record, sorted(map(repr, lines))))


def said_of(worth: Reliability) -> str:
    told = worth.provenance
    source = f"{told['right'] + told['wrong']} messages of `{told['set']}`" if "right" in told else "a cautious guess"
    return (
        f"agrees with `local` in {worth.agrees_when_right:.2f} where that is right and {worth.agrees_when_wrong:.2f} where "
        f"it is wrong, is right in {worth.right_when_wrong:.2f} where that is wrong; {source}"
    )
