"""The outbox: events of approved decisions, their deliveries, and the targets that receive them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "targets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", sa.DateTime),
        sa.Column("retry_at", sa.DateTime),
        sa.Column("delivered_at", sa.DateTime),
        sa.Column("problem", sa.Text),
    )
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False, unique=True),
        sa.Column("decision_id", sa.Integer, sa.ForeignKey("decisions.id"), nullable=False, unique=True),
        sa.Column("proposal_id", sa.Text, sa.ForeignKey("proposals.id"), nullable=False),
        sa.Column("record_key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("settled_at", sa.DateTime),
    )
    op.create_index("ix_handoffs_proposal_id", "handoffs", ["proposal_id"])
    op.create_index("ix_handoffs_state", "handoffs", ["state"])
    op.create_table(
        "deliveries",
        sa.Column("handoff_id", sa.Text, sa.ForeignKey("handoffs.id"), primary_key=True),
        sa.Column("target", sa.Text, sa.ForeignKey("targets.name"), primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("record_key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("leased_until", sa.DateTime),
        sa.Column("delivered_at", sa.DateTime),
        sa.Column("status", sa.Integer),
        sa.Column("problem", sa.Text),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["target", "state", "sequence"])
    op.create_index("ix_deliveries_order", "deliveries", ["target", "record_key", "sequence"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
