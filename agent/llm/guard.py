"""Around each call of the model: is it allowed, how long may it take, is it worth another try, and what did it cost.

A LangChain middleware, because that is the one place that every call of an agent passes.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, BaseMessage, message_to_dict

from agent.llm import tracing
from agent.llm.failures import ENDPOINT_FAILURES, ModelFailure, failure_of
from agent.llm.ledger import Ledger, ModelCall
from agent.llm.limits import Endpoint
from prompts.library import tokens_in

if TYPE_CHECKING:
    from agent.llm.request import Request

MOST_TRIES = 3
FIRST_PAUSE = 0.5


@dataclass
class Account:
    """What one message has cost so far. `ends` is the monotonic time at which its seconds are over."""

    ends: float
    calls: list[ModelCall] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        return sum(c.tokens_in + c.tokens_out for c in self.calls)

    @property
    def cost(self) -> float:
        return sum(c.cost for c in self.calls)

    @property
    def left(self) -> float:
        return self.ends - time.monotonic()


class Guard(AgentMiddleware[Any, Any, Any]):
    """Holds the calls for one message to their bounds. Raises ModelFailure, and nothing else."""

    def __init__(self, endpoint: Endpoint, ledger: Ledger, message_id: str, request: Request, account: Account) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._ledger = ledger
        self._message_id = message_id
        self._prompts = request.prompts
        self._account = account

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        for attempt in range(1, MOST_TRIES + 1):
            try:
                return self._call(request, handler)
            except ModelFailure as failure:
                wait = failure.retry_after if failure.retry_after is not None else FIRST_PAUSE * 2 ** (attempt - 1)
                if not failure.passing or attempt == MOST_TRIES or wait >= self._account.left:
                    raise
                time.sleep(wait)
        raise AssertionError("unreachable")

    def _call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        call = self._planned(request)
        self._within_message(call)
        self._ledger.open(call, self._endpoint.limits)
        self._account.calls.append(call)
        started = time.monotonic()
        timed = request.override(model_settings={**request.model_settings, "timeout": max(self._account.left, 0.1)})
        answer: BaseMessage | None = None
        try:
            with tracing.model_call(self._endpoint, self._message_id) as span:
                try:
                    response = handler(timed)
                    answer = response.result[0]
                    _refuse(answer)
                except Exception as error:
                    answer = getattr(error, "ai_message", None) or _completion_of(error) or answer
                    raise _meant(error, answer) from error
                finally:
                    if isinstance(answer, AIMessage):
                        self._note(call, answer)
                        tracing.note_answer(span, answer, capture=self._endpoint.capture_content)
            call.result = "ok"
            return response
        except ModelFailure as failure:
            call.result, call.endpoint_failed = failure.kind, failure.kind in ENDPOINT_FAILURES
            if failure.retry_after:
                call.not_before = time.time() + failure.retry_after
            if call.response is None:
                # What was under way when time ran out may well be charged.
                call.tokens_in, call.tokens_out = (call.tokens_in if failure.kind == "timeout" else 0), 0
                call.cost = self._endpoint.cost(call.tokens_in, 0)
            raise
        finally:
            call.seconds = time.monotonic() - started
            self._ledger.close(call)

    def _planned(self, request: ModelRequest[Any]) -> ModelCall:
        """The call with what it may cost at most."""
        said = [request.system_message, *request.messages] if request.system_message else request.messages
        content = json.dumps([_shape(m) for m in said], ensure_ascii=False, sort_keys=True)
        expected, most = tokens_in(content), self._endpoint.answer_tokens
        return ModelCall(
            id=uuid.uuid4().hex,
            message_id=self._message_id,
            tenant=self._endpoint.tenant,
            model=self._endpoint.model,
            prompts=self._prompts,
            request_hash=hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest(),
            parameters={"temperature": self._endpoint.temperature, "max_tokens": most},
            tokens_in=expected,
            tokens_out=most,
            cost=self._endpoint.cost(expected, most),
        )

    def _within_message(self, call: ModelCall) -> None:
        limits, account = self._endpoint.limits, self._account
        if account.left <= 0:
            raise ModelFailure("The model took longer than a message's seconds.", "timeout")
        if account.tokens + call.tokens_in + call.tokens_out > limits.message_tokens:
            raise ModelFailure("The model needs more tokens than a message may cost.", "message budget")
        if limits.message_cost is not None and account.cost + call.cost > limits.message_cost:
            raise ModelFailure("The model needs more money than a message may cost.", "message budget")

    def _note(self, call: ModelCall, answer: AIMessage) -> None:
        used = answer.usage_metadata
        if used:
            call.tokens_in, call.tokens_out = used["input_tokens"], used["output_tokens"]
        call.cost = self._endpoint.cost(call.tokens_in, call.tokens_out)
        call.response = message_to_dict(answer)


def _shape(message: BaseMessage) -> dict[str, Any]:
    """What of a message makes a request the same request: ids that the endpoint made up do not."""
    calls = [{"name": c["name"], "args": c["args"]} for c in getattr(message, "tool_calls", [])]
    return {"type": message.type, "content": message.content, **({"calls": calls} if calls else {})}


def _refuse(answer: BaseMessage) -> None:
    """Raises ModelFailure where the answer is the model's refusal."""
    if answer.additional_kwargs.get("refusal"):
        raise ModelFailure("The model refused to answer.", "refused")


def _meant(error: Exception, answer: BaseMessage | None) -> ModelFailure:
    if answer is not None and not isinstance(error, ModelFailure):
        if answer.additional_kwargs.get("refusal"):
            return ModelFailure("The model refused to answer.", "refused")
        if answer.response_metadata.get("finish_reason") == "length":
            return ModelFailure("The model's answer was cut off before its end.", "truncated")
    return failure_of(error)


def _completion_of(error: Exception) -> AIMessage | None:
    """The usage of a completion that the client refused to hand over, so that its tokens are counted."""
    completion = getattr(error, "completion", None)
    if completion is None or completion.usage is None or not completion.choices:
        return None
    used = completion.usage
    counted: Any = {
        "input_tokens": used.prompt_tokens,
        "output_tokens": used.completion_tokens,
        "total_tokens": used.total_tokens,
    }
    choice = completion.choices[0]
    reason = {"finish_reason": choice.finish_reason}
    return AIMessage(choice.message.content or "", usage_metadata=counted, response_metadata=reason)
