"""Fits the intent model from the hand-written corpora. Same data, same artefact digest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agent.intents import NONE, ROLES, IntentModel, Matrix, embed, mask, ngram_vectorizer
from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from tools.embedding import Embedder

CORPORA = Path(__file__).parent / "corpora"
MAX_NGRAMS = 40_000
NGRAM_REGULARISATION = 20.0
NGRAM_SHARE = 0.5
ROLE_SMOOTHING = 3.0
HIDDEN_UNITS = 256
HIDDEN_PENALTY = 3.0
EPOCHS = 25
VECTOR_SCALE = 45.0
"""Components of unit vectors of 384 spread by some 0.022 about their mean: scaled, they spread by about 1."""
PROTOTYPES_PER_CLASS = 12


@dataclass(frozen=True)
class Example:
    text: str
    intent: str
    role: str
    language: str
    unit: str


def load_corpora(folder: Path = CORPORA) -> list[Example]:
    """All examples, in the order of file name and row. Raises ValueError naming the file and row at fault."""
    known = {*taxonomy().intents, NONE}
    examples: list[Example] = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            example = Example(**json.loads(row))
            if example.intent not in known or example.role not in ROLES:
                raise ValueError(f"{path.name}:{number}: unknown intent or role: {example.intent}, {example.role}")
            examples.append(example)
    return examples


def fit(examples: Sequence[Example], vectors: Matrix) -> IntentModel:
    """Fit both views. `vectors` are the examples' embeddings (n, 384)."""
    from sklearn.linear_model import LogisticRegression

    classes = [*sorted(taxonomy().intents), NONE]
    labels = np.array([classes.index(e.intent) for e in examples])
    vectorizer = ngram_vectorizer(max_features=MAX_NGRAMS)
    features = vectorizer.fit_transform([mask(e.text) for e in examples])
    words = LogisticRegression(C=NGRAM_REGULARISATION, max_iter=300, tol=1e-3)
    words.fit(features, labels)
    hidden_weights, hidden_bias, output_weights, output_bias = fit_meaning(vectors, labels)
    present = [int(c) for c in words.classes_]
    return IntentModel(
        classes=[classes[c] for c in present],
        vocabulary={str(k): int(v) for k, v in vectorizer.vocabulary_.items()},
        idf=vectorizer.idf_.astype(np.float32),
        ngram_weights=words.coef_.T.astype(np.float32),
        ngram_bias=words.intercept_.astype(np.float32),
        role_prior=role_prior(examples, [classes[c] for c in present]),
        share=NGRAM_SHARE,
        prototypes=prototypes(labels, vectors),
        hidden_weights=hidden_weights,
        hidden_bias=hidden_bias,
        output_weights=output_weights,
        output_bias=output_bias,
    )


def fit_meaning(vectors: Matrix, labels: Any) -> tuple[Matrix, ...]:
    """The network that reads vectors (n, 384): its four arrays, in the order in which `IntentModel` has them."""
    from sklearn.neural_network import MLPClassifier

    mean = vectors.mean(axis=0)
    features = VECTOR_SCALE * (vectors - mean)
    network = MLPClassifier((HIDDEN_UNITS,), alpha=HIDDEN_PENALTY, random_state=0)
    every = np.unique(labels)
    for _ in range(EPOCHS):
        network.partial_fit(features, labels, classes=every)
    hidden_weights = VECTOR_SCALE * network.coefs_[0]
    hidden_bias = network.intercepts_[0] - mean @ hidden_weights
    arrays = (hidden_weights, hidden_bias, network.coefs_[1], network.intercepts_[1])
    return tuple(array.astype(np.float32) for array in arrays)


def role_prior(examples: Sequence[Example], classes: Sequence[str]) -> Matrix:
    """log P(class | role) - log P(class), smoothed (rows: ROLES; the row of `unknown` is 0): added to the logits, it
    turns the classifier's posterior into the one that knows who wrote."""
    counts = np.full((len(ROLES), len(classes)), ROLE_SMOOTHING, dtype=np.float64)
    for e in examples:
        counts[ROLES.index(e.role), classes.index(e.intent)] += 1
    given_role = counts / counts.sum(axis=1, keepdims=True)
    overall = counts.sum(axis=0) / counts.sum()
    prior = np.log(given_role) - np.log(overall)
    for row in ("unknown", "internal"):
        prior[ROLES.index(row)] = 0.0
    # Who writes says nothing about out-of-office notes, advertising and doubt.
    prior[:, [i for i, name in enumerate(classes) if name in INTENTS_WITHOUT_RECORD or name == NONE]] = 0.0
    return np.asarray(prior, dtype=np.float32)


def prototypes(labels: Any, vectors: Matrix) -> Matrix:
    """k-means centres within each class, unit length: what the training texts look like, small enough to ship."""
    from sklearn.cluster import KMeans

    centres = []
    for label in np.unique(labels):
        members = vectors[labels == label]
        k = min(PROTOTYPES_PER_CLASS, len(members))
        centres.append(KMeans(k, n_init=1, random_state=0).fit(members).cluster_centers_)
    stacked = np.concatenate(centres).astype(np.float32)
    return np.asarray(stacked / np.linalg.norm(stacked, axis=1, keepdims=True), dtype=np.float32)


def embed_examples(examples: Sequence[Example], embedder: Embedder) -> Matrix:
    return embed([e.text for e in examples], embedder)
