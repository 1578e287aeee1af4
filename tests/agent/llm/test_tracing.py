"""Spans follow the conventions for generative AI without what was said; LangSmith is off without a key."""

from __future__ import annotations

import pytest

from agent.llm import tracing
from tests.agent.llm.reading import RIGHT, asking, late
from tests.llm_endpoint import fails


@pytest.fixture
def spans(monkeypatch):
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    return exporter.get_finished_spans


def test_a_call_is_a_span_inside_the_agents_with_its_usage_and_no_words(spans):
    with asking(RIGHT) as (engine, _):
        engine.triage(late())
    chat, agent = spans()
    assert (chat.name, agent.name) == ("chat scripted-1", "invoke_agent reading")
    assert chat.parent.span_id == agent.context.span_id
    assert chat.attributes["gen_ai.usage.input_tokens"] == 1000
    assert chat.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert chat.attributes["gen_ai.conversation.id"] == late().id
    assert "P00041" not in str(chat.to_json() + agent.to_json())


def test_words_are_captured_when_the_settings_ask_for_it(spans):
    with asking(RIGHT, capture_content=True) as (engine, _):
        engine.triage(late())
    assert "P00041" in spans()[0].attributes["gen_ai.output.messages"]


def test_a_failure_names_its_kind(spans):
    with asking(fails(401)) as (engine, _):
        engine.triage(late())
    assert spans()[0].attributes["error.type"] == "refused key"


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [({}, False), ({"LANGSMITH_TRACING": "true"}, False), ({"LANGSMITH_API_KEY": "k"}, False),
     ({"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "k"}, True)],
)  # fmt: skip
def test_langsmith_is_on_only_with_its_switch_and_a_key(monkeypatch, variables, wanted):
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tracing.langsmith_wanted() is wanted
