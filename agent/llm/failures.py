"""Why a model's answer cannot be had, as a sentence for the proposal that the local engine makes instead."""

from __future__ import annotations

from typing import Any

ENDPOINT_FAILURES = frozenset({"timeout", "unreachable", "busy", "endpoint failed", "refused key", "not found"})
"""Kinds of failure that say something of the endpoint, not of the message: they count for the breaker."""


class ModelFailure(Exception):
    """The model is not asked, or gave nothing that can be used. The text is a sentence for a person.

    `kind` is a word for logs and counts; `passing`: the same call may succeed later, `retry_after` seconds from now
    where that is known."""

    def __init__(self, said: str, kind: str, *, passing: bool = False, retry_after: float | None = None) -> None:
        super().__init__(said)
        self.kind = kind
        self.passing = passing
        self.retry_after = retry_after


def failure_of(error: Exception) -> ModelFailure:
    """What an error of the client, of LangChain or of the answer's form means."""
    import openai
    from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
    from langchain.agents.middleware.tool_call_limit import ToolCallLimitExceededError
    from langchain.agents.structured_output import StructuredOutputError
    from langchain_core.exceptions import OutputParserException
    from langgraph.errors import GraphRecursionError
    from pydantic import ValidationError

    if isinstance(error, ModelFailure):
        return error
    if isinstance(error, openai.APITimeoutError):
        return ModelFailure("The model's endpoint did not answer in time.", "timeout", passing=True)
    if isinstance(error, openai.APIConnectionError):
        return ModelFailure("The model's endpoint cannot be reached.", "unreachable", passing=True)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, error.response.headers, error.body)
    if isinstance(error, openai.LengthFinishReasonError):
        return ModelFailure("The model's answer was cut off before its end.", "truncated")
    if isinstance(error, openai.ContentFilterFinishReasonError):
        return ModelFailure("The model's endpoint refused the message (content filter).", "refused")
    if isinstance(error, ModelCallLimitExceededError | GraphRecursionError):
        return ModelFailure("The model did not come to an answer within its calls.", "too many calls")
    if isinstance(error, ToolCallLimitExceededError):
        return ModelFailure("The model looked things up without an end.", "too many look-ups")
    if isinstance(
        error, StructuredOutputError | OutputParserException | ValidationError | ValueError | TypeError | LookupError
    ):
        # The client raises these too, where a body is no JSON or misses what the wire promises.
        return ModelFailure("The model's answer does not have the form that was asked for.", "invalid")
    if isinstance(error, openai.OpenAIError):
        return ModelFailure("The model's endpoint gave an answer that cannot be read.", "invalid")
    return ModelFailure(f"The model could not be asked ({type(error).__name__}).", "error")


def _of_status(status: int, headers: Any, body: Any) -> ModelFailure:
    if status in (401, 403):
        said = f"The model's endpoint refused the key ({status}); check TRIAGE_LLM_KEY_FILE."
        return ModelFailure(said, "refused key")
    if status == 429:
        quota = "insufficient_quota" in str(body)
        said = "The model's endpoint says that the quota is used up." if quota else "The model's endpoint is too busy."
        return ModelFailure(said, "busy", passing=not quota, retry_after=retry_after(headers))
    if status >= 500 or status in (408, 409):
        said = f"The model's endpoint failed ({status})."
        return ModelFailure(said, "endpoint failed", passing=True, retry_after=retry_after(headers))
    if status == 404:
        said = (
            "The model's endpoint knows no such address or model (404); check TRIAGE_LLM_BASE_URL and TRIAGE_LLM_MODEL."
        )
        return ModelFailure(said, "not found")
    return ModelFailure(f"The model's endpoint refused the request ({status}).", "refused request")


def retry_after(headers: Any) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number, or a date (RFC 9110, 10.2.3)."""
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    value = str(headers.get("retry-after") or "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
