"""Writes the page of measured quality: figures with intervals, the baselines beside them, and what they rest on."""

from __future__ import annotations

import subprocess
from collections import Counter
from datetime import date
from pathlib import Path

from evals.baselines import score_all
from evals.labelled import LabelledSet, load_labelled
from evals.predictions import load_predictions
from evals.report import NAMES, SLICE_COLUMNS, interval, number
from evals.score import Group, Score, score

TEMPLATE = """# Measured quality

Written by `triage eval quality`; do not edit. Measured on {day} at commit `{commit}`, engine `{engine}`.

## What was measured

{what}

The company, its people and its orders are invented. The set served while the product was made, to see where it goes
wrong: these figures are an upper estimate of what another company will see. Nothing was trained on it: the intent
model and the calibrators are fitted on the product's own corpora (see [data](data.md)). A set of your own decisions
tells more (see [evaluating](evaluating.md)).

## Figures

Intervals are 95 %: Wilson's for shares of cases, else the percentile bootstrap over whole cases (1000 draws).
The definition of each figure stands in `evals/score.py`.

{overall}

The calibration error has to be read beside the value below it: a perfectly calibrated engine stays under that in 95 of
100 runs.

## Beside simple readers

The same cases and the same scorer. The simple readers state no fields, so that their end to end figure is low by
construction; compare intents and records.

{baselines}

## By language and channel

{slices}

## By intent

{intents}
"""


def write(set_dir: Path, predictions_file: Path, out: Path, *, vectors: Path | None = None) -> None:
    """Scores the run and the baselines on the set and writes the page. `vectors` is a file that keeps embeddings.

    Raises LabelError for unreadable input."""
    labelled = load_labelled(set_dir)
    predictions = load_predictions(predictions_file)
    scored = score(labelled, predictions)
    write_page(
        out,
        TEMPLATE,
        day=date.today().isoformat(),
        engine=", ".join(sorted({p.engine for p in predictions})),
        what=describe(labelled),
        overall=overall(scored),
        baselines=comparison({"this product": scored, **score_all(labelled, vectors=vectors)}),
        slices="\n\n".join(
            slices(dimension, scored.slices.get(dimension, {})) for dimension in ("language", "channel")
        ),
        intents=intents(scored),
    )


def write_page(out: Path, template: str, **values: object) -> None:
    """Write a page of measured figures: the template with its values and the `commit` that they were measured at."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(template.format(commit=commit(), **values), encoding="utf-8")


def commit() -> str:
    """The short hash of the checked-out commit, marked where the tree differs from it; `unknown` outside of git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()


def describe(labelled: LabelledSet) -> str:
    cases = labelled.cases
    channels = Counter(c.channel.value for c in cases)
    languages = Counter(str(c.tags.get("language", "unknown")) for c in cases)
    exceptions = [e for c in cases if c.expected for e in c.expected.exceptions]
    manual = sum(c.expected.manual for c in cases if c.expected)
    return (
        f"`{labelled.path.name}`: {len(cases)} messages ({counted(channels)}) with {len(exceptions)} labelled "
        f"exceptions of {len({e.intent for e in exceptions})} intents; languages {counted(languages)}; {manual} "
        "messages for which only the manual lane is right."
    )


def counted(counts: Counter[str]) -> str:
    return ", ".join(f"{value} {count}" for value, count in counts.most_common())


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table whose columns but the first are right-aligned."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def overall(scored: Score) -> str:
    rows = [[NAMES[name], number(f.value), interval(f)] for name, f in scored.overall.figures.items()]
    return table(["figure", "value", "95 % interval"], rows)


def comparison(scores: dict[str, Score]) -> str:
    rows = [
        [NAMES[name], *(number(s.overall.figures[name].value) for s in scores.values())]
        for name in (*SLICE_COLUMNS, "record_recall_at_5", "calibration_error", "seconds_median")
    ]
    return table(["figure", *scores], rows)


def slices(dimension: str, groups: dict[str, Group]) -> str:
    rows = [
        [value, str(g.cases), *(number(g.figures[name].value) for name in SLICE_COLUMNS)] for value, g in groups.items()
    ]
    return table([dimension, "cases", *(NAMES[name] for name in SLICE_COLUMNS)], rows)


def intents(scored: Score) -> str:
    rows = [
        [name, str(f.support), number(f.precision), number(f.recall), number(f.f1)]
        for name, f in sorted(scored.intents.items(), key=lambda item: -item[1].support)
    ]
    return table(["intent", "cases", "precision", "recall", "F1"], rows)
