"""`triage eval show | compare | gate | threshold`, as a person or a CI job types them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from evals.commands import app
from evals.demo_company import SUITE
from evals.labelled import load_labelled
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


def test_a_run_is_written_as_a_page_and_opened(files, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    result = run("view", files / "good.jsonl", "--against", files / "bad.jsonl")
    assert result.stdout.strip() == str(files / "good.html")
    assert opened == [(files / "good.html").as_uri()]
    assert '"comparison":{' in (files / "good.html").read_text("utf-8")
    run("view", files / "good.jsonl", "--out", files / "other.html", "--no-browser")
    assert (files / "other.html").exists()
    assert len(opened) == 1


def test_a_page_says_what_was_run_and_how_sure_each_figure_is(files):
    result = run("page", files / "good.jsonl", files / "bad.jsonl", "--out", files / "page.md")
    assert result.exit_code == 0, result.output
    text = (files / "page.md").read_text("utf-8")
    assert text.index("## good") < text.index("## bad")
    assert "at commit `c` (code `c`), engine `local`: 50 cases; 0 tries failed" in text
    assert "| end to end | 0.800 | 0.670 to 0.888 |" in text


def test_a_run_is_exported_as_a_log(files):
    assert "50 samples written" in run("export", files / "good.jsonl", files / "log.json").stderr
    assert json.loads((files / "log.json").read_text())["results"]["total_samples"] == 50


def test_a_suite_is_made_of_another_and_never_over_something(tmp_path):
    made = run("make", "abstention", tmp_path / "made", "--base", SUITE)
    assert made.exit_code == 0, made.output
    assert f"{len(load_labelled(tmp_path / 'made').cases)} cases written" in made.stderr
    again = run("make", "abstention", tmp_path / "made", "--base", SUITE)
    assert (again.exit_code, "is not empty" in again.stderr) == (2, True)


@pytest.mark.parametrize(("run_file", "base", "code"), [("good", "bad", 0), ("bad", "good", 1)])
def test_a_candidate_is_promoted_by_the_gates_outcome(files, monkeypatch, run_file, base, code):
    monkeypatch.setattr("agent.weigh.WEIGHTS_PATH", files / "at_work" / "weights.json")
    for folder in ("candidate", "at_work"):
        (files / folder).mkdir()
    (files / "candidate" / "weights.json").write_text('{"digest": "new"}')
    with (files / f"{run_file}.jsonl").open("a") as file:
        file.write('{"kind": "versions", "id": "v", "versions": {"weights": "new"}}\n')
    against = ["--baseline", files / f"{base}.jsonl", "--rules", files / "gates.yaml"]
    result = run("promote", files / "candidate", "--run", files / f"{run_file}.jsonl", *against)
    assert result.exit_code == code, result.output
    assert (files / "at_work" / "weights.json").exists() is (code == 0)


def test_a_threshold_is_picked_by_what_errors_cost(files):
    assert "40 of 50" not in run("threshold", files / "good.jsonl", "--error", "100", "--look", "1").stdout
    assert "Look at every case" in run("threshold", files / "good.jsonl", "--error", "100", "--look", "1").stdout
    cheap = run("threshold", files / "good.jsonl", "--error", "1", "--look", "1").stdout
    assert "from confidence 0.900 on: 50 of 50 cases, 10 of them wrong; 0.200 a case" in cheap
