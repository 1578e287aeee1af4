"""Runs the migrations on the connection that the service, or a developer's command, hands in."""

from alembic import context

from review.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
