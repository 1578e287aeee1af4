"""Figures of what the service did: handing on, what became of it in Odoo, calls of models, and alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, literal, or_, select

from review.briefing.metric import Better, Metric, Of, Rows, Take, Unit
from review.briefing.sql import hours_between
from review.briefing.window import Window
from review.schema import (
    AlertRow,
    DeliveryRow,
    DeliveryState,
    HandoffRow,
    HandoffState,
    ModelCallRow,
    ProposalRow,
)

H, P = HandoffRow, ProposalRow
FINISHED = (HandoffState.done, HandoffState.differs)
DIFFERENT = (HandoffState.differs, HandoffState.overdue)


def _is(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return case((condition, 1.0), else_=0.0)


def _handoffs(value: SQLColumnExpression[Any], at: Any) -> Rows:
    return select(P.id.label("id"), at.label("at"), value.label("value")).join_from(H, P, P.id == H.proposal_id)


def _dead(window: Window) -> Rows:
    at = func.coalesce(H.settled_at, H.created_at)
    return _handoffs(literal(1.0), at).where(H.state == HandoffState.dead, at < window.end)


def _differing(window: Window) -> Rows:
    within = (H.settled_at >= window.start) & (H.settled_at < window.end)
    return _handoffs(literal(1.0), H.settled_at).where(within, H.state.in_(DIFFERENT))


def _settled(window: Window, value: SQLColumnExpression[Any]) -> Rows:
    within = (H.settled_at >= window.start) & (H.settled_at < window.end)
    return _handoffs(value, H.settled_at).where(within, H.state.in_(FINISHED))


def _wrong(window: Window) -> Rows:
    return _settled(window, _is(H.state == HandoffState.differs))


def _to_done(window: Window) -> Rows:
    return _settled(window, hours_between(P.received_at, H.settled_at)).where(H.state == HandoffState.done)


def _latency(window: Window) -> Rows:
    waited = hours_between(H.due_at, DeliveryRow.delivered_at) * 60.0
    within = (DeliveryRow.delivered_at >= window.start) & (DeliveryRow.delivered_at < window.end)
    return (
        select(P.id.label("id"), DeliveryRow.delivered_at.label("at"), waited.label("value"))
        .join_from(DeliveryRow, H, H.id == DeliveryRow.handoff_id)
        .join(P, P.id == H.proposal_id)
        .where(within)
    )


def _refused(window: Window) -> Rows:
    at = func.coalesce(DeliveryRow.delivered_at, DeliveryRow.next_at)
    settled = DeliveryRow.state.in_((DeliveryState.delivered, DeliveryState.dead, DeliveryState.dropped))
    failed = or_(DeliveryRow.state != DeliveryState.delivered, DeliveryRow.attempts > 1)
    return (
        select(P.id.label("id"), at.label("at"), _is(failed).label("value"))
        .join_from(DeliveryRow, H, H.id == DeliveryRow.handoff_id)
        .join(P, P.id == H.proposal_id)
        .where(settled, at >= window.start, at < window.end)
    )


def _calls(window: Window, value: SQLColumnExpression[Any]) -> Rows:
    at = ModelCallRow.at
    within = (at >= _seconds(window.start)) & (at < _seconds(window.end))
    return select(ModelCallRow.message_id.label("id"), at.label("at"), value.label("value")).where(within)


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


def _spend(window: Window) -> Rows:
    return _calls(window, ModelCallRow.cost)


def _model_seconds(window: Window) -> Rows:
    return _calls(window, ModelCallRow.seconds)


def _model_failures(window: Window) -> Rows:
    return _calls(window, _is(ModelCallRow.result != "ok")).where(ModelCallRow.result != "running")


def _alerts(window: Window) -> Rows:
    stood = (AlertRow.raised_at < window.end) & or_(AlertRow.ended_at.is_(None), AlertRow.ended_at >= window.start)
    return select(AlertRow.id.label("id"), AlertRow.raised_at.label("at"), literal(1.0).label("value")).where(stood)


SERVICE = (
    Metric(
        name="handoffs_failed",
        title="Handoffs that failed",
        sentence="{value} {handoff|handoffs} failed",
        definition="Approved decisions that could not be handed on, as known when the figure was taken.",
        formula="number of handoffs that are dead",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.handoff,
        rows=_dead,
        state=True,
    ),
    Metric(
        name="handoffs_differ",
        title="Handoffs that differ",
        sentence="{value} {handoff differs|handoffs differ} from what was approved",
        definition="Approved decisions of which it turned out that Odoo holds them otherwise than approved, or not in time.",
        formula="number of handoffs that became different or overdue",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.handoff,
        rows=_differing,
    ),
    Metric(
        name="wrong_after_approval",
        title="Wrong after approval",
        sentence="{value} of the known outcomes were wrong after approval",
        definition="Of the approved decisions whose outcome in Odoo became known, those that Odoo holds otherwise.",
        formula="handoffs that differ ÷ handoffs that are done or differ",
        take=Take.share,
        unit=Unit.share,
        better=Better.less,
        of=Of.handoff,
        rows=_wrong,
    ),
    Metric(
        name="hours_to_done",
        title="From message to done in Odoo",
        sentence="Half of the approved decisions took {value} or less from message to done in Odoo",
        definition="How long half of the approved decisions that Odoo holds took from the receipt of the message, or less.",
        formula="median of (done − receipt)",
        take=Take.median,
        unit=Unit.hours,
        better=Better.less,
        of=Of.handoff,
        rows=_to_done,
    ),
    Metric(
        name="handoff_latency",
        title="Handing on",
        sentence="Half of the deliveries were handed on within {value} or less",
        definition="How long half of the deliveries took from when they were allowed to leave, or less.",
        formula="median of (delivered − due)",
        take=Take.median,
        unit=Unit.minutes,
        better=Better.less,
        of=Of.handoff,
        rows=_latency,
    ),
    Metric(
        name="handoff_failures",
        title="Deliveries with a failure",
        sentence="{value} of the deliveries had a failure",
        definition="Of the deliveries that ended, those that needed more than one try or got nowhere.",
        formula="deliveries with a failed try ÷ deliveries that ended",
        take=Take.share,
        unit=Unit.share,
        better=Better.less,
        of=Of.handoff,
        rows=_refused,
    ),
    Metric(
        name="model_spend",
        title="Spent on models",
        sentence="{value} was spent on models",
        definition="What calls of language models cost, in the currency of the price settings.",
        formula="sum of the calls' cost",
        take=Take.sum,
        unit=Unit.money,
        better=Better.less,
        of=Of.call,
        rows=_spend,
        of_items=False,
    ),
    Metric(
        name="model_seconds",
        title="A model's answer",
        sentence="Half of the model answers took {value} or less",
        definition="How long half of the calls of language models took, or less.",
        formula="median of the calls' seconds",
        take=Take.median,
        unit=Unit.seconds,
        better=Better.less,
        of=Of.call,
        rows=_model_seconds,
        of_items=False,
    ),
    Metric(
        name="model_failures",
        title="Model calls that failed",
        sentence="{value} of the model calls failed",
        definition="Of the calls of language models, those without a usable answer.",
        formula="calls that failed ÷ calls",
        take=Take.share,
        unit=Unit.share,
        better=Better.less,
        of=Of.call,
        rows=_model_failures,
        of_items=False,
    ),
    Metric(
        name="alerts",
        title="Alerts",
        sentence="{value} {alert|alerts} stood",
        definition="What was wrong with the service for a while: an endpoint, a mailbox, Odoo, a budget.",
        formula="number of alerts that stood at some time",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.alert,
        rows=_alerts,
        of_items=False,
    ),
)
