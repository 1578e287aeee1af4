"""Calls of language models, and the switch that turns them off."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_calls",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("prompts", sa.JSON, nullable=False),
        sa.Column("request_hash", sa.Text, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("tokens_in", sa.Integer, nullable=False),
        sa.Column("tokens_out", sa.Integer, nullable=False),
        sa.Column("cost", sa.Double, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("endpoint_failed", sa.Boolean, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False),
        sa.Column("response", sa.JSON),
    )
    op.create_index("ix_model_calls_message_id", "model_calls", ["message_id"])
    op.create_index("ix_model_calls_at", "model_calls", ["at"])
    op.create_index("ix_model_calls_tenant_at", "model_calls", ["tenant", "at"])
    op.create_index("ix_model_calls_model_at", "model_calls", ["model", "at"])
    op.create_table(
        "model_switch",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("off", sa.Boolean, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
