"""Somebody in danger: the record, its place in every list, and what it looks like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from config.city import City
from infra.events import Notifier
from infra.services import Services
from tests.tickets.conftest import CALLER, PaperCarrier, work_all
from tests.web.conftest import Browser
from tickets import queries
from tickets.emergencies.actions import record_emergency, take_alarm
from tickets.models import Receipt, Report, TicketEvent
from tickets.reports.draft import ReportDraft
from web.access.guard import Role

ALARMS = "/tickets/emergencies/alarms"


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


def test_the_alarm_stands_until_somebody_takes_it(
    services: Services, city: City, as_role: Callable[..., Browser]
) -> None:
    supervisor, agent = as_role(Role.SUPERVISOR), as_role(Role.AGENT)
    assert "emergency" not in supervisor.get(ALARMS).get_data(as_text=True)
    number = record(services, city)
    assert f'hx-get="{ALARMS}"' in supervisor.get("/tickets/").get_data(as_text=True)
    for each in (supervisor, agent):
        assert "Somebody collapsed" in each.get(ALARMS).get_data(as_text=True)
    assert agent.post(f"/tickets/emergencies/{number}/take").status_code == 303
    assert supervisor.post(f"/tickets/emergencies/{number}/take").status_code == 409
    assert "Somebody" not in supervisor.get(ALARMS).get_data(as_text=True)
    page = supervisor.get(f"/tickets/triage/{number}").get_data(as_text=True)
    assert "Emergency taken" in page
    with services.database.read() as session:
        taken = session.query(TicketEvent).filter_by(action="alarm_taken").one()
    assert taken.actor.startswith("staff:")


def test_the_caller_is_to_be_called_back_until_somebody_says_what_came_of_it(
    services: Services, city: City, as_role: Callable[..., Browser]
) -> None:
    number, agent = record(services, city), as_role(Role.AGENT)
    page = agent.get(f"/tickets/triage/{number}").get_data(as_text=True)
    assert "Call the caller back" in page
    assert f"tel:{CALLER}" in page
    path = f"/tickets/emergencies/{number}/called-back"
    assert agent.post(path, {"note": " "}).status_code == 422
    assert agent.post(path, {"note": "an ambulance is there"}).status_code == 303
    page = agent.get(f"/tickets/triage/{number}").get_data(as_text=True)
    assert "Call the caller back" not in page
    assert "an ambulance is there" in page
    assert "Somebody" not in agent.get(ALARMS).get_data(as_text=True)


def test_departments_see_no_alarm_and_an_ordinary_ticket_has_none(
    services: Services, city: City, as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    number, officer = record(services, city), as_role(Role.DEPARTMENT, "streets")
    assert ALARMS not in officer.get("/tickets/").get_data(as_text=True)
    assert officer.get(ALARMS).status_code == 403
    assert officer.post(f"/tickets/emergencies/{number}/take").status_code == 403
    ordinary = filed("call:1", category=None)
    agent = as_role(Role.AGENT)
    assert agent.post(f"/tickets/emergencies/{ordinary}/take").status_code == 409
    assert agent.post("/tickets/emergencies/10000017/take").status_code == 404


def test_pages_hear_of_an_emergency_when_it_comes_and_when_it_is_taken(
    services: Services, city: City
) -> None:
    heard: list[str] = []

    class Notebook:
        def notify(self, topic: str, id: int) -> None:
            heard.append(topic)

    services.database.attach(Notifier, Notebook())
    number = record(services, city)
    with services.database.transaction() as session:
        found = queries.find_ticket(session, number)
        assert found is not None
        take_alarm(session, found.ticket.id, actor="staff:1")
    assert heard.count("alarm") == 2
