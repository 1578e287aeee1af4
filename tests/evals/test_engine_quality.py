"""Engines side by side: drawn with a seed, kept by engine, summed over what each has come to."""

from __future__ import annotations

import pytest

from agent.llm.doubt import Reliability
from agent.llm.limits import Endpoint
from evals import engine_quality
from evals.engines import engine_named, records_of
from evals.labelled import LabelError, load_labelled
from evals.predictions import PredictedException, Prediction
from evals.react_peer import ReactPeer
from tests.agent.llm.reading import LATE_FACT, late, local
from tests.evals.test_suites import SUITES
from tests.llm_endpoint import answers, calls, endpoint, finding

CATERING = SUITES / "catering"


def said(case: str, intent: str | None, *, engine: str = "local", asked: int = 0, tokens: int = 0) -> str:
    found = [PredictedException(intent=intent, confidence=0.5)] if intent else []
    return Prediction(id=case, exceptions=found, engine=engine, model_calls=asked, tokens=tokens).line()


@pytest.fixture
def two():
    labelled = engine_quality.drawn(load_labelled(CATERING), 2, seed=3)
    assert labelled.cases == engine_quality.drawn(load_labelled(CATERING), 2, seed=3).cases
    return labelled


def test_what_was_predicted_is_not_predicted_again(two, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(engine_quality, "engine_named", lambda *a, **k: None)
    monkeypatch.setattr(
        engine_quality, "predict_case", lambda e, s, case: asked.append(case.id) or Prediction(id=case.id)
    )
    first, second = (c.id for c in two.cases)
    (tmp_path / "llm.jsonl").write_text(said(first, None) + "\n")
    engine_quality.run(two, tmp_path, ["llm"])
    assert asked == [second]
    assert len((tmp_path / "llm.jsonl").read_text().splitlines()) == 2


def test_the_page_has_figures_cost_and_the_paired_difference(two, tmp_path):
    first, second = (c.id for c in two.cases)
    (tmp_path / "local.jsonl").write_text(said(first, "complaint") + "\n" + said(second, "complaint") + "\n")
    (tmp_path / "llm.jsonl").write_text(
        "\n".join(said(i, "complaint", engine="llm", asked=1, tokens=1000) for i in (first, second))
    )
    (tmp_path / "cascade.jsonl").write_text(
        said(first, "complaint", engine="llm", asked=1, tokens=400) + "\n" + said(second, "complaint")
    )
    out = tmp_path / "page.md"
    engine_quality.write(two, tmp_path, out, model="m", worth=Reliability(), seed=3)
    page = out.read_text()
    assert "| share asked | 0.000 | 1.000 | 0.500 |" in page
    assert "| tokens, share of `llm` on the same messages | 0.000 | 1.000 | 0.200 |" in page
    assert "| cascade | 0 | 0 | +0.000 (+0.000 to +0.000) |" in page


def test_what_a_models_word_is_worth_is_counted_where_it_was_asked(two, tmp_path):
    first, second = (c.id for c in two.cases)
    (tmp_path / "local.jsonl").write_text(said(first, "complaint") + "\n" + said(second, "complaint") + "\n")
    (tmp_path / "llm.jsonl").write_text(
        said(first, "complaint", engine="llm", asked=1) + "\n" + said(second, "complaint") + "\n"
    )
    told = engine_quality.reliability(two, tmp_path, model="m").provenance
    assert (told["right"] + told["wrong"], told["wrong_agrees"]) == (1, told["wrong"])


def test_an_engine_that_asks_a_model_needs_one(monkeypatch):
    monkeypatch.delenv("TRIAGE_LLM_BASE_URL", raising=False)
    monkeypatch.setattr("agent.triage.build_engine", lambda *a, **k: local())
    with pytest.raises(LabelError, match="set TRIAGE_LLM_BASE_URL"):
        engine_named("llm", records_of(load_labelled(CATERING)))


def test_the_peer_believes_what_it_is_told():
    claim = finding("order_cancellation", "P00041", "words that nobody wrote", LATE_FACT, sure=1.0)
    with endpoint(calls("search_records", query="P00041"), answers(claim)) as script:
        outcome = ReactPeer(local(), Endpoint(script.url, "m")).triage(late())
    [proposal] = outcome.proposals
    assert (proposal.intent, proposal.record and proposal.record.name, proposal.confidence) == (
        "order_cancellation",
        "P00041",
        1.0,
    )
    assert (outcome.model_calls, outcome.tokens) == (2, 2200)
