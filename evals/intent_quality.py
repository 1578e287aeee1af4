"""How well the intent model reads texts that it was not trained on: cross-validation over the corpora, by ideas.

Many texts of the corpora say the same in several languages. A split that lets one of them teach the other flatters, so
texts that share an idea stay on one side: those of one intent that are each other's nearest neighbours across two
languages, or nearly the same within one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.intents import NONE, IntentModel, Matrix
from agent.taxonomy import taxonomy
from evals.intent_training import Example, embed_examples, fit, load_corpora
from evals.intervals import bootstrap, resample
from evals.quality import table, write_page
from evals.report import interval, number
from evals.score import Figure
from tools.embedding import Embedder

FOLDS = 5
SAME_ACROSS, SAME_WITHIN = 0.88, 0.96
"""Cosine similarity from which two texts of one intent share an idea, across languages (where each is the other's
nearest) and within one. Read off pairs of the corpora: translations lie at 0.88 and more."""
RESAMPLES, SEED = 1000, 0
SHOWN_CONFUSIONS = 30
CLASSES = [*sorted(taxonomy().intents), NONE]

Progress = Callable[[str], None]
Integers = NDArray[np.int64]

PAGE = """# Reading of intent, measured

Written by `triage eval intents`; do not edit. Measured at commit `{commit}` on the product's own corpora (see
[data](data.md)): {examples} texts, {ideas} ideas. {folds}-fold cross-validation; texts that share an idea, in whatever
language, stay on one side. Intervals are 95 %, percentile bootstrap over ideas.

These are figures about single statements out of context, with the sender's role known. In a message the model also sees
the order: [evaluating](evaluating.md) tells how whole messages are read.

{overall}

## By language, role and kind of text

{slices}

## By intent

{intents}

## What is taken for what

The {confusions} most frequent confusions.

{confused}
"""


def ideas(examples: Sequence[Example], vectors: Matrix) -> Integers:
    """The number of the idea that each example expresses (n): connected components of the pairs of alike texts."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = np.array(list(_alike(examples, vectors)), dtype=np.int64).reshape(-1, 2)
    n = len(examples)
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, dtype=np.int64)


def _alike(examples: Sequence[Example], vectors: Matrix) -> Iterator[tuple[int, int]]:
    places: dict[str, dict[str, list[int]]] = {}
    for i, e in enumerate(examples):
        places.setdefault(e.intent, {}).setdefault(e.language, []).append(i)
    for by_language in places.values():
        languages = [(name, np.array(members)) for name, members in by_language.items()]
        for position, (_, here) in enumerate(languages):
            within = np.triu(vectors[here] @ vectors[here].T, 1)
            yield from ((here[i], here[j]) for i, j in np.argwhere(within >= SAME_WITHIN))
            for _, there in languages[position + 1 :]:
                near = vectors[here] @ vectors[there].T
                nearest, back = near.argmax(axis=1), near.argmax(axis=0)
                for i, j in enumerate(nearest):
                    if back[j] == i and near[i, j] >= SAME_ACROSS:
                        yield here[i], there[j]


def folds(groups: Integers) -> Integers:
    """The fold of each example (n): whole groups, drawn at random with a fixed seed."""
    drawn = np.random.default_rng(SEED).integers(0, FOLDS, int(groups.max()) + 1)
    return np.asarray(drawn[groups], dtype=np.int64)


def probabilities(model: IntentModel, examples: Sequence[Example], vectors: Matrix) -> Matrix:
    """A model's class probabilities (n, len(CLASSES)), in the order of `CLASSES`."""
    found = model.mixed([e.text for e in examples], [e.role for e in examples], vectors)
    spread = np.zeros((len(examples), len(CLASSES)), dtype=np.float32)
    spread[:, [CLASSES.index(c) for c in model.classes]] = found
    return spread


def cross_fitted(
    examples: Sequence[Example],
    vectors: Matrix,
    fold: Integers,
    progress: Progress = lambda _: None,
    teaches: NDArray[np.bool_] | bool = True,
) -> Matrix:
    """Class probabilities (n, len(CLASSES)) of each example by a model that has not seen its idea. Models are trained on
    the examples that teach (n), those of the other folds."""
    found = np.zeros((len(examples), len(CLASSES)), dtype=np.float32)
    for k in range(FOLDS):
        progress(f"fold {k + 1} of {FOLDS}")
        train, test = (fold != k) & teaches, fold == k
        model = fit(those(examples, train), vectors[train])
        found[test] = probabilities(model, those(examples, test), vectors[test])
    return found


def those(examples: Sequence[Example], where: NDArray[np.bool_]) -> list[Example]:
    return [example for example, wanted in zip(examples, where, strict=True) if wanted]


def labels_of(examples: Sequence[Example]) -> Integers:
    return np.array([CLASSES.index(e.intent) for e in examples], dtype=np.int64)


def figures(labels: Integers, predicted: Integers, groups: Integers) -> dict[str, Figure]:
    """Accuracy and macro F1 (mean over the classes that are labelled) with their intervals over groups."""
    present = np.unique(labels)
    counts = np.zeros((int(groups.max()) + 1, len(CLASSES), 3))
    for group, label, said in zip(groups.tolist(), labels.tolist(), predicted.tolist(), strict=True):
        counts[group, label, 0] += label == said
        counts[group, said, 1] += 1
        counts[group, label, 2] += 1

    def accuracy(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(sums[..., 0].sum(axis=-1) / sums[..., 2].sum(axis=-1))

    def macro(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        each = 2 * sums[..., 0] / np.maximum(1, sums[..., 1] + sums[..., 2])
        return np.asarray(each[..., present].mean(axis=-1))

    weights = resample(len(counts), samples=RESAMPLES, seed=SEED)
    whole = counts.sum(axis=0)
    return {
        "accuracy": Figure.of(float(accuracy(whole)), bootstrap(weights, counts, accuracy)),
        "macro F1": Figure.of(float(macro(whole)), bootstrap(weights, counts, macro)),
    }


def write(out: Path, embedder: Embedder, progress: Progress = lambda _: None) -> dict[str, Figure]:
    """Cross-validate over the corpora, write the page and return the figures."""
    progress("embedding the texts")
    examples = load_corpora()
    vectors = embed_examples(examples, embedder)
    groups = ideas(examples, vectors)
    labels = labels_of(examples)
    predicted = cross_fitted(examples, vectors, folds(groups), progress).argmax(axis=1)
    found = figures(labels, predicted, groups)
    write_page(
        out,
        PAGE,
        examples=len(examples),
        ideas=int(groups.max()) + 1,
        folds=FOLDS,
        overall=table(
            ["figure", "value", "95 % interval"], [[n, number(f.value), interval(f)] for n, f in found.items()]
        ),
        slices=slices(examples, labels == predicted),
        intents=intents(labels, predicted),
        confusions=SHOWN_CONFUSIONS,
        confused=confused(labels, predicted),
    )
    return found


def slices(examples: Sequence[Example], right: NDArray[np.bool_]) -> str:
    rows = []
    for dimension in ("language", "role", "unit"):
        values = np.array([getattr(e, dimension) for e in examples])
        for value in sorted(set(values)):
            here = right[values == value]
            rows.append([f"{dimension} {value}", str(len(here)), f"{here.mean():.3f}"])
    return table(["", "texts", "accuracy"], rows)


def intents(labels: Integers, predicted: Integers) -> str:
    rows = []
    for c, name in enumerate(CLASSES):
        actual, said = labels == c, predicted == c
        both = int((actual & said).sum())
        precision, recall = both / max(1, said.sum()), both / max(1, actual.sum())
        f1 = 2 * both / max(1, actual.sum() + said.sum())
        rows.append([name, str(int(actual.sum())), f"{precision:.3f}", f"{recall:.3f}", f"{f1:.3f}"])
    return table(["intent", "texts", "precision", "recall", "F1"], rows)


def confused(labels: Integers, predicted: Integers) -> str:
    wrong: Counter[Any] = Counter((int(a), int(b)) for a, b in zip(labels, predicted, strict=True) if a != b)
    rows = [[CLASSES[a], CLASSES[b], str(n)] for (a, b), n in wrong.most_common(SHOWN_CONFUSIONS)]
    return table(["is", "taken for", "texts"], rows)
