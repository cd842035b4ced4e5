"""Connections to the database: none waits for a host that is gone."""

from __future__ import annotations

from typing import Any

import pytest

from infra.db import Database
from tests.conftest import POSTGRES


@pytest.mark.parametrize("database", [POSTGRES], indirect=True)
def test_a_host_that_vanished_is_given_up_within_seconds(database: Database) -> None:
    with database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        asked = driver.info.get_parameters()
    assert int(asked["tcp_user_timeout"]) == 10_000, "what was sent is not acknowledged"
    assert int(asked["keepalives_idle"]) == 5, "an answer does not come"
    assert int(asked["keepalives_interval"]) == 5
