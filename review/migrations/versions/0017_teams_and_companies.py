"""People belong to teams and companies; items have a company. The queue's indexes hold by whom an item is seen."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")
OF_BODY = {"sqlite": "json_extract(body, '$.stakes.company')", "postgresql": "body -> 'stakes' ->> 'company'"}


def upgrade() -> None:
    for name in ("teams", "owns", "companies"):
        op.add_column("users", sa.Column(name, sa.JSON, nullable=False, server_default="[]"))
    op.add_column("proposals", sa.Column("company", sa.Text))
    op.execute(f"UPDATE proposals SET company = {OF_BODY[op.get_bind().dialect.name]}")
    op.drop_index("ix_proposals_queue", "proposals")
    op.drop_index("ix_proposals_closed", "proposals")
    narrowed, seen_by = ["intent", "channel", "language"], ["team", "company", "assignee"]
    op.create_index(
        "ix_proposals_queue",
        "proposals",
        ["view", "rank_at", "id", *narrowed, "snoozed_until", "confidence", *seen_by],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_proposals_closed", "proposals", ["view", "closed_at", "id", *narrowed, "confidence", *seen_by])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
