"""`triage eval show | compare | gate | threshold`, as a person or a CI job types them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from evals.commands import app
from evals.runs.file import RunWriter
from tests.evals.runs.made import outcomes


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def files(tmp_path):
    """A good run and a bad one, and rules that tell them apart."""
    for name, right in (("good", 40), ("bad", 10)):
        made = outcomes(*(n <= right for n in range(1, 51)))
        with RunWriter(tmp_path / f"{name}.jsonl", made.header) as writer:
            writer.write([*made.tries, made.end])
    (tmp_path / "gates.yaml").write_text("rules: [{figure: end_to_end, not_worse: true}]\n")
    return tmp_path


@pytest.mark.parametrize(("run_file", "base", "code"), [("good", "bad", 0), ("bad", "good", 1), ("bad", None, 2)])
def test_a_gate_ends_with_its_outcome(files, run_file, base, code):
    against = ["--baseline", files / f"{base}.jsonl"] if base else []
    result = run("gate", files / f"{run_file}.jsonl", "--rules", files / "gates.yaml", *against)
    assert result.exit_code == code
    assert "end to end" in result.stdout


def test_a_gate_whose_rules_cannot_be_read_has_no_verdict(files):
    result = run("gate", files / "good.jsonl", "--rules", files / "nothing.yaml")
    assert (result.exit_code, "cannot be read" in result.stderr) == (2, True)


def test_a_comparison_says_plainly_what_changed(files):
    said = run("compare", files / "good.jsonl", files / "bad.jsonl").stdout
    assert "end to end: worse by 60.0 points" in said
    assert "wrong now: ours/c11" in said
    assert json.loads(run("compare", files / "good.jsonl", files / "bad.jsonl", "--json").stdout)["cases"] == 50


def test_a_run_is_shown_with_intervals_and_slices(files):
    said = run("show", files / "good.jsonl", "--slices").stdout
    assert "0.670 to 0.888" in said
    assert "By channel" in said
    assert json.loads(run("show", files / "good.jsonl", "--json").stdout)["overall"]["cases"] == 50


def test_a_threshold_is_picked_by_what_errors_cost(files):
    assert "40 of 50" not in run("threshold", files / "good.jsonl", "--error", "100", "--look", "1").stdout
    assert "Look at every case" in run("threshold", files / "good.jsonl", "--error", "100", "--look", "1").stdout
    cheap = run("threshold", files / "good.jsonl", "--error", "1", "--look", "1").stdout
    assert "from confidence 0.900 on: 50 of 50 cases, 10 of them wrong; 0.200 a case" in cheap
