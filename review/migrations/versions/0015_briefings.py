"""Briefings and their mails, and what briefings count exceptions by: supplier, carrier, delay and products."""

import json
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LONGEST_NAME, MOST_NAMED, AT_ONCE = 80, 1_000, 1_000


def upgrade() -> None:
    for name, kind in (("supplier", sa.Text), ("carrier", sa.Text), ("delay_days", sa.Integer)):
        op.add_column("proposals", sa.Column(name, kind))
    op.add_column("proposals", sa.Column("products", sa.Text, nullable=False, server_default="[]"))
    _fill()
    closed = ["closed_at", "created_at", "intent", "lane", "state", "id", "superseded_by"]
    op.create_index("ix_proposals_closed_at", "proposals", closed)
    op.create_index(
        "ix_proposals_created",
        "proposals",
        [
            *("created_at", "intent", "lane", "state", "supplier", "carrier", "delay_days", "value_at_risk"),
            *("channel", "team", "id", "superseded_by", "products"),
        ],
    )
    op.create_index("ix_decisions_at", "decisions", ["at"])
    op.create_index("ix_messages_stored", "messages", ["stored_at", "channel", "state"])
    op.create_table(
        "briefings",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    op.create_table(
        "briefing_mails",
        sa.Column("day", sa.Date, sa.ForeignKey("briefings.day"), primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("leased_until", sa.DateTime),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("problem", sa.Text),
    )


def _fill() -> None:
    """From the proposals that there are, a thousand at a time."""
    connection = op.get_bind()
    proposals = sa.table(
        "proposals",
        *(sa.column(name) for name in ("id", "supplier", "carrier", "delay_days", "products")),
        sa.column("body", sa.JSON),
    )
    after = ""
    while True:
        page = sa.select(proposals.c.id, proposals.c.body).where(proposals.c.id > after)
        rows = connection.execute(page.order_by(proposals.c.id).limit(AT_ONCE)).all()
        if not rows:
            return
        change = sa.update(proposals).where(proposals.c.id == sa.bindparam("of"))
        connection.execute(change, [{"of": row.id, **_counted_by(row.body or {})} for row in rows])
        after = rows[-1].id


def _counted_by(body: dict[str, Any]) -> dict[str, Any]:
    changes = body.get("changes") or []
    names = sorted({str(c["product"])[:LONGEST_NAME] for c in changes if c.get("product")})
    while len(products := json.dumps(names)) > MOST_NAMED:
        names = names[:-1]
    days = [days for c in changes if (days := _days_later(c)) is not None]
    return {
        "supplier": ((body.get("stakes") or {}).get("vendor") or "")[:LONGEST_NAME] or None,
        "carrier": ((body.get("fields") or {}).get("carrier") or "")[:LONGEST_NAME] or None,
        "delay_days": max(days, default=None),
        "products": products,
    }


def _days_later(change: dict[str, Any]) -> int | None:
    try:
        stated, held = (date.fromisoformat(str(change[name])[:10]) for name in ("stated", "held"))
    except (KeyError, ValueError):
        return None
    return (stated - held).days if change.get("field") == "date" else None


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
