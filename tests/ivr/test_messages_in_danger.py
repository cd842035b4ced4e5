"""Messages left after the tone that tell of somebody in danger are found, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from config.city import City
from config.settings import Settings
from infra.clock import now
from infra.db import Database
from infra.outbox.rows import enqueue
from infra.outbox.work import work
from infra.services import Services
from tests.cities import chicago
from tickets.models import Report, Ticket, TicketEvent
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import add_transcript, file_report


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    made = Services(settings, database)
    made.add(City, chicago())
    return made


def leave(services: Services, text: str, key: str = "call:1:message") -> str:
    """A message whose words come after its ticket; its number."""
    left = ReportDraft(source_key=key, source="message", language="en")
    with services.database.transaction() as session:
        report = file_report(session, left)
        report_id, number = report.id, report.number
    work(services, "tickets")
    look(services)
    with services.database.transaction() as session:
        add_transcript(session, report_id, text)
    return number


def look(services: Services) -> None:
    """Run the job as the worker does."""
    with services.database.transaction() as session:
        key = f"look:{now().timestamp()}"
        enqueue(session, queue="tickets", job="ivr.jobs.look_into_messages", key=key)
    work(services, "tickets", limit=20)


def test_a_message_about_somebody_in_danger_goes_before_all_others(services: Services) -> None:
    leave(services, "my neighbor collapsed at twelve hundred north clark street")
    look(services)
    look(services)
    with services.database.read() as session:
        ticket = session.scalars(select(Ticket)).one()
        report = session.scalars(select(Report)).one()
        happened = session.scalars(select(TicketEvent.action).order_by(TicketEvent.id)).all()
    assert (ticket.emergency, ticket.alarm_taken_at) == ("collapse", None)
    assert ticket.deadline_at == report.filed_at + timedelta(hours=2)
    assert ticket.triage_reasons[:2] == ["emergency", "message"]
    assert ticket.address == "1200 North Clark Street"
    assert happened == ["opened", "transcribed", "emergency"]


def test_an_ordinary_message_is_looked_into_once_and_raises_nothing(services: Services) -> None:
    leave(services, "the street light is out")
    look(services)
    with services.database.read() as session:
        report = session.scalars(select(Report)).one()
        ticket = session.scalars(select(Ticket)).one()
    assert (report.looked_into, report.emergency, ticket.emergency) == (True, None, None)
    assert ticket.priority == "ordinary"
