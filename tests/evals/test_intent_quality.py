"""No idea is on both sides of a split, and the figures are what their definitions say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from agent.intents import NONE, Matrix
from evals import bitext, intent_quality
from evals.bitext import load_messages
from evals.commands import app
from evals.intent_quality import CLASSES, cross_fitted, figures, folds, ideas, labels_of
from evals.intent_training import Example
from evals.labelled import LabelError
from tools.embedding import DIMENSIONS

INTENTS = ("order_confirmation", "order_cancellation", NONE)


def example(text: str, intent: str = NONE, language: str = "en") -> Example:
    return Example(text, intent, "supplier", language, "sentence")


def unit(*rows: Sequence[float]) -> Matrix:
    vectors = np.array(rows, dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_translations_share_an_idea_and_other_intents_do_not():
    examples = [
        example("order confirmed", "order_confirmation"),
        example("Auftrag bestätigt", "order_confirmation", "de"),
        example("Auftrag storniert", "order_cancellation", "de"),
        example("something else", "order_confirmation"),
    ]
    one, translated, other_intent, other = ideas(examples, unit([1, 0.1], [1, 0], [1, 0.1], [0, 1]))
    assert one == translated
    assert len({one, other_intent, other}) == 3


def test_only_the_nearest_across_languages_share_an_idea():
    """A text that is near to another one which has a nearer translation is an idea of its own."""
    examples = [example("a"), example("b"), example("c", language="de")]
    first, second, third = ideas(examples, unit([1, 0.35], [1, 0.02], [1, 0]))
    assert second == third != first


def test_copies_within_a_language_share_an_idea():
    first, copy, other = ideas([example("a"), example("a!"), example("b")], unit([1, 0], [1, 0.01], [1, 1]))
    assert first == copy != other


def test_folds_keep_ideas_whole():
    groups = np.repeat(np.arange(60), 3)
    fold = folds(groups)
    assert all(len(set(fold[groups == g])) == 1 for g in range(60))
    assert set(fold) == set(range(intent_quality.FOLDS))


def test_figures_are_accuracy_and_the_mean_of_the_labelled_classes_f1():
    labels, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    found = figures(labels, predicted, np.arange(4))
    assert found["accuracy"].value == 0.75
    assert found["macro F1"].value == pytest.approx((0.8 + 2 / 3) / 2)
    low, high = found["accuracy"].low or 1.0, found["accuracy"].high or 0.0
    assert low < 0.75 < high


def corpus() -> tuple[list[Example], Matrix]:
    """Thirty texts of three intents, whose words and vectors tell them apart."""
    words = {"order_confirmation": "we confirm", "order_cancellation": "please cancel", NONE: "good morning"}
    examples = [
        example(f"{words[intent]} {chr(97 + n)}{chr(107 + n)}", intent, language)
        for intent in INTENTS
        for language in ("en", "de")
        for n in range(10)
    ]
    vectors = np.random.default_rng(0).normal(size=(len(examples), DIMENSIONS)).astype(np.float32)
    for vector, each in zip(vectors, examples, strict=True):
        vector[INTENTS.index(each.intent)] += 20.0
    return examples, np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_every_text_is_read_by_a_model_that_has_not_seen_it():
    examples, vectors = corpus()
    found = cross_fitted(examples, vectors, np.arange(len(examples)) % intent_quality.FOLDS)
    assert found.shape == (len(examples), len(CLASSES))
    assert found.sum(axis=1) == pytest.approx(np.ones(len(examples)), abs=1e-4)
    assert (found.argmax(axis=1) == labels_of(examples)).mean() > 0.9


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The corpus above in the place of the product's own, and vectors by a text's intent for whatever is embedded."""
    examples, vectors = corpus()
    by_text = {e.text: v for e, v in zip(examples, vectors, strict=True)}

    def embedded(some: Sequence[Example], embedder: object) -> Matrix:
        return np.stack([by_text[e.text] for e in some])

    for module in (intent_quality, bitext):
        monkeypatch.setattr(module, "load_corpora", lambda: examples)
        monkeypatch.setattr(module, "embed_examples", embedded)


@pytest.mark.usefixtures("small")
def test_the_command_writes_the_page_of_the_corpora(tmp_path: Path):
    out = tmp_path / "page.md"
    outcome = CliRunner().invoke(app, ["intents", "--out", str(out)])
    assert outcome.exit_code == 0, outcome.output
    page = out.read_text("utf-8")
    assert "60 texts" in page
    assert "| language de | 30 |" in page
    assert "| order_confirmation | 20 |" in page


MESSAGES = """{"text": "please cancel ak", "intent": "order_cancellation"}
{"text": "we confirm bl", "intent": "order_confirmation"}
{"text": "where are you from", "intent": null}
"""


@pytest.mark.usefixtures("small")
def test_the_command_writes_the_page_of_public_messages(tmp_path: Path):
    (tmp_path / "public.jsonl").write_text(MESSAGES, "utf-8")
    out = tmp_path / "page.md"
    outcome = CliRunner().invoke(app, ["bitext", str(tmp_path / "public.jsonl"), "--out", str(out)])
    assert outcome.exit_code == 0, outcome.output
    page = out.read_text("utf-8")
    assert "2 customer messages" in page
    assert "| order_cancellation | 1 |" in page


def test_messages_whose_label_maps_to_nothing_are_left_out(tmp_path: Path):
    file = tmp_path / "public.jsonl"
    file.write_text(MESSAGES, "utf-8")
    assert [(e.intent, e.role) for e in load_messages(file)] == [
        ("order_cancellation", "customer"),
        ("order_confirmation", "customer"),
    ]


@pytest.mark.parametrize("content", ["{", '{"text": "x"}', "", '{"text": "x", "intent": null}'])
def test_what_holds_no_labelled_messages_is_refused_with_its_name(tmp_path: Path, content: str):
    file = tmp_path / "public.jsonl"
    file.write_text(content, "utf-8")
    with pytest.raises(LabelError, match=r"public\.jsonl"):
        load_messages(file)
