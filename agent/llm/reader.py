"""The agent that reads one message with a language model: LangChain's, held to our bounds.

Whatever goes wrong, the outcome says so and the caller goes on without: nothing here raises, and nothing waits longer
than a message's seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from agent.llm.failures import ModelFailure, failure_of
from agent.llm.ledger import Ledger, ModelCall
from agent.llm.limits import Endpoint
from agent.llm.look_ups import LookUps, PastCases
from agent.llm.redaction import Redaction
from agent.triage import Study, TriageEngine

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from agent.llm.claims import Answer
    from agent.llm.guard import Account
    from agent.llm.request import Request

T = TypeVar("T")
GRACE_SECONDS = 0.5


@dataclass
class Asked:
    """What became of asking about one message: an answer or a failure, what was shown and replaced, and each call."""

    look_ups: LookUps
    redaction: Redaction
    answer: Answer | None = None
    failure: ModelFailure | None = None
    calls: list[ModelCall] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        return sum(c.tokens_in + c.tokens_out for c in self.calls)

    @property
    def cost(self) -> float:
        return sum(c.cost for c in self.calls)


class ModelReader:
    """Asks one endpoint. `model` stands in for it where recorded answers are to be heard again."""

    def __init__(
        self,
        endpoint: Endpoint,
        ledger: Ledger,
        *,
        past: PastCases | None = None,
        model: BaseChatModel | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.ledger = ledger
        self._past = past
        self._given = model
        self._built: BaseChatModel | None = None
        self._client: Any = None
        self._by_tool = endpoint.structured == "tool"

    def read(self, study: Study, engine: TriageEngine, still_open: str = "") -> Asked:
        """What the model says about a message; `still_open` tells it what is to be found out."""
        from agent.llm.request import build_request, named_in

        look_ups = LookUps(engine.book, engine.references, engine.index, self._past)
        asked = Asked(look_ups, Redaction(self.endpoint.redact, named_in(study.message)))
        started = time.monotonic()
        try:
            request = build_request(study, look_ups, asked.redaction, self.endpoint, engine.policy, still_open)
            asked.answer = self._ask(study.message.id, request, asked)
        except Exception as error:
            asked.failure = failure_of(error)
        asked.seconds = time.monotonic() - started
        return asked

    def _ask(self, message_id: str, request: Request, asked: Asked) -> Answer:
        from agent.llm.guard import Account

        model = self._model()
        account = Account(time.monotonic() + self.endpoint.limits.message_seconds, asked.calls)
        try:
            return self._run(model, message_id, request, asked, account)
        except ModelFailure as failure:
            if failure.kind != "refused request" or self._by_tool or self.endpoint.structured != "auto":
                raise
            answer = self._run(model, message_id, request, asked, account, by_tool=True)
            self._by_tool = True  # it does not know the schema, but the tool: so from now on
            return answer

    def _run(
        self,
        model: BaseChatModel,
        message_id: str,
        request: Request,
        asked: Asked,
        account: Account,
        *,
        by_tool: bool = False,
    ) -> Answer:
        from langchain.agents import create_agent
        from langchain.agents.middleware import ModelCallLimitMiddleware, ToolCallLimitMiddleware
        from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
        from langchain_core.runnables import RunnableConfig

        from agent.llm import tracing
        from agent.llm.claims import Answer
        from agent.llm.guard import Guard

        limits = self.endpoint.limits
        form: Any = (
            ToolStrategy(Answer, handle_errors=False)
            if by_tool or self._by_tool
            else ProviderStrategy(Answer, strict=True)
        )
        bounds: list[Any] = [
            ModelCallLimitMiddleware(run_limit=limits.message_calls, exit_behavior="error"),
            Guard(self.endpoint, self.ledger, message_id, request, account),
        ]
        tools = asked.look_ups.tools() if limits.message_tool_calls else []
        if tools:
            bounds.append(ToolCallLimitMiddleware(run_limit=limits.message_tool_calls, exit_behavior="error"))
        agent = create_agent(
            model,
            tools,
            system_prompt=request.system,
            response_format=form,
            middleware=bounds,
        )
        config: RunnableConfig = {
            "recursion_limit": 6 * (limits.message_calls + 1) + 10,
            "run_name": "read message",
            "metadata": {"message_id": message_id, "proposal_ids": f"{message_id[:20]}-0…"},
        }

        def run() -> Answer:
            with tracing.langsmith(self.endpoint), tracing.agent_run(self.endpoint, message_id):
                given: Any = {"messages": [{"role": "user", "content": request.user}]}
                answer = agent.invoke(given, config).get("structured_response")
            if not isinstance(answer, Answer):
                raise ModelFailure("The model's answer does not have the form that was asked for.", "invalid")
            return answer

        return self._within(account.left + GRACE_SECONDS, run)

    def _within(self, seconds: float, run: Callable[[], T]) -> T:
        """The outcome of `run`, for which nobody waits longer than that: an endpoint that sends a byte now and then
        never times out by itself. Raises what `run` raises, and ModelFailure."""
        done: list[T] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                done.append(run())
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=work, name="model", daemon=True)
        thread.start()
        thread.join(max(seconds, GRACE_SECONDS))
        if done:
            return done[0]
        if failed:
            raise failure_of(failed[0])
        self._hang_up()
        raise ModelFailure("The model took longer than a message's seconds.", "timeout")

    def _hang_up(self) -> None:
        """Ends what is under way; the next message gets a client of its own."""
        client, self._client, self._built = self._client, None, None
        if client is not None:
            client.close()

    def _model(self) -> BaseChatModel:
        if self._given is not None:
            return self._given
        if self._built is None:
            from langchain_openai import ChatOpenAI
            from openai import DefaultHttpxClient
            from pydantic import SecretStr

            endpoint = self.endpoint
            self._client = DefaultHttpxClient(timeout=endpoint.limits.message_seconds)
            try:
                key = SecretStr(endpoint.key())
            except OSError as error:
                said = f"The key of the model's endpoint cannot be read ({error.strerror}); check TRIAGE_LLM_KEY_FILE."
                raise ModelFailure(said, "refused key") from error
            self._built = ChatOpenAI(
                base_url=endpoint.base_url,
                model=endpoint.model,
                api_key=key,
                temperature=endpoint.temperature,
                max_completion_tokens=endpoint.answer_tokens,
                max_retries=0,
                http_client=self._client,
                use_responses_api=False,
                stream_usage=False,
            )
        return self._built
