"""Receivers that wait to be told what became of an approval."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_receivers",
        sa.Column("handoff_id", sa.Text, sa.ForeignKey("handoffs.id"), primary_key=True),
        sa.Column("target", sa.Text, sa.ForeignKey("targets.name"), primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime),
        sa.Column("leased_until", sa.DateTime),
        sa.Column("problem", sa.Text),
    )
    op.create_index("ix_waiting_receivers_due", "waiting_receivers", ["target", "state", "next_at"])


def downgrade() -> None:
    op.drop_table("waiting_receivers")
