"""A call in our records: made by whoever hears of it first."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from infra.db import Database
from tests.conftest import POSTGRES, arrives

CALL = "CA" + "1" * 32
ADDS_A_CALL = re.compile(r'INSERT INTO "?call"? ')


@pytest.mark.parametrize("database", [POSTGRES], indirect=True)
def test_a_call_of_which_two_hear_at_once_is_one_call(database: Database) -> None:
    made: list[int] = []
    begun: list[str] = []

    def hears_too(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if ADDS_A_CALL.match(statement) and not begun:
            begun.append(statement)
            with database.transaction() as session:
                made.append(arrives(session, CALL).id)

    event.listen(database.engine, "before_cursor_execute", hears_too)
    with database.transaction() as session:
        assert [arrives(session, CALL).id] == made
