"""When each mirrored row last changed, and which rows went, so that what is built over the mirror follows changes alone."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Before this, marks were counts; whatever was built at one of them is older than every row.
    now = time.time_ns() // 1000
    op.add_column("mirror_rows", sa.Column("change", sa.BigInteger, nullable=False, server_default=str(now)))
    op.create_index("ix_mirror_rows_change", "mirror_rows", ["change"])
    op.create_table(
        "mirror_removals",
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("change", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_mirror_removals_change", "mirror_removals", ["change"])
    op.add_column("mirror_models", sa.Column("change", sa.BigInteger, nullable=False, server_default=str(now)))
    op.drop_column("mirror_models", "changes")


def downgrade() -> None:
    op.drop_index("ix_mirror_removals_change", "mirror_removals")
    op.drop_table("mirror_removals")
    op.drop_index("ix_mirror_rows_change", "mirror_rows")
    op.drop_column("mirror_rows", "change")
    op.drop_column("mirror_models", "change")
    op.add_column("mirror_models", sa.Column("changes", sa.Integer, nullable=False, server_default="0"))
