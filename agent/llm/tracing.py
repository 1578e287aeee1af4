"""Spans for what a model does, by OpenTelemetry's conventions for generative AI, and LangSmith where a key is set.

Without an OpenTelemetry SDK set up, spans cost nothing. What was said is left out of both unless it is asked for.
Attribute names: https://opentelemetry.io/docs/specs/semconv/gen-ai/.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from agent.llm.limits import Endpoint

SCOPE = "exception-desk"
FLUSH_SECONDS = 2.0


@contextmanager
def agent_run(endpoint: Endpoint, message_id: str) -> Iterator[Any]:
    """The span of everything that is asked about one message."""
    with _span("invoke_agent reading", "invoke_agent", endpoint, message_id) as span:
        _set(span, "gen_ai.agent.name", "reading")
        yield span


@contextmanager
def model_call(endpoint: Endpoint, message_id: str) -> Iterator[Any]:
    """The span of one call of the model."""
    with _span(f"chat {endpoint.model}", "chat", endpoint, message_id) as span:
        _set(span, "gen_ai.request.max_tokens", endpoint.answer_tokens)
        if endpoint.temperature is not None:
            _set(span, "gen_ai.request.temperature", endpoint.temperature)
        yield span


def note_answer(span: Any, answer: AIMessage, *, capture: bool) -> None:
    """What came back: usage, model and reason to stop; the words only with `capture`."""
    used = answer.usage_metadata
    if used:
        _set(span, "gen_ai.usage.input_tokens", used["input_tokens"])
        _set(span, "gen_ai.usage.output_tokens", used["output_tokens"])
    told = answer.response_metadata
    if told.get("model_name"):
        _set(span, "gen_ai.response.model", told["model_name"])
    if told.get("finish_reason"):
        _set(span, "gen_ai.response.finish_reasons", [told["finish_reason"]])
    if capture:
        _set(span, "gen_ai.output.messages", answer.text)


def langsmith(endpoint: Endpoint) -> AbstractContextManager[Any]:
    """LangSmith's tracing for what runs inside: on when its variables ask for it and a key is set, else off, so that
    nothing is sent and nothing waits."""
    from langsmith.run_helpers import tracing_context

    client = _client(endpoint.capture_content) if langsmith_wanted() else None
    return tracing_context(enabled=client is not None, client=client)


def langsmith_wanted() -> bool:
    asked = any(os.environ.get(f"{name}_TRACING", "").lower() == "true" for name in ("LANGSMITH", "LANGCHAIN"))
    asked = asked or os.environ.get("LANGCHAIN_TRACING_V2", "").lower() == "true"
    return asked and bool(os.environ.get("LANGSMITH_API_KEY") or os.environ.get("LANGCHAIN_API_KEY"))


@cache
def _client(capture: bool) -> Any:
    """One client a process. An endpoint that is away holds up the end of the process by `FLUSH_SECONDS` at most: the
    client's threads are daemons, and what they have not sent by then is lost."""
    os.environ.setdefault("LANGSMITH_USE_DAEMON", "true")
    from langsmith import Client

    client = Client(timeout_ms=int(FLUSH_SECONDS * 1000), hide_inputs=not capture, hide_outputs=not capture)
    atexit.register(client.flush, timeout=FLUSH_SECONDS)
    return client


@contextmanager
def _span(name: str, operation: str, endpoint: Endpoint, message_id: str) -> Iterator[Any]:
    trace = _trace()
    if trace is None:
        yield None
        return
    attributes = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": endpoint.model,
        "gen_ai.conversation.id": message_id,
    }
    kind = trace.SpanKind.CLIENT if operation == "chat" else trace.SpanKind.INTERNAL
    with trace.get_tracer(SCOPE).start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False
    ) as span:
        try:
            yield span
        except Exception as error:
            span.set_attribute("error.type", str(getattr(error, "kind", type(error).__name__)))
            raise


def _set(span: Any, name: str, value: Any) -> None:
    if span is not None:
        span.set_attribute(name, value)


def _trace() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace
