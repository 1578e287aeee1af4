"""Readers of replies are judged alike: with signatures or without, within their time, whatever they raise."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals import replies
from evals.commands import app
from evals.labelled import LabelError
from evals.replies import Sample, load_samples, measure, overlap, own, readers

TEXT = "Delivery on the 9th.\n\nKind regards\nAnn\n\nOn Mon, 2 Mar 2026 at 10:01, Bo <bo@x.example> wrote:\n> when?\n"
SAMPLE = Sample("1", TEXT, "Delivery on the 9th.", "someone/else")


def row(**changes: object) -> str:
    return json.dumps(
        {"id": "1", "text": TEXT, "expected": "Delivery on the 9th.", "source": "someone/else tests/a.txt"} | changes
    )


def test_html_and_samples_without_an_expected_text_are_left_out(tmp_path: Path):
    file = tmp_path / "samples.jsonl"
    file.write_text("\n".join([row(), row(expected=None), row(expected="<div>Delivery</div>")]), "utf-8")
    assert load_samples(file) == [SAMPLE]


@pytest.mark.parametrize("content", ["{", '{"id": "1"}', "", row(expected=None)])
def test_what_holds_no_samples_is_refused_with_its_name(tmp_path: Path, content: str):
    file = tmp_path / "samples.jsonl"
    file.write_text(content, "utf-8")
    with pytest.raises(LabelError, match=r"samples\.jsonl"):
        load_samples(file)


def test_a_reader_is_right_with_the_signature_or_without():
    for expected in ("Delivery on the 9th.", "Delivery  on the 9th. Kind regards Ann"):
        assert measure([Sample("1", TEXT, expected, "x")], own)[0].right
    assert not measure([Sample("1", TEXT, "when?", "x")], own)[0].right


def test_all_three_readers_find_the_new_text_of_a_plain_reply():
    sample = Sample("1", TEXT, "Delivery on the 9th. Kind regards Ann", "x")
    assert {name: measure([sample], reader)[0].right for name, reader in readers().items()} == dict.fromkeys(
        ("this product", "mail-parser-reply", "email-reply-parser"), True
    )


def test_a_reader_that_takes_too_long_is_stopped_and_wrong(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(replies, "SECONDS_A_SAMPLE", 0.05)

    def slow(text: str) -> list[str]:
        time.sleep(30)
        return [text]

    (outcome,) = measure([SAMPLE], slow)
    assert (outcome.right, outcome.stopped, outcome.words) == (False, True, 0.0)


def test_a_reader_that_fails_has_kept_nothing():
    (outcome,) = measure([SAMPLE], lambda text: [str(1 // 0)])
    assert (outcome.right, outcome.stopped, outcome.words) == (False, False, 0.0)


def test_words_are_compared_as_a_bag():
    assert overlap(["a", "b"], ["b", "a"]) == 1.0
    assert overlap(["a", "a"], ["a"]) == pytest.approx(2 / 3)
    assert overlap([], ["a"]) == 0.0


def test_the_command_writes_the_page(tmp_path: Path):
    (tmp_path / "samples.jsonl").write_text(row(), "utf-8")
    out = tmp_path / "page.md"
    outcome = CliRunner().invoke(app, ["replies", str(tmp_path / "samples.jsonl"), "--out", str(out)])
    assert outcome.exit_code == 0, outcome.output
    page = out.read_text("utf-8")
    assert "| this product | 1.000 (0.207 to 1.000) |" in page
    assert "| someone/else | 1 |" in page
