"""Settings of the language model: off by default, a cascade with an endpoint, and mistakes named."""

from __future__ import annotations

import pytest

from agent.llm.doubt import Reliability
from agent.llm.engine import CascadeEngine, ModelEngine
from agent.llm.ledger import MemoryLedger
from review.model_settings import ModelSettings
from review.settings import SettingsError
from tests.agent.llm.reading import local


@pytest.fixture
def given(monkeypatch):
    def settings(**values: str) -> ModelSettings:
        for name, value in values.items():
            monkeypatch.setenv(f"TRIAGE_LLM_{name}", value)
        return ModelSettings.load()

    return settings


AT = {"BASE_URL": "http://127.0.0.1:1/v1", "MODEL": "m"}


def test_without_an_endpoint_the_local_engine_decides(given):
    assert given().engine_over(local(), MemoryLedger()) is local()


@pytest.mark.parametrize(
    ("engine", "kind"), [({}, CascadeEngine), ({"ENGINE": "llm"}, ModelEngine), ({"ENGINE": "local"}, None)]
)
def test_with_an_endpoint_it_is_a_cascade_unless_said_otherwise(given, engine, kind):
    built = given(**AT, **engine).engine_over(local(), MemoryLedger())
    assert type(built) is (kind or type(local()))


def test_limits_and_prices_reach_the_endpoint(given):
    endpoint = given(**AT, MESSAGE_CALLS="2", DAY_COST="5", PRICE_IN="2", PRICE_OUT="6", REDACT='["name"]').endpoint()
    assert (endpoint.limits.message_calls, endpoint.limits.day_cost, endpoint.redact) == (2, 5.0, ("name",))
    assert endpoint.cost(1_000_000, 500_000) == 5.0


def test_a_measured_reliability_is_read(given, tmp_path):
    file = tmp_path / "worth.json"
    file.write_text(Reliability(agrees_when_right=0.5).model_dump_json())
    assert given(**AT, RELIABILITY=str(file)).worth().agrees_when_right == 0.5


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"BASE_URL": "http://127.0.0.1:1/v1"}, "TRIAGE_LLM_MODEL must be too"),
        ({"ENGINE": "cascade"}, "needs TRIAGE_LLM_BASE_URL"),
        ({**AT, "REDACT": '["names"]'}, "not known: names"),
        ({**AT, "MESSAGE_CALLS": "0"}, "TRIAGE_LLM_MESSAGE_CALLS"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(given, wrong, said):
    with pytest.raises(SettingsError, match=said):
        given(**wrong)


def test_a_reliability_that_cannot_be_read_is_named(given, tmp_path):
    with pytest.raises(SettingsError, match="TRIAGE_LLM_RELIABILITY"):
        given(**AT, RELIABILITY=str(tmp_path / "none.json")).worth()
