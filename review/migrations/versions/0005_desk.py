"""What the queue is sorted and narrowed by, marks on proposals, and decisions that can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

VIEW = """CASE WHEN state = 'open' THEN
    CASE WHEN edited_by IS NOT NULL THEN 'second'
         WHEN lane = 'ready' AND intent IN ('delivery_update', 'auto_reply', 'not_actionable') THEN 'nothing'
         ELSE lane END
WHEN state = 'expired' AND intent = 'delivery_update' THEN 'normal'
ELSE 'done' END"""
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    for name, kind in (
        ("channel", sa.Text),
        ("language", sa.Text),
        ("received_at", sa.DateTime),
        ("value_at_risk", sa.Double),
        ("due_at", sa.DateTime),
        ("rank_at", sa.DateTime),
        ("claimed_by", sa.Text),
        ("claimed_until", sa.DateTime),
        ("snoozed_until", sa.DateTime),
    ):
        op.add_column("proposals", sa.Column(name, kind))
    # Plain SQL: Alembic would copy the table for a foreign key, which SQLite refuses while others refer to it.
    op.execute("ALTER TABLE proposals ADD COLUMN moved_by TEXT REFERENCES messages (id)")
    op.execute(
        """UPDATE proposals SET value_at_risk = 0,
           channel = (SELECT channel FROM messages WHERE id = message_id),
           language = (SELECT language FROM messages WHERE id = message_id),
           received_at = (SELECT received_at FROM messages WHERE id = message_id)"""
    )
    # What waited before there were deadlines is due at once.
    op.execute("UPDATE proposals SET due_at = received_at, rank_at = received_at")
    kept = {"sqlite": "VIRTUAL", "postgresql": "STORED"}[op.get_bind().dialect.name]
    op.execute(f"ALTER TABLE proposals ADD COLUMN view TEXT GENERATED ALWAYS AS ({VIEW}) {kept}")
    op.drop_index("ix_proposals_queue", "proposals")
    narrowed = ["intent", "channel", "language", "snoozed_until"]
    op.create_index(
        "ix_proposals_queue",
        "proposals",
        ["view", "rank_at", "id", *narrowed],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_proposals_closed", "proposals", ["view", "closed_at", "id", "intent", "channel", "language"])
    snoozed = sa.text("snoozed_until IS NOT NULL")
    op.create_index(
        "ix_proposals_snoozed",
        "proposals",
        ["snoozed_until", "id"],
        sqlite_where=snoozed,
        postgresql_where=snoozed,
    )
    op.add_column("decisions", sa.Column("undo_until", sa.DateTime))
    op.execute("UPDATE decisions SET undo_until = at")
    op.add_column("decisions", sa.Column("undone_at", sa.DateTime))
    op.add_column("decisions", sa.Column("made", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
