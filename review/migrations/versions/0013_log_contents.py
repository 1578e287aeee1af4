"""What the log's entries say stands apart from the chain, under its hash, so that it can be erased and the chain stays."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQLITE_TRIGGERS = (
    """CREATE TRIGGER log_contents_no_update BEFORE UPDATE ON log_contents
       BEGIN SELECT RAISE(ABORT, 'what the log says is never changed'); END""",
    """CREATE TRIGGER log_contents_no_replace BEFORE INSERT ON log_contents
       WHEN EXISTS (SELECT 1 FROM log_contents WHERE content_hash = NEW.content_hash)
       BEGIN SELECT RAISE(ABORT, 'what the log says is never changed'); END""",
)

POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION log_contents_refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'what the log says is never changed'; END $$""",
    """CREATE TRIGGER log_contents_no_update BEFORE UPDATE ON log_contents
       FOR EACH ROW EXECUTE FUNCTION log_contents_refuse()""",
    """CREATE TRIGGER log_contents_no_truncate BEFORE TRUNCATE ON log_contents
       FOR EACH STATEMENT EXECUTE FUNCTION log_contents_refuse()""",
)


def upgrade() -> None:
    op.create_table(
        "log_contents",
        sa.Column("content_hash", sa.Text, primary_key=True),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.execute(
        """INSERT INTO log_contents (content_hash, salt, content)
           SELECT content_hash, '', min(content) FROM log_entries GROUP BY content_hash"""
    )
    # Plain SQL: Alembic would copy the table, and its triggers would be lost.
    op.execute("ALTER TABLE log_entries DROP COLUMN content")
    triggers = {"sqlite": SQLITE_TRIGGERS, "postgresql": POSTGRESQL_TRIGGERS}
    for statement in triggers[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
