"""What the tests of the model engines share: one local engine over the chandlery, a message, and engines over a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from agent.llm.doubt import Reliability
from agent.llm.engine import CascadeEngine, ModelEngine
from agent.llm.ledger import MemoryLedger
from agent.llm.limits import Endpoint, Limits
from agent.llm.reader import ModelReader
from agent.triage import TriageEngine, build_engine
from tests.agent.company import mail, snapshot
from tests.agent.reading import BLUE, ROPE
from tests.llm_endpoint import Reply, ScriptedEndpoint, answers, endpoint, fact, finding
from tools.message import Message
from tools.snapshot import SnapshotReader

ROPEMAKER = "w.harms@trosse-tau.example"
LATE = "Dear Søren,\n\nunfortunately P00041 is delayed: ROP-12-NAV will arrive on 3 June 2026.\n\nKind regards"
LATE_FACT = fact("date", "2026-06-03", "ROP-12-NAV will arrive on 3 June 2026", ROPE)
RIGHT = answers(finding("delivery_date_change", "P00041", "P00041 is delayed", LATE_FACT))
OTHER = answers(finding("information_request", "P00041", "P00041 is delayed"))

__all__ = ["BLUE", "ROPE", "answers", "fact", "finding"]


@cache
def local() -> TriageEngine:
    return build_engine(SnapshotReader(snapshot()))


def late(text: str = LATE, sender: str = ROPEMAKER, **more: Any) -> Message:
    message = mail(text, sender=sender, **more)
    message.language = "en"
    return message


@contextmanager
def asking(
    *replies: Reply, ledger: MemoryLedger | None = None, limits: Limits | None = None, **more: Any
) -> Iterator[tuple[ModelEngine, ScriptedEndpoint]]:
    """Engine `llm` over a scripted endpoint."""
    with endpoint(*replies) as script:
        at = Endpoint(script.url, "scripted-1", limits=limits or Limits(message_seconds=20), **more)
        yield ModelEngine(local(), ModelReader(at, ledger or MemoryLedger())), script


@contextmanager
def cascading(
    *replies: Reply, reliability: Reliability | None = None, value: float = 1.0, **more: Any
) -> Iterator[tuple[CascadeEngine, ScriptedEndpoint]]:
    with endpoint(*replies) as script:
        at = Endpoint(script.url, "scripted-1", limits=Limits(message_seconds=20), **more)
        yield CascadeEngine(local(), ModelReader(at, MemoryLedger()), reliability, value), script
