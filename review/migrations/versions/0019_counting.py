"""The queue's index holds the state too, so that counting reads no rows; the languages of messages are an index."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.drop_index("ix_proposals_queue", "proposals")
    op.create_index(
        "ix_proposals_queue",
        "proposals",
        [
            *("view", "rank_at", "id", "intent", "channel", "language", "snoozed_until", "confidence"),
            *("team", "company", "assignee", "state"),
        ],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_messages_language", "messages", ["language"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
