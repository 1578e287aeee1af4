"""What a statement is about: a classifier over the taxonomy's intents and `none`, in seven languages.

Two views of a text are combined: character n-grams, which carry the trade's wording in each language, read by a
multinomial logistic regression; and multilingual sentence embeddings, which carry meaning to wordings never seen, read by
a network of one hidden layer. Who writes is weighed with both. Numbers and codes are masked for the n-grams, so that no
company's numbering is learned.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tools.embedding import Embedder

NONE = "none"
ROLES = ("supplier", "customer", "carrier", "internal", "unknown")
EMBEDDED_CHARACTERS = 240
MODEL_PATH = Path(__file__).parent / "models" / "intents.npz"

Matrix = NDArray[np.float32]

_CODE = re.compile(r"\b(?=[\w/.-]*\d)(?=[\w/.-]*[^\W\d])\w+(?:[/.-]\w+)*\b")
_NUMBER = re.compile(r"\d+(?:[.,/:\-]\d+)*")


def mask(text: str) -> str:
    """Lower-cased text with codes and numbers replaced, so that wording alone decides."""
    text = _CODE.sub(" xcode ", text.casefold())
    return re.sub(r"\s+", " ", _NUMBER.sub(" 0 ", text)).strip()


@dataclass
class IntentModel:
    """Weights of both views. `classes` are taxonomy keys and `none`; `share` weighs the n-gram view's log-probability
    beside the embedding view's (a logarithmic opinion pool: Genest and Zidek 1986), and `role_prior` (rows: ROLES) is what
    the sender's role adds to either."""

    classes: list[str]
    vocabulary: dict[str, int]
    idf: Matrix
    ngram_weights: Matrix
    ngram_bias: Matrix
    role_prior: Matrix
    hidden_weights: Matrix
    hidden_bias: Matrix
    output_weights: Matrix
    output_bias: Matrix
    share: float
    prototypes: Matrix
    digest: str = ""

    @cached_property
    def _vectorizer(self) -> Any:
        vectorizer = ngram_vectorizer(self.vocabulary)
        vectorizer.idf_ = self.idf.astype(np.float64)
        return vectorizer

    def ngram_scores(self, texts: Sequence[str], roles: Sequence[str]) -> Matrix:
        """Probabilities (n texts, n classes) from wording alone: quick enough for every statement."""
        return softmax(self._ngram_logits(texts) + self._role_logits(roles))

    def scores(self, texts: Sequence[str], roles: Sequence[str], embedder: Embedder) -> tuple[Matrix, Matrix]:
        """Probabilities (n texts, n classes) from both views, and each text's similarity to the nearest training
        prototype (cosine, n texts): low values mean a text unlike anything that the model was trained on."""
        vectors = embed(texts, embedder)
        return self.mixed(texts, roles, vectors), (vectors @ self.prototypes.T).max(axis=1)

    def mixed(self, texts: Sequence[str], roles: Sequence[str], vectors: Matrix) -> Matrix:
        """Probabilities (n texts, n classes) from both views, where the texts' vectors (n texts, 384) are known."""
        hidden = np.maximum(0.0, vectors @ self.hidden_weights + self.hidden_bias)
        meaning = hidden @ self.output_weights + self.output_bias
        return softmax(meaning + self.share * self._ngram_logits(texts) + self._role_logits(roles))

    def _ngram_logits(self, texts: Sequence[str]) -> Matrix:
        if not texts:
            return np.zeros((0, len(self.classes)), dtype=np.float32)
        features = self._vectorizer.transform([mask(t) for t in texts])
        return np.asarray(features @ self.ngram_weights, dtype=np.float32) + self.ngram_bias

    def _role_logits(self, roles: Sequence[str]) -> Matrix:
        return self.role_prior[[ROLES.index(r) for r in roles]]

    def save(self, path: Path) -> str:
        """Write the artefact and return its digest: the SHA-256 of its arrays and words, not of the archive."""
        path.parent.mkdir(parents=True, exist_ok=True)
        words = json.dumps(
            {"classes": self.classes, "vocabulary": sorted(self.vocabulary, key=self.vocabulary.__getitem__)},
            ensure_ascii=False,
        )
        arrays = self._arrays()
        np.savez_compressed(path, words=np.frombuffer(words.encode(), dtype=np.uint8), **arrays)
        return digest_of(words, arrays)

    def _arrays(self) -> dict[str, Any]:
        return {
            "idf": self.idf.astype(np.float32),
            "ngram_weights": self.ngram_weights.astype(np.float16),
            "ngram_bias": self.ngram_bias.astype(np.float32),
            "role_prior": self.role_prior.astype(np.float32),
            "hidden_weights": self.hidden_weights.astype(np.float16),
            "hidden_bias": self.hidden_bias.astype(np.float32),
            "output_weights": self.output_weights.astype(np.float16),
            "output_bias": self.output_bias.astype(np.float32),
            "share": np.float32(self.share),
            "prototypes": self.prototypes.astype(np.float16),
        }

    @classmethod
    def load(cls, path: Path = MODEL_PATH) -> IntentModel:
        """Read the artefact. Raises FileNotFoundError with the command that makes it."""
        if not path.exists():
            raise FileNotFoundError(f"{path.name} is missing: run `triage train` to make it")
        with np.load(path) as stored:
            words = bytes(stored["words"]).decode()
            arrays = {name: stored[name] for name in stored.files if name != "words"}
        named = json.loads(words)
        weights = {k: v.astype(np.float32) for k, v in arrays.items() if k != "share"}
        return cls(
            classes=named["classes"],
            vocabulary={w: i for i, w in enumerate(named["vocabulary"])},
            share=float(arrays["share"]),
            digest=digest_of(words, arrays),
            **weights,
        )


def digest_of(words: str, arrays: dict[str, Any]) -> str:
    digest = hashlib.sha256(words.encode())
    for name in sorted(arrays):
        digest.update(name.encode() + np.asarray(arrays[name]).tobytes())
    return digest.hexdigest()[:12]


def ngram_vectorizer(vocabulary: dict[str, int] | None = None, max_features: int | None = None) -> Any:
    """Character n-grams within words (2-5), sublinear TF-IDF: scikit-learn's own."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(2, 5),
        lowercase=False,
        sublinear_tf=True,
        min_df=2 if vocabulary is None else 1,
        vocabulary=vocabulary,
        max_features=max_features,
        dtype=np.float32,
    )


def embed(texts: Sequence[str], embedder: Embedder) -> Matrix:
    """Unit vectors (n texts, 384) of the texts' beginnings: longer ones cost time and say little more."""
    return embedder.queries([t[:EMBEDDED_CHARACTERS] for t in texts]).astype(np.float32)


def softmax(logits: Matrix) -> Matrix:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
