"""Whether what comes in changes: by week, the mix of intents, unseen words, confidence, and why people say no."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
from pydantic import BaseModel, Field
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from evals.decided.outcomes import SETTLING
from review.schema import DecisionKind, DecisionRow, MessageRow, ProposalRow, SearchText

SHOWN_INTENTS = 4
WORD = re.compile(r"[^\W\d_]{3,}")
REFUSALS = {DecisionKind.reject, DecisionKind.not_exception}
NOTABLE_SHIFT = 0.1
"""A Jensen-Shannon divergence (bits) above which a week's mix of intents is marked; two weeks of 100 messages of one mix
stay below it."""


class Week(BaseModel):
    """A week's messages. `shift` is the Jensen-Shannon divergence (0 to 1 bit) of its intents from those of all weeks
    before; `unseen` the share of its words that no week before held; both None for the first week. `decided` are its
    proposals that people closed, `rejected` those that they turned down; what was taken back does not count."""

    monday: date
    messages: int
    proposals: int
    intents: dict[str, int] = Field(default_factory=dict)
    shift: float | None = None
    unseen: float | None = None
    confidence: float | None = None
    decided: int = 0
    rejected: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)


def drift(session: Session) -> list[Week]:
    """The weeks (from Monday, UTC) in which messages were received, oldest first."""
    words: dict[date, Counter[str]] = defaultdict(Counter)
    weeks: dict[date, Week] = {}
    monday_of: dict[str, date] = {}
    said = select(MessageRow, SearchText.words).outerjoin(SearchText, SearchText.message_id == MessageRow.id)
    for message, indexed in session.execute(said):
        monday = monday_of[message.id] = _monday(message.received_at)
        week = weeks.setdefault(monday, Week(monday=monday, messages=0, proposals=0))
        week.messages += 1
        words[monday].update(WORD.findall(indexed or ""))
    sure: dict[date, list[float]] = defaultdict(list)
    of_proposal: dict[str, date] = {}
    for row in session.scalars(select(ProposalRow)):
        monday = of_proposal[row.id] = monday_of[row.message_id]
        week = weeks[monday]
        week.proposals += 1
        week.intents[row.intent] = week.intents.get(row.intent, 0) + 1
        sure[monday].append(row.confidence)
    standing = select(DecisionRow).where(DecisionRow.undone_at.is_(None), DecisionRow.kind.in_(SETTLING))
    for decision in session.scalars(standing):
        week = weeks[of_proposal[decision.proposal_id]]
        week.decided += 1
        if decision.kind in REFUSALS:
            week.rejected += 1
            reason = decision.reason or str(decision.kind)
            week.reasons[reason] = week.reasons.get(reason, 0) + 1
    _follow(weeks, words, sure)
    return [weeks[monday] for monday in sorted(weeks)]


def _follow(weeks: Mapping[date, Week], words: Mapping[date, Counter[str]], sure: Mapping[date, list[float]]) -> None:
    """Holds each week against all weeks before it."""
    known: set[str] = set()
    mix: Counter[str] = Counter()
    for monday in sorted(weeks):
        week, said = weeks[monday], words[monday]
        if sure.get(monday):
            week.confidence = float(np.mean(sure[monday]))
        if known and said:
            week.unseen = sum(n for word, n in said.items() if word not in known) / said.total()
        if mix and week.intents:
            week.shift = divergence(mix, week.intents)
        known |= set(said)
        mix.update(week.intents)


def divergence(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The Jensen-Shannon divergence of two mixes in bits: the mean Kullback-Leibler divergence of both from their mean.

    Source: Lin (1991), IEEE Trans. Inf. Theory 37."""
    from scipy.spatial.distance import jensenshannon

    names = sorted(one.keys() | other.keys())
    return float(jensenshannon([one.get(n, 0) for n in names], [other.get(n, 0) for n in names], base=2) ** 2)


def print_drift(weeks: list[Week], console: Console) -> None:
    table = Table("week from", title="What came in, by week")
    for column in ("messages", "intents moved", "unseen words", "confidence", "rejected"):
        table.add_column(column, justify="right")
    table.add_column("most frequent intents")
    table.add_column("why rejected")
    for week in weeks:
        moved = "–" if week.shift is None else f"{week.shift:.3f}{' !' if week.shift > NOTABLE_SHIFT else ''}"
        mix = ", ".join(f"{n / week.proposals:.0%} {words(intent)}" for intent, n in most(week.intents)[:SHOWN_INTENTS])
        reasons = ", ".join(f"{n} {words(reason)}" for reason, n in most(week.reasons))
        share = f"{week.rejected} of {week.decided}"
        unseen = "–" if week.unseen is None else f"{week.unseen:.1%}"
        sure = "–" if week.confidence is None else f"{week.confidence:.2f}"
        table.add_row(f"{week.monday}", str(week.messages), moved, unseen, sure, share, mix or "–", reasons or "–")
    console.print(table)


def most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most frequent first; of equals, by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def words(name: str) -> str:
    return name.replace("_", " ")


def _monday(moment: datetime) -> date:
    year, week, _ = moment.isocalendar()
    return date.fromisocalendar(year, week, 1)
