"""Answers to requests with an `Idempotency-Key`: the same request again within a day gets the first one's answer.

What was refused is forgotten, so that it can be tried again with the same key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, update

from review.database import Database
from review.refusals import DecisionError
from review.schema import AnswerRow

LASTS = timedelta(hours=24)
# A process that died left its request under way: after this another may take it up.
ABANDONED = timedelta(minutes=2)


class Answer(NamedTuple):
    status: int
    body: str


class KeyOfAnother(DecisionError):
    """The key was used for another request."""

    status = 422


class UnderWay(DecisionError):
    """The first request with this key is not answered yet."""

    status = 409


def begin(database: Database, caller: str, key: str, request_hash: str) -> Answer | None:
    """The answer that this request got before; None when it is the first, which is then under way.

    Raises KeyOfAnother or UnderWay."""
    now = datetime.now(UTC)
    with database.write() as session:
        session.execute(delete(AnswerRow).where(AnswerRow.begun_at < now - LASTS))
        row = session.get(AnswerRow, (caller, key))
        if row is None:
            session.add(AnswerRow(caller=caller, key=key, request_hash=request_hash, begun_at=now))
            return None
        if row.request_hash != request_hash:
            raise KeyOfAnother("This Idempotency-Key was used for another request: give each request a key of its own.")
        if row.status is not None:
            return Answer(row.status, row.body)
        if row.begun_at > now - ABANDONED:
            raise UnderWay("The first request with this Idempotency-Key is still under way: ask again in a moment.")
        row.begun_at = now
        return None


def finish(database: Database, caller: str, key: str, answer: Answer) -> None:
    """Keeps the answer for who asks again."""
    mine = update(AnswerRow).where(AnswerRow.caller == caller, AnswerRow.key == key)
    with database.write() as session:
        session.execute(mine.values(status=answer.status, body=answer.body))


def forget(database: Database, caller: str, key: str) -> None:
    """Lets the request be made again, as after a refusal."""
    with database.write() as session:
        session.execute(delete(AnswerRow).where(AnswerRow.caller == caller, AnswerRow.key == key))
