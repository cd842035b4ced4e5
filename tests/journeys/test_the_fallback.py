"""The last step of the fallback chain: nothing of ours answers, and nothing said is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from calls.models import Call
from simulator.callers import Caller
from tests.conftest import eventually
from tests.journeys.line import Line
from tickets.models import Report

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.speech]


def reports_of(line: Line, sid: str) -> list[Report]:
    with line.database() as database, database.read() as session:
        call = session.scalar(select(Call).where(Call.carrier_sid == sid))
        if call is None:
            return []
        return list(session.scalars(select(Report).where(Report.call_id == call.id)))


def test_a_message_left_while_nothing_answers_becomes_a_report(line: Line) -> None:
    with line.stunned("gunicorn"):
        call = Caller(line.simulator(""), number="+13125550141").dials()
        call.hears("technical problem", within_s=60).hears("after the tone", within_s=60)
        call.waits(1.5).says("there is a big pothole in the road")
        call.hears("your message is kept", within_s=60).is_hung_up_on(within_s=60)
    found = eventually(lambda: reports_of(line, call.sid), within_s=200)
    assert [(report.source, report.confirmed) for report in found] == [("message", False)]
    recorded = [one for one in call.facts()["events"] if one["event"] == "recording"]
    assert found[0].recording_sid in {one["recording_sid"] for one in recorded}


def test_a_caller_in_mid_call_is_not_left_with_a_line_that_never_answers(line: Line) -> None:
    call = Caller(line.simulator(""), number="+13125550143").dials()
    call.hears("what is the problem", within_s=60)
    with line.stunned("gunicorn"):
        line.kill("streams")
        call.hears("technical problem", within_s=60).hears("after the tone", within_s=60)
        call.hangs_up()
    eventually(line.ready, within_s=120)


def test_the_next_call_is_answered_by_us_again(line: Line) -> None:
    eventually(line.ready, within_s=120)
    call = Caller(line.simulator(""), number="+13125550142").dials()
    call.hears("what is the problem", within_s=60).hangs_up()
    failed = [one for one in call.facts()["events"] if one["event"] == "error"]
    assert failed == []
