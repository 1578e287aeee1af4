"""People: several roles each, lock-out, who they are at an identity provider, and sessions that can be ended."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("other_roles", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("users", sa.Column("oidc_subject", sa.Text))
    op.create_index("ix_users_oidc_subject", "users", ["oidc_subject"], unique=True)
    op.add_column("users", sa.Column("failures", sa.Integer, nullable=False, server_default="0"))
    op.add_column("users", sa.Column("locked_until", sa.DateTime))
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.name"), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("signed_in_by", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
