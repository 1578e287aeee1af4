"""Settings of the language model (`TRIAGE_LLM_…`). Without an endpoint no model is asked, and none needs to be set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from agent.llm.limits import Endpoint, Limits
from agent.llm.redaction import KINDS
from review.settings import SettingsError

if TYPE_CHECKING:
    from agent.llm.doubt import Reliability
    from agent.llm.ledger import Ledger
    from agent.llm.look_ups import PastCases
    from agent.llm.reader import ModelReader
    from agent.triage import TriageEngine
    from review.renewed_engine import Follower

Engine = Literal["local", "llm", "cascade"]


class ModelSettings(BaseSettings):
    """The endpoint and its bounds; see docs/models.md for each. Prices are per million tokens; `value` is what a right
    proposal is worth, in the same currency. `tenant` names whose daily budget counts. `reliability` is the file that
    `triage eval engines … --worth` writes."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_LLM_", extra="ignore")

    base_url: str | None = None
    model: str | None = None
    key_file: Path | None = None
    engine: Engine | None = None
    tenant: str = "default"
    price_in: float = Field(0.0, ge=0)
    price_out: float = Field(0.0, ge=0)
    value: float = Field(1.0, gt=0)
    reliability: Path | None = None
    structured: Literal["auto", "json_schema", "tool"] = "auto"
    temperature: float | None = Field(0.0, ge=0, le=2)
    answer_tokens: int = Field(900, ge=100)
    redact: tuple[str, ...] = ("mail", "phone", "bank")
    capture_content: bool = False
    message_calls: int = Field(4, ge=1)
    message_tool_calls: int = Field(6, ge=0)
    message_tokens: int = Field(20_000, ge=1)
    message_seconds: float = Field(60.0, gt=0)
    message_cost: float | None = Field(None, gt=0)
    day_calls: int | None = Field(5_000, ge=1)
    day_tokens: int | None = Field(20_000_000, ge=1)
    day_cost: float | None = Field(None, gt=0)
    calls_a_minute: int | None = Field(120, ge=1)
    breaker_failures: int = Field(5, ge=1)
    breaker_seconds: float = Field(60.0, gt=0)

    @model_validator(mode="after")
    def _whole(self) -> ModelSettings:
        if unknown := set(self.redact) - set(KINDS):
            raise ValueError(f"redact takes {', '.join(KINDS)}; these are not known: {', '.join(sorted(unknown))}")
        if self.base_url and not self.model:
            raise ValueError("TRIAGE_LLM_BASE_URL is set, so TRIAGE_LLM_MODEL must be too")
        if self.engine in ("llm", "cascade") and not self.base_url:
            raise ValueError(f"engine {self.engine} needs TRIAGE_LLM_BASE_URL and TRIAGE_LLM_MODEL")
        return self

    @classmethod
    def load(cls) -> ModelSettings:
        """The settings of the environment. Raises SettingsError for one that cannot be used."""
        try:
            return cls()
        except ValidationError as error:
            wrong = "; ".join(
                f"{'TRIAGE_LLM_' + str(e['loc'][0]).upper() + ': ' if e['loc'] else ''}{e['msg']}"
                for e in error.errors()
            )
            raise SettingsError(f"A setting of the language model cannot be used. {wrong}.") from error

    @property
    def decides(self) -> Engine:
        """Which engine decides: the one that is set, else `cascade` where an endpoint is, else `local`."""
        return self.engine or ("cascade" if self.base_url else "local")

    def endpoint(self) -> Endpoint:
        """The endpoint as the agent takes it."""
        assert self.base_url is not None
        assert self.model is not None
        limits = {name: getattr(self, name) for name in Limits.__dataclass_fields__}
        return Endpoint(
            base_url=self.base_url,
            model=self.model,
            key_file=self.key_file,
            tenant=self.tenant,
            price_in=self.price_in,
            price_out=self.price_out,
            answer_tokens=self.answer_tokens,
            temperature=self.temperature,
            structured=self.structured,
            redact=self.redact,
            capture_content=self.capture_content,
            limits=Limits(**limits),
        )

    def worth(self) -> Reliability:
        """What the model's word is worth: as measured, else a cautious guess. Raises SettingsError."""
        from agent.llm.doubt import Reliability

        if self.reliability is None:
            return Reliability()
        try:
            return Reliability.load(self.reliability)
        except (OSError, ValueError) as error:
            raise SettingsError(f"TRIAGE_LLM_RELIABILITY: {self.reliability} cannot be used: {error}") from error

    def engine_over(self, local: TriageEngine, ledger: Ledger, past: PastCases | None = None) -> Follower:
        """The engine that decides, over the local one."""
        if self.decides == "local":
            return local
        from agent.llm.reader import ModelReader

        return self.engine_with(local, ModelReader(self.endpoint(), ledger, past=past))

    def engine_with(self, local: TriageEngine, reader: ModelReader) -> Follower:
        """The same with a reader that stands already."""
        from agent.llm.engine import CascadeEngine, ModelEngine

        if self.decides == "cascade":
            return CascadeEngine(local, reader, self.worth(), self.value)
        return ModelEngine(local, reader, self.worth())
