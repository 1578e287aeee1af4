"""The export for Inspect AI, read back with the package itself."""

from __future__ import annotations

import json

import pytest

from evals.demo_company import SUITE
from evals.inspect_export import write_dataset, write_log
from evals.runs.grade import grade, score_run
from evals.runs.suite import load_suite
from tests.evals.runs.made import about, run_of, tried


@pytest.fixture
def run():
    return run_of(*(tried(about(n), right=n == 1, repeat=r) for n in (1, 2) for r in (0, 1)), repeats=2)


def test_each_try_is_a_sample_of_an_epoch_with_its_score(run, tmp_path):
    assert write_log(run, tmp_path / "log.json") == 4
    log = json.loads((tmp_path / "log.json").read_text())
    told = [(s["id"], s["epoch"], s["scores"]["triage"]["value"]) for s in log["samples"]]
    assert told == [("ours/c1", 1, "C"), ("ours/c1", 2, "C"), ("ours/c2", 1, "I"), ("ours/c2", 2, "I")]
    assert log["results"]["scores"][0]["metrics"]["end_to_end"]["value"] == 0.5
    assert (log["status"], log["eval"]["dataset"]["samples"]) == ("success", 2)


def test_a_run_that_was_stopped_is_a_cancelled_log(run, tmp_path):
    write_log(run.model_copy(update={"end": None}), tmp_path / "log.json")
    assert json.loads((tmp_path / "log.json").read_text())["status"] == "cancelled"


def test_inspect_reads_a_run_as_a_log_with_every_score(run, tmp_path):
    from inspect_ai.log import read_eval_log

    write_log(run, tmp_path / "log.json")
    log = read_eval_log(str(tmp_path / "log.json"))
    read = [(s.id, s.epoch, s.scores["triage"].value, s.output.completion) for s in log.samples]
    kept = [
        (f"ours/{g.tried.case.id}", g.tried.repeat + 1, "C" if g.judged.right else "I", g.tried.prediction.line())
        for g in grade(run)
    ]
    assert read == kept
    figures = {n: f.value for n, f in score_run(run).overall.figures.items() if f.value is not None}
    assert {name: metric.value for name, metric in log.results.scores[0].metrics.items()} == pytest.approx(figures)
    assert (log.status, log.eval.config.epochs) == ("success", 2)


def test_inspect_reads_a_suite_as_a_dataset(tmp_path):
    from inspect_ai.dataset import json_dataset

    suite = load_suite(SUITE)
    write_dataset(suite, tmp_path / "data.jsonl")
    data = json_dataset(str(tmp_path / "data.jsonl"))
    assert [s.id for s in data] == [c.id for c in suite.labelled.cases]
    assert [json.loads(s.target)["manual"] for s in data] == [c.expected.manual for c in suite.labelled.cases]
    assert all(s.input for s in data)


def test_a_suite_is_a_dataset_of_texts_and_targets(tmp_path):
    suite = load_suite(SUITE)
    assert write_dataset(suite, tmp_path / "data.jsonl") == len(suite.labelled.cases)
    first = json.loads((tmp_path / "data.jsonl").read_text("utf-8").splitlines()[0])
    assert first["id"] == suite.labelled.cases[0].id
    assert json.loads(first["target"])["exceptions"]
    assert first["input"]
