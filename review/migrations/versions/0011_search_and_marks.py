"""The words that messages are found by, with each engine's full-text index; comments, assignment and saved views."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# As SQLite's documentation of external content tables has it.
SQLITE = (
    """CREATE VIRTUAL TABLE search_index USING fts5(words, content='search_texts', content_rowid='number',
       tokenize='unicode61 remove_diacritics 0', detail='none')""",
    """CREATE TRIGGER search_texts_insert AFTER INSERT ON search_texts BEGIN
       INSERT INTO search_index (rowid, words) VALUES (new.number, new.words); END""",
    """CREATE TRIGGER search_texts_delete AFTER DELETE ON search_texts BEGIN
       INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.number, old.words); END""",
    """CREATE TRIGGER search_texts_update AFTER UPDATE ON search_texts BEGIN
       INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.number, old.words);
       INSERT INTO search_index (rowid, words) VALUES (new.number, new.words); END""",
)
POSTGRESQL = (
    # Kept, not worked out: of a common word the newest rows are looked through one by one.
    "ALTER TABLE search_texts ADD COLUMN vector tsvector GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED",
    "CREATE INDEX ix_search_texts_vector ON search_texts USING gin (vector)",
)


def upgrade() -> None:
    op.create_table(
        "search_texts",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("message_id", sa.Text, sa.ForeignKey("messages.id"), nullable=False, unique=True),
        sa.Column("words", sa.Text, nullable=False),
    )
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[op.get_bind().dialect.name]:
        op.execute(statement)
    op.execute(
        """INSERT INTO search_texts (message_id, words)
           SELECT id, searchable FROM messages WHERE searchable <> '' ORDER BY received_at"""
    )
    # Plain SQL: Alembic would copy the table, which SQLite refuses while others refer to it.
    op.execute("ALTER TABLE messages DROP COLUMN searchable")
    op.add_column("proposals", sa.Column("assignee", sa.Text))
    op.add_column("proposals", sa.Column("team", sa.Text))
    for column in ("assignee", "team"):
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_proposals_{column}", "proposals", [column, "rank_at"], sqlite_where=given, postgresql_where=given
        )
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("proposal_id", sa.Text, sa.ForeignKey("proposals.id"), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("mentions", sa.JSON, nullable=False),
    )
    op.create_index("ix_comments_proposal_id", "comments", ["proposal_id"])
    op.create_table(
        "mentions",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("comment_id", sa.Integer, sa.ForeignKey("comments.id"), primary_key=True),
        sa.Column("proposal_id", sa.Text, sa.ForeignKey("proposals.id"), nullable=False),
    )
    op.create_table(
        "assignment_rules",
        sa.Column("by", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("assignee", sa.Text),
        sa.Column("team", sa.Text),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("view", sa.Text, nullable=False),
        sa.Column("filters", sa.JSON, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.UniqueConstraint("owner", "name"),
    )


def downgrade() -> None:
    raise NotImplementedError("The log is append-only: restore a backup instead of going back.")
