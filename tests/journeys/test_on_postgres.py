"""The same line on PostgreSQL, by one setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import new_postgres
from tests.journeys.line import line_of_its_own, told
from tests.journeys.test_a_call import call_sid, ticket_of

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.speech, pytest.mark.postgres]


def test_a_report_by_voice_becomes_a_ticket_on_postgres(
    prepared: None, postgres_url: str, tmp_path: Path
) -> None:
    with line_of_its_own(tmp_path, DATABASE_URL=new_postgres(postgres_url)) as line:
        status, events = line.scenario("pothole")
        assert status == 0, told(events)
        ticket = ticket_of(line, call_sid(events))
        assert (ticket.category, ticket.address) == ("pothole", "1200 North Clark Street")
        assert not (line.var_dir / "swiftline.db").exists()
