"""Made-up rows for `benchmarks.queue`, put in by SQL: messages, proposals, decisions and their words."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, text

from agent.proposal import (
    Action,
    Candidate,
    Change,
    Evidence,
    Fields,
    Impact,
    ImpactItem,
    LineFields,
    Proposal,
    RecordRef,
)
from review.database import Database
from review.schema import ProposalRow
from tools.message import Address, Channel, Message, Part

REFERENCE = "p{:08}"  # in each message's words
PARAGRAPHS = 5_000
WORDS = 60
_dice = random.Random(7)
VOCABULARY = ["".join(_dice.choices("abcdefghijklmnopqrstuvwxyz", k=_dice.randint(4, 9))) for _ in range(3_000)]
_FREQUENCIES = [1 / (n + 1) for n in range(len(VOCABULARY))]  # as Zipf has it


def fill(database: Database, open_: int, decided: int) -> None:
    """Adds so many proposals, each with its message, unless there are any. The newest are the open ones."""
    with database.read() as session:
        if session.scalars(select(func.count()).select_from(ProposalRow)).one():
            return
    with database.engine.execution_options(triage_write=True).begin() as connection:
        _fill(connection, open_, decided)
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _fill(connection: Connection, open_: int, decided: int) -> None:
    total = open_ + decided
    postgresql = connection.dialect.name == "postgresql"
    rows = (
        f"(SELECT generate_series(0, {total - 1}) AS i)"
        if postgresql
        else f"(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {total - 1}) SELECT i FROM n)"
    )

    def moment(seconds: str) -> str:
        """So many seconds before now."""
        if postgresql:
            return f"CAST(:now AS timestamp) - ({seconds}) * interval '1 second'"
        return f"strftime('%Y-%m-%d %H:%M:%f', :now, (-({seconds})) || ' seconds') || '000'"

    def pick(*values: str) -> str:
        cases = " ".join(f"WHEN {n} THEN '{value}'" for n, value in enumerate(values))
        return f"CASE (i * 31 + i / 7) % {len(values)} {cases} END"

    number = "CAST(10000000 + i AS TEXT)"
    message_id, proposal_id = f"'m' || {number}", f"'m' || {number} || '-0'"
    reference = "'p' || substr(CAST(100000000 + i AS TEXT), 2)"
    received = moment(f"({total} - i) * 20.0")
    channel, language = pick("email", "email", "email", "portal", "edi"), pick("en", "de", "fr", "it", "es", "nl", "pl")
    intent = pick("delivery_date_change", "price_change", "order_confirmation", "quantity_change", "complaint")
    is_open = f"i >= {decided}"
    value = "(i % 97) * 113.0"
    if postgresql:
        connection.execute(text("DROP INDEX ix_search_texts_vector"))
    now = (
        {"now": datetime.now(UTC).replace(tzinfo=None)}
        if postgresql
        else {"now": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"}
    )
    connection.execute(
        text(
            f"""INSERT INTO messages (id, channel, received_at, stored_at, happened_at, state, subject, sender, sender_key,
                language, attempts, problems, arrived, read)
            SELECT {message_id}, {channel}, {received}, {received}, {received}, 'triaged', 'Order ' || {reference},
                'Clerk <clerk' || CAST(i % 500 AS TEXT) || '@supplier.example>', 'clerk' || CAST(i % 500 AS TEXT) || '@supplier.example',
                {language}, 1, '[]', {"false" if postgresql else "0"}, {"CAST(:read AS json)" if postgresql else ":read"}
            FROM {rows} AS numbers"""
        ),
        now | {"read": _message().model_dump_json()},
    )
    closed = f"CASE WHEN {is_open} THEN NULL ELSE {moment(f'({total} - i) * 20.0 - 9.0')} END"
    body = (
        "CAST(replace(:body, '@ORDER@', " + reference + ") AS json)"
        if postgresql
        else f"replace(:body, '@ORDER@', {reference})"
    )
    connection.execute(
        text(
            f"""INSERT INTO proposals (id, message_id, ordinal, version, state, intent, record_model, record_id, record_name,
                lane, confidence, late, body, created_at, closed_at, channel, language, received_at, value_at_risk, due_at, rank_at)
            SELECT {proposal_id}, {message_id}, 0, 1, CASE WHEN {is_open} THEN 'open' ELSE {pick("approved", "rejected", "superseded")} END,
                {intent}, 'purchase.order', i, {reference}, {pick("ready", "ready", "check", "manual")}, (i % 100) / 100.0, 1,
                {body}, {received}, {closed}, {channel}, {language}, {received}, {value},
                {moment(f"({total} - i) * 20.0 - 57600.0")}, {moment(f"({total} - i) * 20.0 - 57600.0 + {value} * 5.0")}
            FROM {rows} AS numbers"""
        ),
        now | {"body": _proposal().model_dump_json()},
    )
    connection.execute(
        text(
            f"""INSERT INTO decisions (proposal_id, version, kind, who, at, undo_until, proposed, decided, difference, made)
            SELECT {proposal_id}, 1, 'approve', 'Reviewer ' || CAST(i % 20 AS TEXT), {received}, {received}, '{{}}', '{{}}', '[]', '[]'
            FROM {rows} AS numbers WHERE i < {decided}"""
        ),
        now,
    )
    _words(connection, rows, message_id, reference)
    if postgresql:
        connection.execute(text("CREATE INDEX ix_search_texts_vector ON search_texts USING gin (vector)"))


def _words(connection: Connection, rows: str, message_id: str, reference: str) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE paragraphs (n INTEGER PRIMARY KEY, words TEXT)"))
    paragraphs = [
        {"n": n, "words": " ".join(_dice.choices(VOCABULARY, _FREQUENCIES, k=WORDS))} for n in range(PARAGRAPHS)
    ]
    connection.execute(text("INSERT INTO paragraphs VALUES (:n, :words)"), paragraphs)
    connection.execute(
        text(
            f"""INSERT INTO search_texts (message_id, words)
            SELECT {message_id}, words || ' ' || {reference}
            FROM {rows} AS numbers JOIN paragraphs ON n = (i * 31) % {PARAGRAPHS} ORDER BY i"""
        )
    )


def _message() -> Message:
    text = "Dear all,\n\nthe goods of your order will leave us two weeks later. " * 8
    return Message(
        id="0" * 64,
        channel=Channel.email,
        received_at=datetime.now(UTC),
        subject="Your order",
        sender=Address(name="Clerk", email="clerk@supplier.example"),
        parts=[Part(name="body", text=text)],
    )


def _proposal() -> Proposal:
    order = RecordRef(model="purchase.order", id=1, name="@ORDER@")
    lines = [LineFields(line_id=n, product=f"Product {n}", date="2027-01-14") for n in range(4)]
    return Proposal(
        intent="delivery_date_change",
        record=order,
        candidates=[Candidate(**order.model_dump(), score=0.9, reasons=["The number stands in the subject."])] * 3,
        fields=Fields(lines=lines),
        evidence=[Evidence(field=f"lines[{n}].date", part="body", start=1, end=9, text="14 January") for n in range(4)],
        changes=[
            Change(line_id=n, product=f"Product {n}", field="date", held="2027-01-01", stated="2027-01-14")
            for n in range(4)
        ],
        impact=Impact(items=[ImpactItem(record=order, customer="A customer", value=900.0, late=True)]),
        actions=[
            Action(
                name="update_delivery_date", arguments={"lines": [n.model_dump(exclude_defaults=True) for n in lines]}
            ),
            Action(name="notify_customer", draft="Dear customer, your order will be later. " * 4),
        ],
        confidence=0.9,
        reasons=["The order is named letter by letter."],
    )
