"""The intent model reads wording and meaning, never numbers; what is saved is what is loaded, by digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intents import EMBEDDED_CHARACTERS, NONE, ROLES, IntentModel, Matrix, mask, softmax
from evals.intent_training import Example, fit
from tools.embedding import DIMENSIONS, Embedder

WORDINGS = {
    "delivery_date_change": (
        "supplier",
        ["the delivery is delayed until {}", "it will arrive later, on {}", "new delivery date {}"],
    ),
    "order_confirmation": (
        "supplier",
        ["we confirm your order {}", "thank you, order {} is confirmed", "confirmed as ordered {}"],
    ),
    "order_cancellation": ("customer", ["please cancel order {}", "we cancel our order {}", "cancel everything, {}"]),
    NONE: ("unknown", ["kind regards {}", "best wishes {}", "sent from my phone {}"]),
}


class Pretended(Embedder):
    """Vectors by the words of a text, so that texts that share words are near."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def queries(self, texts: Sequence[str]) -> Matrix:
        self.seen += texts
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[0] = 0.1
            for word in mask(text).split():
                row[1 + sum(word.encode()) % (DIMENSIONS - 1)] += 1.0
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


EXAMPLES = [
    Example(text.format(number), intent, role, "en", "sentence")
    for intent, (role, texts) in WORDINGS.items()
    for text in texts
    for number in ("P00041", "7/2026", "S-118")
]


@pytest.fixture(scope="module")
def model() -> IntentModel:
    return fit(EXAMPLES, Pretended().queries([e.text for e in EXAMPLES]))


def best(model: IntentModel, scores: Matrix) -> list[str]:
    return [model.classes[i] for i in scores.argmax(axis=1)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Order P00041 comes on 03.06.2026", "order S77118 comes on 2026-12-24"),
        ("order P00041", "order PO/2026/00041"),
        ("AB 26-7781: 40 pcs", "AB 9-1: 7,5 pcs"),
        ("Straße  and\nSTRASSE", "strasse and strasse"),
    ],
)
def test_masked_texts_differ_by_wording_alone(one, other):
    assert mask(one) == mask(other)


@given(st.text(max_size=80))
def test_no_decimal_digit_but_the_mask_survives_and_masking_is_stable(text):
    masked = mask(text)
    assert not any(c in "123456789" for c in masked)
    assert mask(masked) == masked


def test_the_fitted_model_tells_its_intents_apart_in_both_views(model: IntentModel):
    texts = ["the delivery is delayed", "we confirm order P9", "please cancel our order", "kind regards"]
    expected = ["delivery_date_change", "order_confirmation", "order_cancellation", NONE]
    roles = ["unknown"] * 4
    assert best(model, model.ngram_scores(texts, roles)) == expected
    mixed, similarity = model.scores(texts, roles, Pretended())
    assert best(model, mixed) == expected
    assert similarity.shape == (4,)


def test_scores_are_probabilities(model: IntentModel):
    texts, roles = ["delayed", "", "Привет 你好"], ["supplier", "unknown", "customer"]
    for scores in (model.ngram_scores(texts, roles), model.scores(texts, roles, Pretended())[0]):
        assert scores.shape == (3, len(model.classes))
        assert (scores >= 0).all()
        assert np.allclose(scores.sum(axis=1), 1.0, atol=1e-5)


def test_no_texts_give_no_rows(model: IntentModel):
    assert model.ngram_scores([], []).shape == (0, len(model.classes))
    scores, similarity = model.scores([], [], Pretended())
    assert (scores.shape, similarity.shape) == ((0, len(model.classes)), (0,))


def test_who_writes_moves_the_scores(model: IntentModel):
    supplier, customer = model.ngram_scores(["your order"] * 2, ["supplier", "customer"])
    cancel = model.classes.index("order_cancellation")
    assert customer[cancel] > supplier[cancel]


def test_only_the_beginning_of_a_text_is_embedded(model: IntentModel):
    embedder = Pretended()
    model.scores(["x" * 5000], ["unknown"], embedder)
    assert [len(t) for t in embedder.seen] == [EMBEDDED_CHARACTERS]


def test_what_is_known_is_nearer_than_what_is_not(model: IntentModel):
    _, (known, foreign) = model.scores(["we confirm your order P1", "zzyzx qwpf"], ["unknown"] * 2, Pretended())
    assert known > foreign


def test_a_saved_model_is_loaded_with_the_same_digest_and_scores(model: IntentModel, tmp_path: Path):
    path = tmp_path / "models" / "intents.npz"
    digest = model.save(path)
    loaded = IntentModel.load(path)
    assert loaded.digest == digest
    assert (loaded.classes, loaded.vocabulary) == (model.classes, model.vocabulary)
    texts, roles = [e.text for e in EXAMPLES], [e.role for e in EXAMPLES]
    assert np.allclose(loaded.ngram_scores(texts, roles), model.ngram_scores(texts, roles), atol=2e-3)
    assert loaded.save(tmp_path / "again.npz") == digest


def test_the_digest_changes_with_what_is_learned(model: IntentModel, tmp_path: Path):
    digest = model.save(tmp_path / "a.npz")
    assert replace(model, share=model.share + 0.25).save(tmp_path / "b.npz") != digest
    assert replace(model, classes=model.classes[::-1]).save(tmp_path / "c.npz") != digest


def test_the_same_examples_fit_the_same_model(model: IntentModel, tmp_path: Path):
    again = fit(EXAMPLES, Pretended().queries([e.text for e in EXAMPLES]))
    assert again.save(tmp_path / "a.npz") == model.save(tmp_path / "b.npz")


def test_a_missing_model_says_how_it_is_made(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="triage train"):
        IntentModel.load(tmp_path / "none.npz")


def test_softmax_bears_large_numbers():
    result = softmax(np.array([[1000.0, 1000.0], [-1000.0, 1000.0]], dtype=np.float32))
    assert np.allclose(result, [[0.5, 0.5], [0.0, 1.0]])


def test_the_shipped_model_knows_every_intent_and_role():
    from agent.taxonomy import taxonomy

    shipped = IntentModel.load()
    assert set(shipped.classes) == {*taxonomy().intents, NONE}
    assert shipped.role_prior.shape == (len(ROLES), len(shipped.classes))
    assert shipped.hidden_weights.shape[0] == DIMENSIONS
