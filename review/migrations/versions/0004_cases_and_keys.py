"""Cases with their keys, what closed a proposal, keys of machines that post messages, and their idempotency keys."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "case_keys",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, sa.ForeignKey("cases.id"), nullable=False),
    )
    op.create_index("ix_case_keys_case_id", "case_keys", ["case_id"])
    for table in ("messages", "proposals"):
        # Plain SQL: Alembic would copy the table for a foreign key, which SQLite refuses while others refer to it.
        op.execute(f"ALTER TABLE {table} ADD COLUMN case_id TEXT REFERENCES cases (id)")
        op.create_index(f"ix_{table}_case_id", table, ["case_id"])
    op.execute("ALTER TABLE messages ADD COLUMN duplicate_of TEXT REFERENCES messages (id)")
    op.add_column("messages", sa.Column("happened_at", sa.DateTime))
    op.add_column("messages", sa.Column("shipment", sa.Text))
    op.add_column("messages", sa.Column("arrived", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("messages", sa.Column("text_hash", sa.Text))
    for column in ("text_hash", "sender_key", "shipment"):
        op.create_index(f"ix_messages_{column}", "messages", [column])
    op.execute("UPDATE messages SET happened_at = received_at")
    op.add_column("proposals", sa.Column("closed_reason", sa.Text))
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("revoked_at", sa.DateTime),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, sa.ForeignKey("messages.id"), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
