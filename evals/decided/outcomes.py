"""What people decided on each message, read from the service's rows: labels where they agree, a reason where not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from agent.proposal import Proposal
from evals.labelled import Expected, LabelledException
from review.decisions import RejectReason
from review.schema import DecisionKind, DecisionRow, MessageRow, ProposalRow, ProposalState

SETTLING = {DecisionKind.approve, DecisionKind.reject, DecisionKind.not_exception, DecisionKind.merge}
"""The decisions that close an item. After the others it waits: for a second person, for one to read, in two parts."""
STILL_RIGHT = {RejectReason.already_done.name, RejectReason.duplicate.name}
"""Reasons for turning a proposal down that do not say that it was wrong."""


@dataclass
class Decided:
    """A message whose proposals people have decided on. `expected` is what they agree is right; None where that cannot
    be told, for the reasons in `unclear`."""

    message_id: str
    channel: str
    received_at: datetime
    language: str
    text_hash: str | None
    proposals: list[ProposalRow]
    decisions: list[DecisionRow]
    expected: Expected | None = None
    unclear: list[str] = field(default_factory=list)


def decided(session: Session) -> Iterator[Decided]:
    """Each message that a person has decided on and of which nothing is open, in the order of receipt; repetitions of
    another message are passed over."""
    rows = session.scalars(select(ProposalRow).options(undefer(ProposalRow.body)).order_by(ProposalRow.ordinal)).all()
    proposals: dict[str, list[ProposalRow]] = defaultdict(list)
    for row in rows:
        proposals[row.message_id].append(row)
    decisions: dict[str, list[DecisionRow]] = defaultdict(list)
    for decision in session.scalars(
        select(DecisionRow).where(DecisionRow.undone_at.is_(None)).order_by(DecisionRow.id)
    ):
        decisions[decision.proposal_id].append(decision)
    messages = (
        select(MessageRow).where(MessageRow.duplicate_of.is_(None)).order_by(MessageRow.received_at, MessageRow.id)
    )
    for message in session.scalars(messages):
        own = proposals[message.id]
        taken = [d for p in own for d in decisions[p.id]]
        if not taken or any(p.state == ProposalState.open for p in own):
            continue
        found = Decided(
            message.id, message.channel, message.received_at, message.language, message.text_hash, own, taken
        )
        _judge(found, decisions)
        yield found


def _judge(found: Decided, decisions: dict[str, list[DecisionRow]]) -> None:
    """Fills in what is expected, or why it cannot be told."""
    exceptions: list[LabelledException] = []
    for row in found.proposals:
        taken = decisions[row.id]
        if not taken or taken[-1].kind not in SETTLING:
            continue  # superseded or expired: newer news says what is right
        last, edits = taken[-1], [d for d in taken if d.kind == DecisionKind.edit]
        if len({d.who for d in edits}) > 1:
            found.unclear.append(f"{row.id}: several people edited it")
        elif last.kind == DecisionKind.approve or last.reason in STILL_RIGHT:
            exceptions.append(labelled(Proposal(**last.decided)))
        elif last.kind == DecisionKind.not_exception or (last.reason == RejectReason.not_needed.name and not edits):
            exceptions.append(LabelledException(intent="not_actionable", actions=["no_action"]))
        elif last.kind == DecisionKind.reject and edits:
            found.unclear.append(f"{row.id}: {edits[-1].who} edited it and {last.who} rejected it ({last.reason})")
        elif last.kind == DecisionKind.reject:
            found.unclear.append(f"{row.id}: rejected as wrong ({last.reason}), and what is right was not said")
    if found.unclear or not exceptions:
        return
    manual = all(e.intent == "unclear" for e in exceptions)
    business = [e for e in exceptions if e.intent != "not_actionable"]
    found.expected = Expected(exceptions=joined(business) or exceptions[:1], manual=manual)


def joined(exceptions: Sequence[LabelledException]) -> list[LabelledException]:
    """One label for each intent and record: what people divided by lines to decide on it apart is one matter still."""
    found: dict[tuple[str, str, int], LabelledException] = {}
    for number, one in enumerate(exceptions):
        key = (one.intent, one.record.model, one.record.id) if one.record else (one.intent, "", -number)
        if key in found:
            first = found[key]
            lines = [*first.fields.get("lines", []), *one.fields.get("lines", [])]
            fields = {**one.fields, **first.fields} | ({"lines": lines} if lines else {})
            one = first.model_copy(
                update={"fields": fields, "actions": list(dict.fromkeys([*first.actions, *one.actions]))}
            )
        found[key] = one
    return list(found.values())


def labelled(proposal: Proposal) -> LabelledException:
    """A proposal that a person stands behind, as a label."""
    return LabelledException(
        intent=proposal.intent,
        record=proposal.record,
        fields=proposal.fields.stated(),
        actions=[action.name for action in proposal.actions],
    )


def disagreements(found: Sequence[Decided]) -> dict[str, list[str]]:
    """The messages that a person must label, each with the reasons: nobody said what is right, or the same text was
    decided otherwise another time."""
    reasons = {d.message_id: list(d.unclear) for d in found if d.unclear}
    by_text: dict[str, list[Decided]] = defaultdict(list)
    for d in found:
        if d.text_hash and d.expected:
            by_text[d.text_hash].append(d)
    for same in by_text.values():
        first = same[0]
        for other in same[1:]:
            if _said(other) != _said(first):
                text = f"the same text as {first.message_id[:12]}, decided otherwise"
                reasons.setdefault(other.message_id, []).append(text)
    return reasons


def _said(found: Decided) -> list[tuple[str, list[str]]]:
    """What counts as the same decision: intents and actions; orders may differ between copies of one text."""
    assert found.expected is not None
    return sorted((e.intent, sorted(e.actions)) for e in found.expected.exceptions)
