"""Engines `llm` and `cascade`: the local engine, and a language model whose findings go the same way as its own.

`llm` asks about every message that needs reading of words. `cascade` asks only where the local engine's doubt is worth
the cost, tells the model what is open, and shows the likelier reading. Where the model cannot be had, both are the local
engine, and the proposal says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from agent.llm.doubt import Reliability, worth_asking
from agent.llm.grounding import Grounded, ground
from agent.llm.limits import Endpoint
from agent.llm.reader import Asked, ModelReader
from agent.llm.request import instructions, question_of
from agent.proposal import Lane, Proposal, Triage
from agent.taught import NOTHING, Taught
from agent.triage import Study, TriageEngine
from prompts.library import tokens_in
from tools.message import Message
from tools.records import RecordReader

logger = logging.getLogger(__name__)

Identity = tuple[str, str, int | None]
UNPROVED = "Nothing that the model said could be found in the message and its records."


class ModelEngine:
    """Engine `llm`."""

    name = "llm"

    def __init__(self, local: TriageEngine, reader: ModelReader, reliability: Reliability | None = None) -> None:
        self.local = local
        self.reader = reader
        self.reliability = reliability or Reliability()

    def follow(self, reader: RecordReader) -> None:
        self.local.follow(reader)

    def rehearse(self, message: Message, taught: Taught) -> Triage:
        """What the local engine would say; no model is asked."""
        return self.local.rehearse(message, taught)

    def triage(self, message: Message, taught: Taught = NOTHING) -> Triage:
        """Proposals for one message. Raises what the local engine raises, and nothing of the model's."""
        study = self.local.study(message, taught)
        local = self.local.conclude(study)
        if not needs_reading(study) or not self._wants(study, local):
            return local
        asked = self.reader.read(study, self.local, self._open(study, local))
        return self._settled(study, local, asked)

    def _wants(self, study: Study, local: Triage) -> bool:
        return True

    def _open(self, study: Study, local: Triage) -> str:
        return ""

    def _settled(self, study: Study, local: Triage, asked: Asked) -> Triage:
        """What is shown once the model was asked: its reading, ours, or ours because its reading cannot be had."""
        grounded = Grounded()
        if asked.answer is not None:
            try:
                grounded = ground(asked.answer, study, asked.look_ups, asked.redaction, self.local)
            except Exception:
                # An answer may hold anything; what it breaks must not hold up the message.
                logger.exception("The model's answer about %s could not be used.", study.message.id[:20])
        if not grounded.findings:
            outcome = fallen_back(local, str(asked.failure or UNPROVED))
        else:
            theirs = self.local.conclude(self.local.reread(study, grounded.findings))
            for proposal, sure in zip(theirs.proposals, grounded.sure, strict=False):
                proposal.features["model_sure"] = sure
            outcome = self._chosen(local, theirs)
        outcome.model_calls, outcome.tokens, outcome.cost = len(asked.calls), asked.tokens, round(asked.cost, 6)
        outcome.dropped = grounded.dropped
        outcome.seconds = {**local.seconds, "model": asked.seconds}
        outcome.versions = {**local.versions, **self.versions(asked)}
        logger.info(
            "Model asked about %s: %s, %d calls, %d tokens, prompts %s, %d claims dropped.",
            study.message.id[:20], outcome.engine, len(asked.calls), asked.tokens,
            {name: digest for c in asked.calls for name, digest in c.prompts.items()}, len(grounded.dropped),
        )  # fmt: skip
        return outcome

    def _chosen(self, local: Triage, theirs: Triage) -> Triage:
        """The model's reading, with a confidence that agreement raises and disagreement lowers."""
        return weighed(theirs, local, self.reliability, model_shown=True, lane_of=self.local.lane_of)

    def versions(self, asked: Asked) -> dict[str, str]:
        prompts = {f"prompt:{name}": digest for call in asked.calls[:1] for name, digest in call.prompts.items()}
        return {"engine": f"{self.name}/1", "model": self.reader.endpoint.model, **prompts}


class CascadeEngine(ModelEngine):
    """Engine `cascade`. `value` is what a right proposal is worth, in the currency of the endpoint's prices."""

    name = "cascade"

    def __init__(
        self, local: TriageEngine, reader: ModelReader, reliability: Reliability | None = None, value: float = 1.0
    ) -> None:
        super().__init__(local, reader, reliability)
        self.value = value

    def _wants(self, study: Study, local: Triage) -> bool:
        cost = expected_cost(study, self.reader.endpoint, self.local)
        return worth_asking(doubt_of(local), self.reliability, value=self.value, cost=cost)

    def _open(self, study: Study, local: Triage) -> str:
        return question_of(study, doubt_of(local))

    def _chosen(self, local: Triage, theirs: Triage) -> Triage:
        """The likelier reading of the two."""
        if identities(local) == identities(theirs):
            return weighed(local, theirs, self.reliability, model_shown=False, lane_of=self.local.lane_of)
        ours, model = self.reliability.disagreed(doubt_of(local))
        shown, other = (theirs, local) if model > ours else (local, theirs)
        return weighed(shown, other, self.reliability, model_shown=model > ours, lane_of=self.local.lane_of)


def needs_reading(study: Study) -> bool:
    """Whether there are words to read: a carrier's code, an EDI document and an automatic answer say what they are, and
    what looks like fraud is a person's in any case."""
    message = study.message
    coded = message.event is not None and message.event.intent is not None
    return not (coded or message.documents or message.auto_reply or message.bounce or study.suspicion.fraud)


def doubt_of(triage: Triage) -> float:
    """The confidence that all of a message's proposals are right: that of the least sure one."""
    return min((p.confidence for p in triage.proposals), default=0.0)


def expected_cost(study: Study, endpoint: Endpoint, engine: TriageEngine) -> float:
    """About what one call costs: instructions, records and message in, half of a full answer out."""
    tokens = tokens_in(instructions(engine.policy)) + tokens_in(study.message.new_text) + 600
    return endpoint.cost(tokens, endpoint.answer_tokens // 2)


def identities(triage: Triage) -> set[Identity]:
    """What a message is said to be about: intents and their records."""
    return {identity(p) for p in triage.proposals}


def identity(proposal: Proposal) -> Identity:
    record = proposal.record
    return proposal.intent, record.model if record else "", record.id if record else None


def fallen_back(local: Triage, reason: str) -> Triage:
    """The local engine's outcome where the model's cannot be had; each proposal says why."""
    for proposal in local.proposals:
        proposal.reasons.append(f"Read without the language model. {reason}")
    local.engine, local.fallback = "fallback", reason
    return local


def weighed(
    shown: Triage,
    other: Triage,
    reliability: Reliability,
    *,
    model_shown: bool,
    lane_of: Callable[[Proposal, float], Lane],
) -> Triage:
    """The shown reading with confidences that take the other one in. What the two do not share is shown as such and
    never `ready`."""
    shown.engine = "llm"
    others = {identity(p): p for p in other.proposals}
    local_doubt = doubt_of(other if model_shown else shown)
    for proposal in shown.proposals:
        twin = others.get(identity(proposal))
        local = twin if model_shown else proposal
        if twin is not None and local is not None and values(twin) == values(proposal):
            proposal.confidence = round(reliability.agreed(local.confidence), 4)
            proposal.features["model_agrees"] = 1.0
            proposal.reasons.append("The language model reads it the same way.")
            lane = lane_of(proposal, proposal.confidence)
        else:
            p = local.confidence if local is not None else local_doubt
            ours, model = reliability.disagreed(p)
            proposal.confidence = round(model if model_shown else ours, 4)
            proposal.features["model_agrees"] = 0.0
            proposal.reasons.append(difference(proposal, twin, other, model_shown=model_shown))
            lane = lane_of(proposal, proposal.confidence)
            lane = Lane.check if lane is Lane.ready else lane
        proposal.parts = {}
        proposal.lane = Lane.manual if shown.manual else lane
    return shown


def values(proposal: Proposal) -> Any:
    """The values of lines that a proposal states, in an order of their own."""
    lines = [line.model_dump(exclude={"product"}, exclude_defaults=True) for line in proposal.fields.lines]
    return sorted(lines, key=repr)


def difference(proposal: Proposal, twin: Proposal | None, other: Triage, *, model_shown: bool) -> str:
    """One sentence that says how the two readings differ."""
    who = "The local engine" if model_shown else "The language model"
    if twin is not None:
        return f"{who} reads other values: {stated(twin)}."
    read = "; ".join(
        f"{p.intent.replace('_', ' ')} of {p.record.name if p.record else 'no record'}" for p in other.proposals
    )
    return f"{who} reads this message differently: {read or 'as saying nothing'}."


def stated(proposal: Proposal) -> str:
    """The values of a proposal, in short."""
    said = []
    for line in proposal.fields.lines[:4]:
        given = line.model_dump(exclude={"product", "line_id"}, exclude_defaults=True)
        told = ", ".join(f"{name} {value}" for name, value in given.items() if name != "splits")
        told += ", ".join(f"{s.qty:g} on {s.date}" for s in line.splits)
        said.append(f"{line.product or 'a line'} {told}".strip())
    return "; ".join(said) or "none"
