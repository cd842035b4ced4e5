"""A call in our books: made by whoever hears of it first."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from calls.actions import call_arrived
from calls.models import Call
from infra.db import Database
from tests.conftest import POSTGRES

CALL = "CA" + "1" * 32


def arrives(session: Session) -> Call:
    """The call, as any message about it tells."""
    return call_arrived(
        session,
        carrier_sid=CALL,
        from_number="+13125550101",
        to_number="+13125550100",
        direction="inbound",
        language="en",
    )


@pytest.mark.parametrize("database", [POSTGRES], indirect=True)
def test_a_call_of_which_two_hear_at_once_is_one_call(database: Database) -> None:
    made: list[int] = []

    def hears_too(*_: object) -> None:
        with database.transaction() as session:
            made.append(arrives(session).id)

    with database.transaction() as session:
        event.listen(session, "before_flush", hears_too, once=True)
        assert [arrives(session).id] == made
