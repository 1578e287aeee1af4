"""A predictions file: what the product proposed for each case of a labelled set, one JSON object a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from agent.proposal import Evidence, Lane, Proposal, RecordRef, Triage
from evals.labelled import LabelError


class OfferedCandidate(RecordRef):
    score: float


class PredictedException(BaseModel):
    """One proposal. `candidates`: best first, five at most. `confidence`: the chance that it is right as a whole."""

    intent: str
    record: RecordRef | None = None
    candidates: list[OfferedCandidate] = Field(default_factory=list)
    fields: dict[str, Any] = Field(default_factory=dict)
    evidence: list[Evidence] = Field(default_factory=list)
    actions: list[str] = Field(default_factory=list)
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    lane: Lane = Lane.check

    @classmethod
    def of(cls, proposal: Proposal) -> PredictedException:
        return cls(
            intent=proposal.intent,
            record=proposal.record,
            candidates=[
                OfferedCandidate(model=c.model, id=c.id, name=c.name, score=c.score) for c in proposal.candidates[:5]
            ],
            fields=proposal.fields.stated(),
            evidence=proposal.evidence,
            actions=[a.name for a in proposal.actions],
            confidence=proposal.confidence,
            lane=proposal.lane,
        )


class Prediction(BaseModel):
    """The outcome for one case. `manual`: the whole message goes to a person. `error`: why it could not be read."""

    id: str
    exceptions: list[PredictedException] = Field(default_factory=list)
    manual: bool = False
    engine: str = "local"
    model_calls: int = 0
    tokens: int = 0
    seconds: float = 0.0
    error: str | None = None

    @classmethod
    def of(cls, case_id: str, triage: Triage, seconds: float) -> Prediction:
        return cls(
            id=case_id,
            exceptions=[
                PredictedException.of(p) for p in triage.proposals if not triage.manual or p.intent == "unclear"
            ],
            manual=triage.manual,
            engine=triage.engine,
            model_calls=triage.model_calls,
            tokens=triage.tokens,
            seconds=seconds,
        )

    @property
    def all_manual(self) -> bool:
        """Whether the whole message goes to the manual lane, with or without suggestions."""
        return self.manual or (bool(self.exceptions) and all(e.lane is Lane.manual for e in self.exceptions))

    @property
    def confidence(self) -> float:
        """The case's confidence is that of its least sure proposal: it is right only when all of them are."""
        return min((e.confidence for e in self.exceptions), default=0.0)

    def line(self) -> str:
        return self.model_dump_json(exclude={"error"} if self.error is None else None)


def load_predictions(file: Path) -> list[Prediction]:
    """Reads a predictions file. Raises LabelError with file and line where it does not fit the format."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise LabelError(f"{file} cannot be read ({error.strerror}); make it with `triage eval predict`.") from error
    predictions: dict[str, Prediction] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            prediction = Prediction.model_validate_json(line)
        except ValidationError as error:
            raise LabelError(f"{file}:{number}: {error}") from error
        if prediction.id in predictions:
            raise LabelError(f"{file}:{number}: a second line for case {prediction.id!r}; each case has one.")
        predictions[prediction.id] = prediction
    return list(predictions.values())
