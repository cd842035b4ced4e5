"""Alembic's entry: which database to bring up to date, and what it should look like."""

from __future__ import annotations

from alembic import context

from config.settings import load_settings
from infra.db import Database
from migrations.tables import metadata


def run() -> None:
    """Run the migrations that are still to come, in one transaction each."""
    url = context.config.attributes.get("database_url") or load_settings().database
    database = Database(url)
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=database.is_sqlite,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    database.close()


run()
