"""Somebody in danger: the record, its place in every list, and what it looks like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from config.city import City
from infra.services import Services
from tests.tickets.conftest import CALLER, PaperCarrier, work_all
from tests.web.conftest import Browser
from tickets import queries
from tickets.emergencies import record_emergency
from tickets.models import Receipt, Report
from tickets.reports.draft import ReportDraft
from web.access.guard import Role


def record(services: Services, city: City, key: str = "call:9:emergency") -> str:
    """Somebody on the line says that a neighbour collapsed; the ticket's number."""
    said = ReportDraft(
        source_key=key,
        source="voice",
        language="en",
        caller_number=CALLER,
        problem_text="my neighbor collapsed",
        emergency="collapse",
    )
    with services.database.transaction() as session:
        return record_emergency(session, city, said).number


def test_the_ticket_is_there_before_any_job_runs(services: Services, city: City) -> None:
    number = record(services, city)
    with services.database.read() as session:
        found = queries.find_ticket(session, number)
        assert found is not None
        ticket, report = found.ticket, found.report
    assert (ticket.state, ticket.emergency, ticket.alarm_taken_at) == ("triage", "collapse", None)
    assert ticket.priority == city.emergency_priority
    assert ticket.deadline_at == report.filed_at + timedelta(hours=2)
    assert ticket.triage_reasons[0] == "emergency"


def test_an_emergency_is_recorded_once_and_nothing_is_sent_to_the_telephone(
    services: Services, city: City, carrier: PaperCarrier
) -> None:
    assert record(services, city) == record(services, city)
    work_all(services)
    with services.database.read() as session:
        assert session.query(Report).count() == 1
        assert session.query(Receipt).count() == 0
    assert carrier.sent == []


def test_emergencies_are_before_everything_that_waited_longer(
    services: Services, city: City, filed: Callable[..., str]
) -> None:
    filed("call:1", category=None, place=None, place_text="")
    number = record(services, city)
    with services.database.read() as session:
        listed = [each.ticket.number for each in queries.tickets_in_triage(session)]
    assert (len(listed), listed[0]) == (2, number)


def test_the_queue_says_what_it_is_in_words(
    services: Services, city: City, filed: Callable[..., str], as_role: Callable[..., Browser]
) -> None:
    filed("call:1", category=None)
    agent = as_role(Role.AGENT)
    assert "emergency-word" not in agent.get("/tickets/triage/").get_data(as_text=True)
    number = record(services, city)
    page = agent.get("/tickets/triage/").get_data(as_text=True)
    assert page.count("emergency-word") == 1
    assert "Somebody collapsed: nobody has taken it yet" in page
    assert "emergency-word" in agent.get(f"/tickets/triage/{number}").get_data(as_text=True)
