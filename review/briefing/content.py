"""The briefing of a day as it is kept: every figure with its query and its rows' address, and the sentences said of them.

Whatever is shown, sent or printed is rendered from this and nothing else.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from review.briefing.metric import Better, Unit


class Status(StrEnum):
    """The rule is in `review.briefing.status`."""

    normal = "Normal"
    watch = "Watch"
    act = "Act"


class Fact(BaseModel):
    """What a named query gave: `name` and, of one supplier, carrier or the like, its name in `key`.

    `previous` is the same for the stretch before. `sentence` tells it of its `{value}` (and `{key}`); of `{one|more}` the form for the number is said. `link` is the
    address, without the host, at which its rows are listed. `rows` is how many they are."""

    name: str
    key: str = ""
    title: str
    sentence: str
    value: float | None
    previous: float | None = None
    unit: Unit
    better: Better
    rows: int
    link: str

    @property
    def change(self) -> float | None:
        return None if self.value is None or self.previous is None else self.value - self.previous


class Sentence(BaseModel):
    """A sentence and the fact that bears it out, by name and key."""

    text: str
    fact: str
    key: str = ""


class AtRisk(BaseModel):
    """A customer's order that will be late if nothing is done. `value` is in the order's currency; dates are ISO 8601.

    `owner` is the person or team whose it is, `due_at` until when to decide, `about` the record with the exception."""

    order: str
    customer: str
    value: float
    promised: str | None
    expected: str | None
    owner: str
    due_at: datetime
    overdue: bool
    about: str
    link: str


class Worsening(BaseModel):
    """News of the same kind about the same record that is worse than what was known: days late, before and now."""

    record: str
    supplier: str
    days: int
    days_before: int
    link: str


class Ageing(BaseModel):
    """Open exceptions of a team by how long ago their message came: counts by the limits of `AGES`, and past the deadline."""

    team: str
    counts: list[int]
    overdue: int


class Waiting(BaseModel):
    """An approval that waits for a second person, or a handoff that failed or differs: about what, since when, and why."""

    record: str
    what: str
    since: datetime
    value: float = 0.0
    link: str


class Drift(BaseModel):
    """A supplier or carrier whose figure of the last week is far from that of the four weeks before. `score` is the
    difference in standard errors; `rolling` the means over seven days, by day, None where there was nothing."""

    kind: str
    fact: Fact
    score: float
    rolling: list[float | None]


class Anomaly(BaseModel):
    """A count that is unusual for its weekday: `usual`, and in which bounds counts of that weekday mostly were."""

    fact: Fact
    kind: str
    usual: float
    low: float
    high: float
    score: float
    mostly: str


class Series(BaseModel):
    """A figure by day, oldest first."""

    name: str
    title: str
    days: list[date]
    values: list[float | None]


class Briefing(BaseModel):
    """`start` to `end` is what it covers. `dropped` sentences of a model were not borne out; `prose_by` wrote what is said.

    `ages` maps what the service knows of elsewhere to how old that was, in minutes, when the briefing was made."""

    day: date
    start: datetime
    end: datetime
    zone: str
    status: Status
    reasons: list[Sentence]
    conclusion: list[Sentence]
    since_yesterday: list[Sentence]
    facts: list[Fact]
    at_risk: list[AtRisk] = Field(default_factory=list)
    worsening: list[Worsening] = Field(default_factory=list)
    ageing: list[Ageing] = Field(default_factory=list)
    drift: list[Drift] = Field(default_factory=list)
    waiting: list[Waiting] = Field(default_factory=list)
    handoffs: list[Waiting] = Field(default_factory=list)
    anomalies: list[Anomaly] = Field(default_factory=list)
    series: list[Series] = Field(default_factory=list)
    forecast: list[float] = Field(default_factory=list)
    ages: dict[str, float] = Field(default_factory=dict)
    prose_by: str = "template"
    dropped: int = 0

    def fact(self, name: str, key: str = "") -> Fact:
        """Raises KeyError."""
        for fact in self.facts:
            if (fact.name, fact.key) == (name, key):
                return fact
        raise KeyError(name, key)

    @property
    def nothing_new(self) -> bool:
        """Whether nothing came in, nothing was decided and nothing waits that did not wait before."""
        return all(not self.fact(name).value for name in ("new", "decided", "overdue", "handoffs_failed", "alerts"))
