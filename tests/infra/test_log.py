"""Nothing a caller said or keyed gets into a log line or the text of a database error."""

from __future__ import annotations

import json

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from calls.models import Call
from infra.db import Database
from infra.log import configure, logger, origin

NUMBER = "+13125550199"


def test_a_number_is_masked_wherever_it_stands_and_ids_are_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("INFO", process="test")
    logger("x").info("call from " + NUMBER, note=f"to {NUMBER}", call_sid="CA" + "1" * 32)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    (line,) = [json.loads(said) for said in capsys.readouterr().err.splitlines() if "call" in said]
    assert NUMBER not in json.dumps(line)
    assert line["call_sid"] == "CA" + "1" * 32


def test_a_database_error_does_not_repeat_the_row(database: Database) -> None:
    def insert() -> None:
        with database.transaction() as session:
            session.add(Call(carrier_sid="CA1", from_number=NUMBER, draft={}))

    insert()
    with pytest.raises(IntegrityError) as failed:
        insert()
    said = str(failed.value)
    assert NUMBER not in said
    assert NUMBER not in origin(failed.value)
    assert origin(failed.value).startswith("IntegrityError in ")
