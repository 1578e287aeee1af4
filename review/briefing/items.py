"""Figures of what comes in and what waits: messages, exceptions by lane, open items, deadlines, value at risk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, SQLColumnExpression, case, cast, func, literal, or_, select

from review.briefing.metric import Better, Metric, Of, Rows, Take, Unit
from review.briefing.sql import hours_between
from review.briefing.window import Window
from review.schema import MessageRow, ProposalRow, ProposalState

# Events that close themselves and what nobody has to answer: shown to nobody unless they ask.
NORMAL = ("delivery_update", "auto_reply", "not_actionable")
SOON = timedelta(hours=8)
MESSAGE_IN_ID = 20  # so many characters of a proposal's id are its message's
P = ProposalRow


def exceptional() -> ColumnElement[bool]:
    """What a person has to look at: not what closes itself, nor an earlier reading of a message that was read again."""
    return ~((P.lane == "ready") & P.intent.in_(NORMAL)) & ~read_again()


def read_again() -> ColumnElement[bool]:
    """What another proposal of the same message replaced: the message was read again, or a division taken back."""
    own, other = (func.substr(column, 1, MESSAGE_IN_ID) for column in (P.id, P.superseded_by))
    return (P.state == ProposalState.superseded) & (own == func.coalesce(other, ""))


def open_at(moment: datetime) -> ColumnElement[bool]:
    """Exceptions that were open at a moment."""
    return (P.created_at < moment) & or_(P.closed_at.is_(None), P.closed_at >= moment) & exceptional()


def _proposals(value: SQLColumnExpression[Any], at: Any = P.created_at) -> Rows:
    return select(P.id.label("id"), at.label("at"), value.label("value"))


def _one() -> ColumnElement[Any]:
    return literal(1.0)


def _is(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return case((condition, 1.0), else_=0.0)


def _came(window: Window) -> ColumnElement[bool]:
    return (P.created_at >= window.start) & (P.created_at < window.end) & exceptional()


def _messages(window: Window) -> Rows:
    within = (MessageRow.stored_at >= window.start) & (MessageRow.stored_at < window.end)
    return select(MessageRow.id.label("id"), MessageRow.stored_at.label("at"), _one().label("value")).where(within)


def _new(window: Window) -> Rows:
    return _proposals(_one()).where(_came(window))


def _news(window: Window) -> Rows:
    came = (P.created_at >= window.start) & (P.created_at < window.end)
    return _proposals(_one()).where(came, ~read_again())


def _in_lane(lane: str) -> Any:
    def rows(window: Window) -> Rows:
        return _proposals(_is(P.lane == lane)).where(_came(window))

    return rows


def _open(window: Window) -> Rows:
    return _proposals(_one()).where(open_at(window.end))


def _overdue(window: Window) -> Rows:
    return _proposals(_one(), P.due_at).where(open_at(window.end), P.due_at <= window.end)


def _soon(window: Window) -> Rows:
    return _proposals(_one(), P.due_at).where(open_at(window.end), P.due_at > window.end, P.due_at <= window.end + SOON)


def _age(window: Window) -> Rows:
    age = hours_between(P.received_at, literal(window.end, P.received_at.type))
    return _proposals(cast(age, Float)).where(open_at(window.end))


def _second(window: Window) -> Rows:
    return _proposals(_one()).where(open_at(window.end), P.edited_by.is_not(None))


def _unread(window: Window) -> Rows:
    waits = (MessageRow.state == "received") & (MessageRow.stored_at < window.end)
    return select(MessageRow.id.label("id"), MessageRow.stored_at.label("at"), _one().label("value")).where(waits)


ITEMS = (
    Metric(
        name="messages",
        title="Messages received",
        sentence="{value} {message was|messages were} received",
        definition="Mails, portal posts, carrier events and EDI documents that were stored.",
        formula="number of messages stored",
        take=Take.number,
        unit=Unit.number,
        better=Better.neither,
        of=Of.message,
        rows=_messages,
        of_items=False,
    ),
    Metric(
        name="new",
        title="New exceptions",
        sentence="{value} new {exception|exceptions} came in",
        definition="What was read in messages and that a person has to look at: not normal transport events, automatic "
        "replies and advertising.",
        formula="number of exceptions that came in",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.proposal,
        rows=_new,
    ),
    Metric(
        name="news",
        title="News",
        sentence="{value} {piece|pieces} of news {was|were} read",
        definition="Everything that was read in messages, also what closes itself or needs no answer.",
        formula="number of findings that came in",
        take=Take.number,
        unit=Unit.number,
        better=Better.neither,
        of=Of.proposal,
        rows=_news,
    ),
    *(
        Metric(
            name=f"share_{lane}",
            title=f"Share {what}",
            sentence=f"{{value}} of the new exceptions {says}",
            definition=f"Of the new exceptions, those that stood in the lane {lane}: {means}.",
            formula=f"new exceptions in the lane {lane} ÷ new exceptions",
            take=Take.share,
            unit=Unit.share,
            better=better,
            of=Of.proposal,
            rows=_in_lane(lane),
        )
        for lane, what, says, means, better in (
            ("ready", "ready", "are ready to approve", "one key to approve", Better.more),
            ("check", "to be checked", "are to be checked", "a person looks first", Better.neither),
            ("manual", "manual", "are in the manual lane", "a person reads the message", Better.less),
        )
    ),
    Metric(
        name="open",
        title="Open exceptions",
        sentence="{value} {exception is|exceptions are} open",
        definition="What waited for a decision at the end.",
        formula="number of exceptions that had come in and were not closed",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.proposal,
        rows=_open,
        state=True,
    ),
    Metric(
        name="overdue",
        title="Past the deadline",
        sentence="{value} {exception is|exceptions are} past the deadline",
        definition="Open exceptions whose time to decide was up at the end. The hours by intent are those of the desk.",
        formula="number of open exceptions with a deadline up to the end",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.proposal,
        rows=_overdue,
        state=True,
    ),
    Metric(
        name="due_soon",
        title="Due within 8 hours",
        sentence="{value} {exception is|exceptions are} due within the next hours",
        definition="Open exceptions whose deadline comes within the 8 hours after the end.",
        formula="number of open exceptions with a deadline in the next 8 hours",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.proposal,
        rows=_soon,
        state=True,
    ),
    Metric(
        name="open_age",
        title="Age of open exceptions",
        sentence="Half of the open exceptions have waited {value} or less",
        definition="How long half of the open exceptions have waited since their message was received, or less.",
        formula="median of (end − receipt) over open exceptions",
        take=Take.median,
        unit=Unit.hours,
        better=Better.less,
        of=Of.proposal,
        rows=_age,
        state=True,
    ),
    Metric(
        name="approvals_waiting",
        title="Approvals waiting",
        sentence="{value} {approval waits|approvals wait} for a second person",
        definition="Open exceptions that one person has edited or approved and another must approve.",
        formula="number of open exceptions with a first decision",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.proposal,
        rows=_second,
        state=True,
    ),
    Metric(
        name="unread",
        title="Not read yet",
        sentence="{value} {message is|messages are} not read yet",
        definition="Messages that were stored and not yet triaged, as known when the figure was taken.",
        formula="number of messages received and not triaged",
        take=Take.number,
        unit=Unit.number,
        better=Better.less,
        of=Of.message,
        rows=_unread,
        of_items=False,
        state=True,
    ),
)
