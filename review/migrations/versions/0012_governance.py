"""Who decided in which role under which policy, and when a proposal becomes the matter of another role too; alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("role", "policy_hash", "policy_rule"):
        op.add_column("decisions", sa.Column(name, sa.Text))
    op.add_column("proposals", sa.Column("escalate_at", sa.DateTime))
    op.add_column("proposals", sa.Column("escalated_to", sa.Text))
    op.create_index("ix_proposals_escalate_at", "proposals", ["escalate_at"])
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("raised_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("raise_told", sa.Boolean, nullable=False),
        sa.Column("end_told", sa.Boolean, nullable=False),
    )
    op.create_index("ix_alerts_ended_at", "alerts", ["ended_at"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
