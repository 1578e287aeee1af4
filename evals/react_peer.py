"""A plain LangChain ReAct agent as a peer: the same model and look-ups, no bounds, no grounding, no local engine beside it.

What it answers is taken as it stands, as a first attempt at such an agent would: the record by its name, the values as it
gives them, the usual action of the intent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.llm.claims import Answer, FindingClaim
from agent.llm.limits import Endpoint
from agent.llm.look_ups import LookUps
from agent.llm.request import instructions
from agent.proposal import Action, Fields, LineFields, Proposal, RecordRef, Split, Triage
from agent.triage import TriageEngine
from evals.baselines import USUAL_ACTION
from tools.message import Message

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

NAME = "react"


class ReactPeer:
    """`endpoint.limits` do not hold it; only the client's own time-out does."""

    def __init__(self, local: TriageEngine, endpoint: Endpoint) -> None:
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        self._local = local
        self._model: BaseChatModel = ChatOpenAI(
            base_url=endpoint.base_url,
            model=endpoint.model,
            api_key=SecretStr(endpoint.key()),
            temperature=endpoint.temperature,
            timeout=endpoint.limits.message_seconds,
            max_retries=0,
        )

    def triage(self, message: Message) -> Triage:
        """Raises what LangChain raises: a plain agent has no fallback."""
        from langchain.agents import create_agent
        from langchain.agents.structured_output import ProviderStrategy

        look_ups = LookUps(self._local.book, self._local.references, self._local.index)
        agent: Any = create_agent(
            self._model,
            look_ups.tools(),
            system_prompt=instructions(self._local.policy),
            response_format=ProviderStrategy(Answer),
        )
        text = "\n\n".join(f"[{part.name}]\n{part.text}" for part in message.parts)
        said = f"Received {message.received_at:%Y-%m-%d} from {message.sender.email}:\n\n{text}"
        state = agent.invoke({"messages": [{"role": "user", "content": said}]})
        used = [m.usage_metadata for m in state["messages"] if getattr(m, "usage_metadata", None)]
        return Triage(
            message_id=message.id,
            proposals=[self._proposal(claim, look_ups) for claim in state["structured_response"].findings],
            engine=NAME,
            model_calls=len(used),
            tokens=sum(u["total_tokens"] for u in used),
        )

    def _proposal(self, claim: FindingClaim, look_ups: LookUps) -> Proposal:
        key = look_ups.shown.get(claim.record or "")
        fields = Fields()
        lines: dict[int | None, LineFields] = {}
        for fact in claim.facts:
            if fact.field in Fields.model_fields and fact.field != "date":
                setattr(fields, fact.field, fact.value)
                continue
            line = lines.setdefault(fact.line, LineFields(line_id=fact.line))
            _state(line, fact.field, fact.value)
        fields.lines = list(lines.values())
        return Proposal(
            intent=str(claim.intent),
            record=RecordRef(model=key[0], id=key[1], name=claim.record or "") if key else None,
            fields=fields,
            actions=[Action(name=USUAL_ACTION[str(claim.intent)])],
            confidence=min(max(claim.sure, 0.0), 1.0),
        )


def _state(line: LineFields, field: str, value: str) -> None:
    try:
        if field == "date":
            line.date = value
        elif field == "date_unknown":
            line.date_unknown = True
        elif field == "qty":
            line.qty = float(value)
        elif field == "price":
            line.price = float(value)
        elif field == "delivery":
            qty, _, day = value.partition(" on ")
            line.splits.append(Split(qty=float(qty), date=day))
        elif field == "substitute":
            line.substitute = value
    except ValueError:
        pass  # a number that is none states nothing
