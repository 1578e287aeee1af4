"""Vectors come from the bundled model, are of unit length, and are computed once."""

from __future__ import annotations

import numpy as np
import pytest

from tools.embedding import DIMENSIONS, Embedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


def test_unit_vectors_of_384_dimensions(embedder):
    vectors = embedder.passages(["a rope", "ein Anker"])
    assert vectors.shape == (2, DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert embedder.passages([]).shape == (0, DIMENSIONS)


def test_meaning_crosses_languages(embedder):
    products = embedder.passages(["Schreibtisch aus Eiche", "Kaffeemaschine", "Klebeband braun"])
    assert int(np.argmax(products @ embedder.query("an oak desk"))) == 0


def test_a_text_is_computed_once_and_kept_in_the_file(tmp_path, monkeypatch):
    cache = tmp_path / "vectors.sqlite"
    first = Embedder(cache).query("a rope")

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("computed again")

    again = Embedder(cache)
    monkeypatch.setattr(again, "_compute", refuse)
    assert np.array_equal(again.query("a rope"), first)
    assert np.array_equal(again.query("a rope"), first)


def test_queries_and_passages_have_vectors_of_their_own(embedder):
    assert not np.array_equal(embedder.query("a rope"), embedder.passages(["a rope"])[0])
