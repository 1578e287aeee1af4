"""What the agent hands over: findings that became proposals, with their evidence, changes, impact and confidence."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field


class Lane(StrEnum):
    """ready: one key to approve. check: look first. manual: a person reads the message."""

    ready = "ready"
    check = "check"
    manual = "manual"


class RecordRef(BaseModel):
    model: str
    id: int
    name: str


class Candidate(RecordRef):
    """A record that a message may be about. `score` is in 0..1; `reasons` are sentences for a person."""

    score: float
    reasons: list[str] = Field(default_factory=list)


class Split(BaseModel):
    """One delivery of several: quantity in the line's unit of measure and its ISO date."""

    qty: float
    date: str | None = None


class LineFields(BaseModel):
    """What a message states about one order line. Dates are ISO 8601; quantities are in the line's unit of measure;
    prices are unit prices in the order's currency. `date_unknown`: the sender says the new date is not known yet."""

    line_id: int | None = None
    product: str | None = None
    date: str | None = None
    date_unknown: bool = False
    qty: float | None = None
    price: float | None = None
    splits: list[Split] = Field(default_factory=list)
    substitute: str | None = None


class Fields(BaseModel):
    lines: list[LineFields] = Field(default_factory=list)
    tracking: str | None = None
    carrier: str | None = None
    supplier_ref: str | None = None
    invoice: str | None = None
    reason: str | None = None
    date: str | None = None
    address: str | None = None

    def stated(self) -> dict[str, Any]:
        """The fields in the form of the labelled-exceptions contract: only what is stated."""
        out: dict[str, Any] = {}
        lines = []
        for line in self.lines:
            item = line.model_dump(exclude_defaults=True)
            if line.date_unknown:
                item["date"] = None
            item["line_id"] = line.line_id
            lines.append(item)
        if lines:
            out["lines"] = lines
        out.update(self.model_dump(exclude={"lines"}, exclude_none=True))
        return out


class Evidence(BaseModel):
    """Where a field was read: offsets in the text of the named part; `text` is what stands there."""

    field: str
    part: str
    start: int
    end: int
    text: str


class Change(BaseModel):
    """One field of one line: what Odoo holds and what the message states. `note` explains rounding or conversion."""

    line_id: int | None
    product: str
    field: str
    held: str | float | None
    stated: str | float | None
    note: str | None = None

    @property
    def days_later(self) -> int | None:
        """By how many days a stated date is later than the held one; None for what is no change of a known date."""
        if self.field != "date":
            return None
        try:
            return (date.fromisoformat(str(self.stated)[:10]) - date.fromisoformat(str(self.held)[:10])).days
        except ValueError:
            return None


class ImpactItem(BaseModel):
    """Someone or something downstream that waits. `value` is in the order's currency; `promised` is an ISO date."""

    record: RecordRef
    customer: str | None = None
    promised: str | None = None
    expected: str | None = None
    value: float | None = None
    late: bool = False
    via: list[str] = Field(default_factory=list)


class StockCover(BaseModel):
    """A product's stock if a purchase line did not come. Quantities are in the product's own unit of measure.

    `incoming` is what else is expected and `outgoing` what has to leave. `short` is the most that would be missing at
    once, from the ISO date `short_from` on; `waiting` names the first transfers that then cannot leave."""

    product: str
    on_hand: float
    incoming: float
    outgoing: float
    short: float = 0.0
    short_from: str | None = None
    waiting: list[str] = Field(default_factory=list)


class Shippable(BaseModel):
    """How far a sales line can be served, in the product's own unit of measure: what of the open quantity is reserved,
    what could leave today, and the next receipt of the product with its ISO date."""

    line_id: int
    product: str
    open: float
    reserved: float
    today: float
    incoming: float = 0.0
    incoming_on: str | None = None


class Impact(BaseModel):
    """Who waits for the lines of a purchase order and what stock would be left, or how a sales order can be served."""

    items: list[ImpactItem] = Field(default_factory=list)
    cover: list[StockCover] = Field(default_factory=list)
    shippable: list[Shippable] = Field(default_factory=list)

    @property
    def late(self) -> list[ImpactItem]:
        return [i for i in self.items if i.late]

    @property
    def value_at_risk(self) -> float:
        return sum(i.value or 0.0 for i in self.late)


class LineHeld(BaseModel):
    """Quantity and unit price of an order line as held, in its unit of measure and the order's currency."""

    qty: float
    price: float


class Stakes(BaseModel):
    """What an approval is weighed by, beside changes and impact. Names are as Odoo shows them.

    `value` is what the order's lines come to in `currency`; `lines` are those by id. `selling_prices` gives by purchase
    line the lowest unit price at which its product is sold on to who waits for it, in the same unit and currency."""

    currency: str | None = None
    value: float | None = None
    lines: dict[int, LineHeld] = Field(default_factory=dict)
    selling_prices: dict[int, float] = Field(default_factory=dict)
    company: str | None = None
    warehouse: str | None = None
    vendor: str | None = None
    customers: list[str] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)


class Action(BaseModel):
    """One entry of the closed catalogue. `approval` is the role that may approve it; `draft` is text for a person to
    send, never sent by the service; `rule` names the policy rule that produced it."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    approval: str = "reviewer"
    rule: str = ""
    draft: str | None = None


class Proposal(BaseModel):
    """What a reviewer sees: a finding, its record, changes, impact, actions, confidence and lane.

    `confidence` is the calibrated chance that the proposal is right as a whole; `parts` gives the calibrated chance of
    each part (`intent`, `record`, `fields`, `actions`); `reasons` explain it to a person; `features` are the numbers
    that the calibrators saw, kept so that a suggestion can be reproduced.

    `record_write_date`, and `line_write_dates` by line of the order that is the record, are Odoo's dates of what was
    compared. `held_at` (ISO 8601, UTC) is when the held values were read, `held_from` where: live from Odoo, or from
    the mirror because Odoo could not be read. Both are None where a snapshot stands in for Odoo.
    """

    intent: str
    record: RecordRef | None = None
    candidates: list[Candidate] = Field(default_factory=list)
    fields: Fields = Field(default_factory=Fields)
    evidence: list[Evidence] = Field(default_factory=list)
    changes: list[Change] = Field(default_factory=list)
    impact: Impact = Field(default_factory=Impact)
    stakes: Stakes = Field(default_factory=Stakes)
    actions: list[Action] = Field(default_factory=list)
    confidence: float = 0.0
    parts: dict[str, float] = Field(default_factory=dict)
    lane: Lane = Lane.check
    reasons: list[str] = Field(default_factory=list)
    features: dict[str, float] = Field(default_factory=dict)
    record_write_date: str | None = None
    line_write_dates: dict[int, str] = Field(default_factory=dict)
    held_at: str | None = None
    held_from: Literal["odoo", "mirror"] | None = None

    @property
    def delay_days(self) -> int | None:
        """The most by which a stated date is later than the held one, negative where all are earlier; None without."""
        days = [change.days_later for change in self.changes if change.days_later is not None]
        return max(days, default=None)


class Triage(BaseModel):
    """The outcome for one message. `manual`: the whole message goes to a person, for `manual_reason`. `sender_known_by`
    says how the sender was found among the partners: email, domain, taught or name.

    `engine` is what decided: `local`, `llm`, or `fallback` where a language model was to be asked and the local engine
    decided instead, for the reason in `fallback`. `dropped` are the model's claims that nothing bore out, each with why;
    `cost` is what the model's tokens cost, in the currency of the price settings.

    `seconds` maps each step's name to its duration; `versions` names everything that decided (engine, models, policy,
    taxonomy, records, index), so that the outcome can be reproduced.
    """

    message_id: str
    proposals: list[Proposal] = Field(default_factory=list)
    candidates: list[Candidate] = Field(default_factory=list)
    manual: bool = False
    manual_reason: str | None = None
    sender_known_by: str | None = None
    engine: str = "local"
    model_calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    fallback: str | None = None
    dropped: list[str] = Field(default_factory=list)
    seconds: dict[str, float] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
