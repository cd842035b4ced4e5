"""A call in our records: made by whoever hears of it first."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from infra.db import Database
from tests.conftest import POSTGRES, arrives

CALL = "CA" + "1" * 32


@pytest.mark.parametrize("database", [POSTGRES], indirect=True)
def test_a_call_of_which_two_hear_at_once_is_one_call(database: Database) -> None:
    made: list[int] = []

    def hears_too(*_: object) -> None:
        with database.transaction() as session:
            made.append(arrives(session, CALL).id)

    with database.transaction() as session:
        event.listen(session, "before_flush", hears_too, once=True)
        assert [arrives(session, CALL).id] == made
