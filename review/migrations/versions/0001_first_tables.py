"""Messages, proposals, decisions, people, sign-in links and the append-only log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE_TRIGGERS = (
    """CREATE TRIGGER log_entries_no_update BEFORE UPDATE ON log_entries
       BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
    """CREATE TRIGGER log_entries_no_delete BEFORE DELETE ON log_entries
       BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
    # REPLACE deletes without firing delete triggers unless recursive_triggers is on.
    """CREATE TRIGGER log_entries_no_replace BEFORE INSERT ON log_entries
       WHEN EXISTS (SELECT 1 FROM log_entries WHERE seq = NEW.seq)
       BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
)

POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION log_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$""",
    """CREATE TRIGGER log_entries_append_only BEFORE UPDATE OR DELETE ON log_entries
       FOR EACH ROW EXECUTE FUNCTION log_entries_refuse()""",
    """CREATE TRIGGER log_entries_no_truncate BEFORE TRUNCATE ON log_entries
       FOR EACH STATEMENT EXECUTE FUNCTION log_entries_refuse()""",
)


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("stored_at", sa.DateTime, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("sender_key", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("mail_id", sa.Text),
        sa.Column("thread", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("problems", sa.JSON, nullable=False),
        sa.Column("searchable", sa.Text, nullable=False),
        sa.Column("read", sa.JSON),
    )
    for column in ("state", "mail_id", "thread"):
        op.create_index(f"ix_messages_{column}", "messages", [column])
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, sa.ForeignKey("messages.id"), nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
        sa.Column("record_model", sa.Text),
        sa.Column("record_id", sa.Integer),
        sa.Column("record_name", sa.Text),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("late", sa.Integer, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("edited_by", sa.Text),
        sa.Column("superseded_by", sa.Text, sa.ForeignKey("proposals.id")),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("closed_at", sa.DateTime),
        sa.UniqueConstraint("message_id", "ordinal"),
    )
    op.create_index("ix_proposals_queue", "proposals", ["state", "lane"])
    op.create_index("ix_proposals_superseded_by", "proposals", ["superseded_by"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("proposal_id", sa.Text, sa.ForeignKey("proposals.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("proposed", sa.JSON, nullable=False),
        sa.Column("decided", sa.JSON, nullable=False),
        sa.Column("difference", sa.JSON, nullable=False),
        sa.UniqueConstraint("proposal_id", "version"),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False),
    )
    op.create_table(
        "sign_in_tokens",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.name"), nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime),
    )
    op.create_table(
        "log_entries",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("entry_hash", sa.Text, nullable=False),
    )
    op.create_index("ix_log_entries_subject", "log_entries", ["subject"])
    triggers = {"sqlite": SQLITE_TRIGGERS, "postgresql": POSTGRESQL_TRIGGERS}
    for statement in triggers[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
