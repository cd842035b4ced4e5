"""Messages left at the carrier while we did not answer become reports, each once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from calls.actions import end_call
from calls.models import Call, Turn, TurnSound
from carriers.messages import Silence, to_json
from config.settings import Settings
from infra.clock import now
from infra.db import Database
from infra.outbox.rows import enqueue
from infra.outbox.work import work
from infra.services import Services
from recordings.models import Recording
from tests.conftest import arrives
from tickets.models import Report

CALL, LEFT = "CA" + "1" * 32, "RE" + "1" * 32


def a_call(database: Database, *, ended_s_ago: float | None = 60, recorded: str = LEFT) -> int:
    """A call that is over, and what was said after a tone in it."""
    with database.transaction() as session:
        call = arrives(session, CALL)
        if ended_s_ago is not None:
            at = now() - timedelta(seconds=ended_s_ago)
            end_call(session, call, status="completed", duration_s=30, at=at)
        session.add(
            Recording(public_id=recorded, carrier_sid=recorded, call_id=call.id, purpose="message")
        )
        return call.id


def adopt(database: Database) -> list[Report]:
    """Run the job as the worker does; every report there is then."""
    services = Services(Settings(), database)
    with database.transaction() as session:
        key = f"adopt:{now().timestamp()}"
        enqueue(session, queue="tickets", job="ivr.jobs.adopt_messages", key=key)
    work(services, "tickets", limit=20)
    with database.read() as session:
        return list(session.scalars(select(Report).order_by(Report.id)))


def test_a_message_without_a_report_becomes_one_to_be_checked(database: Database) -> None:
    call_id = a_call(database)
    (report,) = adopt(database)
    assert (report.call_id, report.source, report.confirmed) == (call_id, "message", False)
    assert report.recording_sid == LEFT


def test_looking_again_makes_no_second_report(database: Database) -> None:
    a_call(database)
    adopt(database)
    assert len(adopt(database)) == 1


def test_a_second_message_of_the_same_call_has_a_report_of_its_own(database: Database) -> None:
    call_id = a_call(database)
    adopt(database)
    other = "RE" + "2" * 32
    with database.transaction() as session:
        session.add(
            Recording(public_id=other, carrier_sid=other, call_id=call_id, purpose="message")
        )
    assert [report.recording_sid for report in adopt(database)] == [LEFT, other]
    assert len(adopt(database)) == 2


def test_a_call_that_is_on_or_just_over_is_left_to_its_own_turns(database: Database) -> None:
    a_call(database, ended_s_ago=None)
    assert adopt(database) == []
    with database.transaction() as session:
        call = session.scalars(select(Call)).one()
        end_call(session, call, status="completed", duration_s=9)
    assert adopt(database) == []


def test_a_spoken_answer_is_no_message(database: Database) -> None:
    call_id = a_call(database)
    with database.transaction() as session:
        session.add(TurnSound(call_id=call_id, number=1, recording_sid=LEFT))
    assert adopt(database) == []


def test_a_silence_that_a_turn_took_is_no_message(database: Database) -> None:
    call_id = a_call(database)
    later = "RE" + "2" * 32
    with database.transaction() as session:
        silent = session.scalars(select(Recording)).one()
        silent.started_at, silent.duration_s = now() - timedelta(seconds=90), 5.0
        turn_at = silent.started_at + timedelta(seconds=6)
        session.add(
            Turn(
                call_id=call_id,
                number=1,
                place="leave_message",
                heard=to_json(Silence()),
                reply={},
                created_at=turn_at,
            )
        )
        session.add(
            Recording(
                public_id=later,
                carrier_sid=later,
                call_id=call_id,
                purpose="message",
                started_at=turn_at + timedelta(seconds=9),
                duration_s=5.0,
            )
        )
    assert [report.recording_sid for report in adopt(database)] == [later]
