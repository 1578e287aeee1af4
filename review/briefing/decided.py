"""Figures of what people decided: how much, how fast, and how often what was proposed was right."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, Text, case, cast, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from review.briefing.items import read_again
from review.briefing.metric import Better, Metric, Of, Rows, Take, Unit
from review.briefing.sql import hours_between
from review.briefing.window import Window
from review.decisions import RejectReason
from review.schema import DecisionKind, DecisionRow, ProposalRow, ProposalState

D, P = DecisionRow, ProposalRow
FINAL = (DecisionKind.approve, DecisionKind.reject, DecisionKind.not_exception, DecisionKind.merge)
FIRST = (DecisionKind.edit, DecisionKind.endorse)
MISREAD = (RejectReason.wrong_record.name, RejectReason.wrong_intent.name)


def _final(window: Window, value: SQLColumnExpression[Any]) -> Rows:
    """Decisions that closed an item within the window and stand."""
    within = (D.at >= window.start) & (D.at < window.end) & D.undone_at.is_(None) & D.kind.in_(FINAL)
    found: Rows = select(P.id.label("id"), D.at.label("at"), value.label("value"))
    return found.join_from(D, P, P.id == D.proposal_id).where(within)


def _is(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return case((condition, 1.0), else_=0.0)


def _decided(window: Window) -> Rows:
    return _final(window, literal(1.0))


def _hours(window: Window) -> Rows:
    return _final(window, hours_between(P.received_at, D.at))


def _in_time(window: Window) -> Rows:
    return _final(window, _is(D.at <= P.due_at))


def _as_proposed(window: Window) -> Rows:
    edited = _with_kind(DecisionKind.edit)
    return _final(window, _is((D.kind == DecisionKind.approve) & ~edited))


def _with_kind(*kinds: DecisionKind) -> ColumnElement[bool]:
    other = aliased(D)
    return exists().where(other.proposal_id == D.proposal_id, other.undone_at.is_(None), other.kind.in_(kinds))


def _well_routed(window: Window) -> Rows:
    other = aliased(D)
    changed = cast(other.difference, Text)
    # A path is `intent`, `record` or a part of the record such as `record.id`.
    moved = or_(*(changed.like(f'%"path": "{path}"%') for path in ("intent", "record", "record.id")))
    corrected = exists().where(other.proposal_id == D.proposal_id, other.undone_at.is_(None), moved)
    misread = (D.kind == DecisionKind.reject) & D.reason.in_(MISREAD)
    return _final(window, _is(~(misread | corrected | _with_kind(DecisionKind.manual))))


def _turnaround(window: Window) -> Rows:
    other = aliased(D)
    first = (
        select(func.min(other.at))
        .where(other.proposal_id == D.proposal_id, other.undone_at.is_(None), other.kind.in_(FIRST))
        .scalar_subquery()
    )
    taken = hours_between(first, D.at)
    return _final(window, taken).where(first.is_not(None))


def _closed(window: Window) -> Rows:
    """Everything that closed within the window, by people or by the service."""
    by_service = P.state.in_((ProposalState.expired, ProposalState.superseded)) & P.closed_reason.is_not(None)
    found = select(P.id.label("id"), P.closed_at.label("at"), _is(by_service).label("value"))
    return found.where(P.closed_at >= window.start, P.closed_at < window.end, ~read_again())


DECIDED = (
    Metric(
        name="decided",
        title="Decided",
        sentence="{value} {exception was|exceptions were} decided",
        definition="Exceptions that people approved, rejected, merged or closed as none, without those taken back.",
        formula="number of closing decisions that stand",
        take=Take.number,
        unit=Unit.number,
        better=Better.more,
        of=Of.proposal,
        rows=_decided,
    ),
    Metric(
        name="hours_to_decision",
        title="From message to decision",
        sentence="Half of the exceptions took {value} or less from message to decision",
        definition="How long half of the decided exceptions took from the receipt of their message, or less.",
        formula="median of (closing decision − receipt)",
        take=Take.median,
        unit=Unit.hours,
        better=Better.less,
        of=Of.proposal,
        rows=_hours,
    ),
    Metric(
        name="decided_in_time",
        title="Decided in time",
        sentence="{value} of the exceptions were decided in time",
        definition="Of the decided exceptions, those decided by their deadline.",
        formula="closing decisions up to the deadline ÷ closing decisions",
        take=Take.share,
        unit=Unit.share,
        better=Better.more,
        of=Of.proposal,
        rows=_in_time,
    ),
    Metric(
        name="acceptance",
        title="Approved as proposed",
        sentence="{value} of the decisions were approved as proposed",
        definition="Of the decided exceptions, those approved without an edit.",
        formula="approvals of items that nobody edited ÷ closing decisions",
        take=Take.share,
        unit=Unit.share,
        better=Better.more,
        of=Of.proposal,
        rows=_as_proposed,
    ),
    Metric(
        name="routing_accuracy",
        title="Rightly routed",
        sentence="{value} of the exceptions were rightly routed",
        definition="Of the decided exceptions, those whose intent and record nobody corrected, that were not rejected for "
        "either, and not sent to the manual lane.",
        formula="closing decisions without such a correction ÷ closing decisions",
        take=Take.share,
        unit=Unit.share,
        better=Better.more,
        of=Of.proposal,
        rows=_well_routed,
    ),
    Metric(
        name="approval_turnaround",
        title="Approval turnaround",
        sentence="Half of the approvals by a second person had a turnaround of {value} or less",
        definition="Of exceptions that two people had to see, how long half of them took from the first edit or approval "
        "to the last, or less.",
        formula="median of (closing decision − first edit or approval)",
        take=Take.median,
        unit=Unit.hours,
        better=Better.less,
        of=Of.proposal,
        rows=_turnaround,
    ),
    Metric(
        name="touchless",
        title="Closed without a person",
        sentence="{value} of what closed was closed without a person",
        definition="Of everything that closed, what the service closed itself: normal events, arrivals, and news replaced "
        "by newer news.",
        formula="closed by the service ÷ closed",
        take=Take.share,
        unit=Unit.share,
        better=Better.more,
        of=Of.proposal,
        rows=_closed,
    ),
)
