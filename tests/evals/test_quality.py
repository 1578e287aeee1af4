"""The page of measured quality says what was measured, with which code, and how sure each figure is."""

from __future__ import annotations

from evals import quality
from evals.labelled import load_labelled
from evals.predictions import load_predictions
from evals.score import score
from tests.evals.cases import case, label, order, perfect


def test_the_page_names_the_set_the_commit_and_the_intervals(tmp_path, monkeypatch):
    expected = case(label("price_change", order(1)), tags={"language": "nl"})
    (tmp_path / "records.json").write_text("{}")
    (tmp_path / "cases.jsonl").write_text(expected.model_dump_json() + "\n")
    file = tmp_path / "predictions.jsonl"
    file.write_text(perfect(expected).line() + "\n")
    plain = score(load_labelled(tmp_path), load_predictions(file))
    monkeypatch.setattr(quality, "score_all", lambda labelled, vectors: {"simple reader": plain})
    monkeypatch.setattr(quality, "commit", lambda: "abc1234")
    quality.write(tmp_path, file, tmp_path / "docs" / "quality.md")
    page = (tmp_path / "docs" / "quality.md").read_text()
    assert "at commit `abc1234`, engine `local`" in page
    assert "1 messages (email 1) with 1 labelled exceptions of 1 intents; languages nl 1; 0 messages" in page
    assert "| end to end | 1.000 | 0.207 to 1.000 |" in page
    assert "| figure | this product | simple reader |" in page
    assert "| nl | 1 | 1.000 |" in page


def test_a_table_is_as_wide_in_every_row():
    assert quality.table(["a", "b"], [["x", "1"]]).splitlines() == ["| a | b |", "| --- | --: |", "| x | 1 |"]
