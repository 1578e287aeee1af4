"""What people teach about reading, with its effect on earlier messages."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lessons",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("given", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("means", sa.Text, nullable=False),
        sa.Column("meaning", sa.Text, nullable=False),
        sa.Column("reach", sa.Text, nullable=False),
        sa.Column("reach_of", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, sa.ForeignKey("messages.id"), nullable=False),
        sa.Column("drafted_by", sa.Text, nullable=False),
        sa.Column("drafted_at", sa.DateTime, nullable=False),
        sa.Column("effect", sa.JSON),
        sa.Column("kept_by", sa.Text),
        sa.Column("kept_at", sa.DateTime),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoked_at", sa.DateTime),
    )
    op.create_index("ix_lessons_reach_of", "lessons", ["reach_of"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
