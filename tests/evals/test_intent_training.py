"""Training examples are checked as they are read; what a sender's role says is learned with caution."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agent.intents import NONE, ROLES, IntentModel
from agent.taxonomy import taxonomy
from evals.intent_training import CORPORA, Example, fit, load_corpora, prototypes, role_prior

ROW = {"text": "we confirm", "intent": "order_confirmation", "role": "supplier", "language": "en", "unit": "sentence"}


def written(folder: Path, name: str, *rows: dict[str, str]) -> Path:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_examples_come_in_the_order_of_files_and_rows(tmp_path: Path):
    written(tmp_path, "b.jsonl", ROW | {"text": "third"})
    written(tmp_path, "a.jsonl", ROW | {"text": "first"}, ROW | {"text": "second", "intent": NONE})
    assert [e.text for e in load_corpora(tmp_path)] == ["first", "second", "third"]
    assert load_corpora(tmp_path)[0] == Example(**ROW | {"text": "first"})


@pytest.mark.parametrize("wrong", [{"intent": "world_peace"}, {"role": "king"}])
def test_an_unknown_intent_or_role_is_refused_with_file_and_row(tmp_path: Path, wrong: dict[str, str]):
    written(tmp_path, "a.jsonl", ROW, ROW | wrong)
    with pytest.raises(ValueError, match=f"a.jsonl:2.*{next(iter(wrong.values()))}"):
        load_corpora(tmp_path)


def test_the_corpora_hold_every_intent_in_every_language():
    examples = load_corpora(CORPORA)
    assert {e.intent for e in examples} == {*taxonomy().intents, NONE}
    for intent in {*taxonomy().intents, NONE}:
        assert {e.language for e in examples if e.intent == intent} >= {"en", "de", "fr", "es", "it", "nl", "pl"}, (
            intent
        )
    assert all(e.text.strip() for e in examples)


CLASSES = ["order_cancellation", "order_confirmation", "unclear", NONE]


def prior(**counts: int) -> dict[tuple[str, str], float]:
    """role__intent=count → the prior by role and class."""
    examples = []
    for name, count in counts.items():
        role, intent = name.split("__")
        examples += [Example("x", intent, role, "en", "sentence")] * count
    matrix = role_prior(examples, CLASSES)
    assert matrix.shape == (len(ROLES), len(CLASSES))
    assert np.isfinite(matrix).all()
    return {(role, c): float(matrix[i, j]) for i, role in enumerate(ROLES) for j, c in enumerate(CLASSES)}


def test_a_role_speaks_for_what_it_says_and_against_what_it_does_not():
    found = prior(supplier__order_confirmation=50, customer__order_cancellation=50)
    assert found["supplier", "order_confirmation"] > 0 > found["supplier", "order_cancellation"]
    assert found["customer", "order_cancellation"] > 0 > found["customer", "order_confirmation"]


def test_nobody_known_and_our_own_people_may_say_anything():
    found = prior(internal__order_confirmation=50, unknown__order_cancellation=50)
    assert all(found[role, c] == 0.0 for role in ("unknown", "internal") for c in CLASSES)


def test_a_few_examples_say_little():
    few, many = prior(supplier__order_confirmation=1), prior(supplier__order_confirmation=100)
    assert 0 < few["supplier", "order_confirmation"] < many["supplier", "order_confirmation"]
    assert abs(few["customer", "order_confirmation"]) < 0.5


def test_prototypes_are_unit_vectors_of_every_class():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 8)).astype(np.float32)
    found = prototypes(np.array([0] * 30 + [1] * 18 + [2] * 2), vectors)
    assert found.shape[1] == 8
    assert 3 <= len(found) <= 50
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)


def tiny_corpus() -> list[Example]:
    texts = {"order_confirmation": "we confirm order", "order_cancellation": "please cancel item", NONE: "good morning"}
    return [
        Example(f"{text} {n}", intent, "supplier", "en", "sentence") for intent, text in texts.items() for n in "abc"
    ]


def test_the_same_examples_give_the_same_artefact(tmp_path: Path):
    """Digest and reloaded digest are equal from fit to fit; another example gives another one."""
    examples = tiny_corpus()
    vectors = np.random.default_rng(0).normal(size=(len(examples) + 1, 384)).astype(np.float32)
    first, again = (fit(examples, vectors[:-1]).save(tmp_path / f"{n}.npz") for n in (1, 2))
    assert first == again == IntentModel.load(tmp_path / "1.npz").digest
    more = [*examples, Example("shipping is late", NONE, "carrier", "en", "sentence")]
    assert fit(more, vectors).save(tmp_path / "3.npz") != first
