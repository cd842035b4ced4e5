"""The migrations make just the tables that the code knows, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

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


def test_a_handover_of_before_is_its_last_round_and_keeps_its_offers(bare_url: str) -> None:
    migrate(bare_url, to="0007")
    database = Database(bare_url)
    with database.engine.begin() as connection:
        for statement in _BEFORE_ROUNDS:
            connection.execute(text(statement))
    migrate(bare_url)
    with database.engine.connect() as connection:
        rounds = connection.execute(text("SELECT id, call_id, round, state FROM handover")).all()
        offers = connection.execute(text("SELECT id, handover_id, state FROM offer")).all()
    assert [tuple(row) for row in rounds] == [(5, 1, 3, "ended")]
    assert [tuple(row) for row in offers] == [(9, 5, "accepted")]
    database.close()


_BEFORE_ROUNDS = (
    "INSERT INTO staff (id, username, name, password_hash, roles, active, created_at)"
    " VALUES (1, 'ada', 'Ada', '', '[]', true, '2026-01-01 00:00:00')",
    "INSERT INTO call (id, carrier_sid, from_number, to_number, direction, status, language,"
    " dialogue, mode, place, failures, draft, turn_count, spoken_turn, started_at, reconciled)"
    " VALUES (1, 'CA1', '', '', 'inbound', 'completed', 'en', 'hotline', 'stream', '', 0, '{}',"
    " 0, 0, '2026-01-01 00:00:00', false)",
    "INSERT INTO handover (id, call_id, queue, reason, priority, state, staff_id, round, draft,"
    " asked_at, waiting_since) VALUES (5, 1, 'general', 'asked', 0, 'ended', 1, 3, '{}',"
    " '2026-01-01 00:00:00', '2026-01-01 00:00:01')",
    "INSERT INTO offer (id, handover_id, staff_id, state, offered_at, expires_at, round)"
    " VALUES (9, 5, 1, 'accepted', '2026-01-01 00:00:00', '2026-01-01 00:00:14', 3)",
)
