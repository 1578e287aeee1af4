"""Short ways to write labelled cases and predictions in the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.proposal import RecordRef
from evals.labelled import Case, Expected, LabelledException, LabelledSet
from evals.predictions import OfferedCandidate, PredictedException, Prediction


def order(number: int, model: str = "purchase.order") -> RecordRef:
    return RecordRef(model=model, id=number, name=f"P{number:05}")


def label(intent: str, record: RecordRef | None = None, **rest: Any) -> LabelledException:
    return LabelledException(intent=intent, record=record, **rest)


def case(*exceptions: LabelledException, id: str = "c", manual: bool = False, **rest: Any) -> Case:
    rest = {"channel": "email", "received_at": "2026-11-23T08:00:00Z", "raw": f"raw/{id}.eml"} | rest
    return Case(id=id, expected=Expected(exceptions=list(exceptions), manual=manual), **rest)


def found(intent: str, record: RecordRef | None = None, **rest: Any) -> PredictedException:
    offered = [OfferedCandidate(**record.model_dump(), score=1.0)] if record else []
    return PredictedException(intent=intent, record=record, **({"candidates": offered} | rest))


def prediction(*exceptions: PredictedException, id: str = "c", **rest: Any) -> Prediction:
    return Prediction(id=id, exceptions=list(exceptions), **rest)


def perfect(case: Case) -> Prediction:
    """What a reader without fault would propose for a case."""
    assert case.expected is not None
    if case.expected.manual:
        return Prediction(id=case.id, manual=True)
    return prediction(
        *(
            found(e.intent, e.record, fields=e.fields, actions=e.actions, confidence=1.0)
            for e in case.expected.exceptions
        ),
        id=case.id,
    )


def labelled_set(path: Path, *cases: Case) -> LabelledSet:
    """A set of these cases with (empty) records."""
    path.mkdir(exist_ok=True)
    (path / "records.json").write_text("{}")
    return LabelledSet(path, list(cases))
