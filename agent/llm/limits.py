"""The endpoint that a language model is asked at, and the bounds of asking it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Structured = Literal["auto", "json_schema", "tool"]


@dataclass(frozen=True)
class Limits:
    """What asking may cost. Tokens count both ways; money is in the currency of the price settings; None: no bound.

    A message's bounds end the asking; a day's (UTC) hold for a tenant and are shared by all workers, as are
    `calls_a_minute` and the breaker, which opens after `breaker_failures` failures in a row, for `breaker_seconds`."""

    message_calls: int = 4
    message_tool_calls: int = 6
    message_tokens: int = 20_000
    message_seconds: float = 60.0
    message_cost: float | None = None
    day_calls: int | None = 5_000
    day_tokens: int | None = 20_000_000
    day_cost: float | None = None
    calls_a_minute: int | None = 120
    breaker_failures: int = 5
    breaker_seconds: float = 60.0


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible endpoint. `key_file` holds the key alone; prices are per million tokens; `redact` names the
    kinds of personal data that are replaced before anything is sent (see `agent.llm.redaction`).

    `structured` is how the answer's form is asked for: by the endpoint's JSON schema, by a tool, or (`auto`) by the
    first until the endpoint refuses it. `prompts` is a folder of prompt files that are tried in place of those at work."""

    base_url: str
    model: str
    key_file: Path | None = None
    tenant: str = "default"
    price_in: float = 0.0
    price_out: float = 0.0
    answer_tokens: int = 900
    temperature: float | None = 0.0
    structured: Structured = "auto"
    redact: tuple[str, ...] = ("mail", "phone", "bank")
    capture_content: bool = False
    prompts: Path | None = None
    limits: Limits = field(default_factory=Limits)

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Money for one call."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6

    def key(self) -> str:
        """The key from its file. Raises OSError when it cannot be read."""
        return self.key_file.read_text(encoding="utf-8").strip() if self.key_file else "none"
