"""Who files what a caller had said: the agent while at it, the line's own job otherwise."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from agents import duty
from calls.actions import end_call
from calls.models import Call
from infra.clock import now
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.work import work
from tests.agents.conftest import Floor
from tickets.models import Report


def settles(floor: Floor, call_id: int) -> None:
    """Work the job that follows a call, now."""
    with floor.database.transaction() as session:
        enqueue(
            session, queue="tickets", job="ivr.jobs.settle", key=f"settle:{call_id}", args=[call_id]
        )
        session.flush()
        for row in session.scalars(select(Outbox).where(Outbox.queue == "tickets")):
            row.next_at = now() - timedelta(seconds=1)
    work(floor.services, "tickets", limit=1)


def sources(floor: Floor) -> list[str]:
    with floor.database.read() as session:
        return list(session.scalars(select(Report.source)))


def hangs_up(floor: Floor, call_id: int) -> None:
    with floor.database.transaction() as session:
        call = session.get_one(Call, call_id)
        call.draft = {"problem_text": "a hole in the road"}
        end_call(session, call, status="completed", duration_s=9)


def test_nothing_is_filed_beside_an_agent_who_still_writes(floor: Floor) -> None:
    agent, handover = floor.talks()
    call_id = floor.handover(handover).call_id
    hangs_up(floor, call_id)
    settles(floor, call_id)
    assert floor.presence(agent).state == "wrapping_up"
    assert sources(floor) == []
    with floor.database.transaction() as session:
        duty.end_wrap_up(session, staff_id=agent)
    settles(floor, call_id)
    assert sources(floor) == ["cut_off"]


def test_a_caller_who_reached_nobody_has_a_report_at_once(floor: Floor) -> None:
    call_id = floor.handover(floor.asks()).call_id
    hangs_up(floor, call_id)
    settles(floor, call_id)
    assert sources(floor) == ["cut_off"]
