"""What became of approved decisions: when Odoo was looked at, what it holds, and what the receiver said."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("handoff_id", sa.Text, sa.ForeignKey("handoffs.id"), primary_key=True),
        sa.Column("next_at", sa.DateTime),
        sa.Column("looked_at", sa.DateTime),
        sa.Column("differences", sa.JSON, nullable=False),
        sa.Column("reported", sa.Text),
        sa.Column("reported_at", sa.DateTime),
        sa.Column("reported_by", sa.Text),
        sa.Column("detail", sa.Text),
    )
    op.execute("INSERT INTO receipts (handoff_id, next_at, differences) SELECT id, due_at, '[]' FROM handoffs")
    op.create_index("ix_receipts_next_at", "receipts", ["next_at"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
