"""The `triage eval` commands, as a person types them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from evals.commands import app
from tests.evals.cases import case, found, label, order, perfect, prediction

EXPECTED = label("delivery_date_change", order(1), actions=["update_delivery_date"])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "records.json").write_text("{}")
    (tmp_path / "cases.jsonl").write_text(case(EXPECTED).model_dump_json() + "\n")
    (tmp_path / "predictions.jsonl").write_text(perfect(case(EXPECTED)).line() + "\n")
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_score_is_printed_as_tables_or_as_one_json_object(folder):
    table = run("score", folder, folder / "predictions.jsonl", "--slices")
    assert (table.exit_code, "exception F1" in table.stdout, "By channel" in table.stdout) == (0, True, True)
    printed = run("score", folder, folder / "predictions.jsonl", "--json")
    assert json.loads(printed.stdout)["overall"]["figures"]["exception_f1"]["value"] == 1.0


def test_errors_are_printed_by_step(folder):
    wrong = prediction(found("price_change", order(1)))
    (folder / "predictions.jsonl").write_text(wrong.line() + "\n")
    result = run("errors", folder, folder / "predictions.jsonl")
    assert result.exit_code == 0
    assert "price_change P00001" in result.stdout


@pytest.mark.parametrize(
    "words", [["score", "nowhere", "nothing"], ["predict", "nowhere", "--out", "x", "--engine", "oracle"]]
)
def test_an_input_that_cannot_be_read_ends_with_a_sentence(words):
    result = run(*words)
    assert result.exit_code == 2
    assert ";" in result.stderr
    assert "Traceback" not in result.output
