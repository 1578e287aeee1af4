"""Alembic migrations of the tables, packaged with the code that needs them."""
