"""A model that says again what was recorded, call by call, so that a suggestion can be reproduced without an endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, messages_from_dict
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from pydantic import PrivateAttr

from agent.llm.failures import ModelFailure
from agent.llm.ledger import ModelCall


class RecordedModel(BaseChatModel):
    """Answers the n-th call with what the n-th recorded one got; a recorded failure fails again, without a wait."""

    _calls: list[ModelCall] = PrivateAttr(default_factory=list)
    _said: int = PrivateAttr(default=0)

    @classmethod
    def of(cls, calls: Sequence[ModelCall]) -> RecordedModel:
        model = cls()
        model._calls = list(calls)
        return model

    @property
    def _llm_type(self) -> str:
        return "recorded"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, AIMessage]:
        """The tools change nothing: what is said was said."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self._said >= len(self._calls):
            raise ModelFailure("No further answer of the model was recorded.", "not recorded")
        call = self._calls[self._said]
        self._said += 1
        if call.response is None:
            last = self._said == len(self._calls)
            raise ModelFailure(f"As recorded: {call.result}.", call.result, passing=not last, retry_after=0.0)
        [message] = messages_from_dict([call.response])
        return ChatResult(generations=[ChatGeneration(message=message)])
