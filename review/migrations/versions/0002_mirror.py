"""The mirror of Odoo's records."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mirror_rows",
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("write_date", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    op.create_table(
        "mirror_models",
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("newest", sa.Text),
        sa.Column("newest_seen_at", sa.DateTime),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("loading_after", sa.Integer),
        sa.Column("synced_at", sa.DateTime),
        sa.Column("reconciled_at", sa.DateTime),
        sa.Column("changes", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("mirror_models")
    op.drop_table("mirror_rows")
