"""The line under proof keeps its records in the database that is struck, and in no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bench.proof.line import Line
from bench.proof.store import Postgres
from infra.db import Database
from tests.conftest import folder_for_postgres

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


def test_while_the_server_is_away_the_programs_settings_point_to_nothing(tmp_path: Path) -> None:
    with folder_for_postgres() as folder:
        store = Postgres(folder)
        line = Line(tmp_path, store, {})
        store.start()
        database = Database(line.env["DATABASE_URL"])
        try:
            database.answers()
            with store.away(), pytest.raises(OperationalError):
                database.answers()
            database.answers()
        finally:
            database.close()
            store.stop()
