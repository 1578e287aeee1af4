"""Reading of intent on public customer messages, by a model trained without them and by one trained with them.

The messages are one sentence each, synthetic and to consumers' shops (Bitext, CDLA-Sharing-1.0). Those that are nearly the
same stay on one side of the split. What training with them does to the product's own texts is measured beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from agent.taxonomy import taxonomy
from evals.intent_quality import FOLDS, Integers, cross_fitted, figures, folds, ideas, labels_of
from evals.intent_training import Example, embed_examples, load_corpora
from evals.labelled import LabelError
from evals.quality import table, write_page
from evals.report import with_interval
from tools.embedding import Embedder

Progress = Callable[[str], None]

PAGE = """# Reading of intent on public messages, measured

Written by `triage eval bitext`; do not edit. Measured at commit `{commit}` on {public} customer messages of `{file}`
whose label has a counterpart in the taxonomy, {ideas} after near-duplicates are joined, and on the product's own {own}
training texts. {folds}-fold cross-validation; near-duplicates, and texts that share an idea, stay on one side. Intervals
are 95 %, percentile bootstrap over groups.

{overall}

The public messages are synthetic, English, one sentence each and written to consumers' shops: a figure on them says
little about trade mail. The model that ships is trained without them.

## By intent, share read as labelled

{intents}
"""


def load_messages(path: Path) -> list[Example]:
    """The messages whose label maps to an intent. Raises LabelError."""
    known = taxonomy().intents
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        examples = [
            Example(row["text"], row["intent"], "customer", "en", "sentence") for row in rows if row["intent"] in known
        ]
    except (OSError, ValueError, KeyError) as error:
        raise LabelError(f"{path} cannot be read as labelled messages: {error}") from error
    if not examples:
        raise LabelError(f"{path} holds no message with an intent of the taxonomy.")
    return examples


def write(file: Path, out: Path, embedder: Embedder, progress: Progress = lambda _: None) -> None:
    """Measure and write the page. Raises LabelError for a file that cannot be read."""
    public, own = load_messages(file), load_corpora()
    progress("embedding the messages")
    public_vectors, own_vectors = embed_examples(public, embedder), embed_examples(own, embedder)
    public_groups, own_groups = ideas(public, public_vectors), ideas(own, own_vectors)
    both, vectors = [*own, *public], np.concatenate([own_vectors, public_vectors])
    fold = np.concatenate([folds(own_groups), folds(public_groups)])
    is_own = np.arange(len(both)) < len(own)
    found: dict[str, list[Integers]] = {"public": [], "own": []}
    for teaches in (is_own, np.ones_like(is_own)):
        predicted = cross_fitted(both, vectors, fold, progress, teaches).argmax(axis=1)
        found["public"].append(predicted[~is_own])
        found["own"].append(predicted[is_own])
    rows = []
    for name, examples, groups in (("public", public, public_groups), ("own", own, own_groups)):
        scored = [figures(labels_of(examples), predicted, groups) for predicted in found[name]]
        for figure in scored[0]:
            rows.append([f"{figure}, {name} texts", *(with_interval(s[figure]) for s in scored)])
    write_page(
        out,
        PAGE,
        public=len(public),
        file=file.name,
        ideas=int(public_groups.max()) + 1,
        own=len(own),
        folds=FOLDS,
        overall=table(["figure", "trained without them", "trained with them"], rows),
        intents=by_intent(public, found["public"]),
    )


def by_intent(examples: Sequence[Example], predictions: Sequence[Integers]) -> str:
    labels = labels_of(examples)
    names = np.array([e.intent for e in examples])
    rows = []
    for name in sorted(set(names)):
        here = names == name
        shares = [f"{(predicted[here] == labels[here]).mean():.3f}" for predicted in predictions]
        rows.append([str(name), str(int(here.sum())), *shares])
    return table(["intent", "messages", "trained without them", "trained with them"], rows)
