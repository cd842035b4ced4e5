"""The migrations make just the tables that the code knows, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from infra.db import Database
from migrations.tables import metadata
from ops.setup import migrate


def test_migrating_from_nothing_gives_the_tables_of_the_code(bare_url: str) -> None:
    migrate(bare_url)
    migrate(bare_url)
    database = Database(bare_url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()
