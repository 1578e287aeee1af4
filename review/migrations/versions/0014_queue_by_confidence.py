"""The queue's indexes hold the confidence too, so that a band of it is counted without reading the rows."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.drop_index("ix_proposals_queue", "proposals")
    op.drop_index("ix_proposals_closed", "proposals")
    narrowed = ["intent", "channel", "language"]
    op.create_index(
        "ix_proposals_queue",
        "proposals",
        ["view", "rank_at", "id", *narrowed, "snoozed_until", "confidence"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_proposals_closed", "proposals", ["view", "closed_at", "id", *narrowed, "confidence"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
