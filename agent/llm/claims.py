"""The form of a model's answer. What it holds are claims: nothing of it counts before it was found again."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent.taxonomy import taxonomy

IntentKey = StrEnum("IntentKey", {key: key for key in taxonomy().intents})  # type: ignore[misc]

FactField = Literal[
    "date", "date_unknown", "qty", "price", "delivery", "substitute",
    "tracking", "carrier", "supplier_ref", "invoice", "address",
]  # fmt: skip


class FactClaim(BaseModel):
    """One value that the message is said to state, with the words that state it."""

    model_config = ConfigDict(extra="forbid")

    line: int | None
    field: FactField
    value: str
    quote: str


class FindingClaim(BaseModel):
    """One matter that the message is said to be about."""

    model_config = ConfigDict(extra="forbid")

    intent: IntentKey
    record: str | None
    quote: str
    facts: list[FactClaim]
    sure: float


class Answer(BaseModel):
    """Everything that the message is about, one finding for each matter and record."""

    model_config = ConfigDict(extra="forbid")

    findings: list[FindingClaim]
