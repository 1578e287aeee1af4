"""What leaves the desk: the event of an approved decision, a CloudEvents 1.0 envelope around data of a versioned schema.

`docs/schemas/handoff-1.json` is generated from these models. Fields may be added within a version, and receivers ignore
what they do not know; a field that changes its meaning or goes makes version 2, which is sent beside version 1 for a time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.proposal import Change, Proposal, RecordRef
from tools.message import Channel

SCHEMA = "urn:exception-desk:handoff:1"


class ApprovedAction(BaseModel):
    """One action of the catalogue to carry out, in the order of the list.

    `lines` in `arguments` name lines of the record by Odoo's id (`line_id`) with the values that they are to have: `date`
    (ISO 8601), `qty` in the line's unit of measure, `price` a unit price in the order's currency. An action that cancels
    means the lines that it names, and the whole order only where it has no `lines`. `draft` is text for a person to read
    and send; a receiver may put it before one, and must not send it by itself.
    """

    name: str
    arguments: dict[str, Any]
    draft: str | None = None


class Approval(BaseModel):
    """A person who approved, in the role that they had."""

    by: str
    role: str
    at: datetime


class PolicyApplied(BaseModel):
    """The policy that the approval followed: SHA-256 of its file, and the rule that said who has to approve."""

    hash: str
    rule: str


class Decision(BaseModel):
    """`version` is that of the proposal; `edited_by` names who changed what had been proposed; none of them approved."""

    version: int
    approvals: list[Approval]
    edited_by: list[str] = Field(default_factory=list)
    policy: PolicyApplied


class SourceMessage(BaseModel):
    """The message that it all began with; `id` is the SHA-256 of its bytes."""

    id: str
    channel: Channel
    received_at: datetime


class Handoff(BaseModel):
    """What was approved. `record_write_date` is Odoo's date of the record as it was when it was compared (naive UTC), and
    `changes` what it held beside what was stated then."""

    proposal_id: str
    decision: Decision
    message: SourceMessage
    intent: str
    record: RecordRef | None = None
    record_write_date: str | None = None
    changes: list[Change] = Field(default_factory=list)
    actions: list[ApprovedAction]


class HandoffEvent(BaseModel):
    """The envelope. `id` is the same at every attempt and equals the header `webhook-id`.

    `partitionkey` (CloudEvents extension) is the record, as `purchase.order/41`, or the proposal where there is none:
    events of one key arrive in the order of their `sequence`, which grows and has gaps."""

    model_config = ConfigDict(json_schema_extra={"$id": SCHEMA}, title="Exception Desk handoff, version 1")

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(pattern=r"^evt_[0-9a-f]{32}$")
    source: Literal["urn:exception-desk"] = "urn:exception-desk"
    type: Literal["exception-desk.proposal.approved"] = "exception-desk.proposal.approved"
    subject: str = Field(description="The proposal's id.")
    time: datetime = Field(description="When it was approved.")
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Literal["urn:exception-desk:handoff:1"] = "urn:exception-desk:handoff:1"
    partitionkey: str
    sequence: str = Field(pattern=r"^[0-9]{12}$", description="Decimal digits, so that it sorts as text.")
    data: Handoff


def record_key(proposal_id: str, proposal: Proposal) -> str:
    """Within what the order of events is kept."""
    record = proposal.record
    return f"{record.model}/{record.id}" if record else f"proposal/{proposal_id}"


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the event, as it is published."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **HandoffEvent.model_json_schema()}
