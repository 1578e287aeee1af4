"""Keys with which a program works on the desk for a person, and the answers that repeated requests get."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_keys") as table:
        table.add_column(sa.Column("person", sa.Text, sa.ForeignKey("users.name", name="fk_api_keys_person")))
    op.create_table(
        "answers",
        sa.Column("caller", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_hash", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("begun_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_answers_begun_at", "answers", ["begun_at"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
