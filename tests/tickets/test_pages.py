"""The inbox, a ticket and the queue to be checked, as different people open them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from infra.db import Database
from infra.events import Notifier
from infra.services import Services
from tests.tickets.conftest import CALLER
from tests.web.conftest import Browser
from tickets import actions, queries
from tickets.models import Ticket, TicketEvent
from web.access.guard import Role

SHOWN_CALLER = "+1 312-555-0123"
XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def text(browser: Browser, path: str) -> str:
    """A page that must open."""
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def the_ticket(database: Database) -> Ticket:
    """The one ticket there is."""
    with database.read() as session:
        return session.scalars(select(Ticket)).one()


def test_an_officer_sees_the_tickets_of_their_department_and_no_other(
    as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    pothole = filed("call:1")
    leak = filed("call:2", category="water_leak", problem_text="water everywhere")
    streets = as_role(Role.DEPARTMENT, "streets")
    page = text(streets, "/tickets/")
    assert f"/tickets/{pothole}" in page
    assert leak not in page
    assert "water everywhere" not in page
    assert text(streets, f"/tickets/{pothole}")
    for path in (f"/tickets/{leak}", f"/tickets/{leak}/part", f"/tickets/find?number={leak}"):
        assert streets.get(path).status_code == 404
    for verb in ("acknowledge", "start", "done", "return"):
        refused = streets.post(f"/tickets/{leak}/{verb}", {"note": "done", "reason": "not mine"})
        assert refused.status_code == 404


def test_an_officer_cannot_choose_another_department(
    as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    leak = filed("call:2", category="water_leak")
    streets = as_role(Role.DEPARTMENT, "streets")
    assert leak not in text(streets, "/tickets/list?department=water")


def test_an_officer_without_a_department_sees_nothing(
    as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    number = filed()
    nobody = as_role(Role.DEPARTMENT)
    assert "no department yet" in text(nobody, "/tickets/")
    assert nobody.get(f"/tickets/{number}").status_code == 404


def test_a_supervisor_sees_every_department_but_signs_for_none(
    as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    pothole, leak = filed("call:1"), filed("call:2", category="water_leak")
    boss = as_role(Role.SUPERVISOR)
    page = text(boss, "/tickets/")
    assert pothole in page
    assert leak in page
    assert pothole not in text(boss, "/tickets/?department=water")
    assert "Acknowledge it" not in text(boss, f"/tickets/{pothole}")
    assert boss.post(f"/tickets/{pothole}/acknowledge").status_code == 403


def test_an_officer_takes_a_ticket_from_signature_to_report(
    as_role: Callable[..., Browser], filed: Callable[..., str], database: Database
) -> None:
    number = filed()
    officer = as_role(Role.DEPARTMENT, "streets")
    assert "Acknowledge it" in text(officer, f"/tickets/{number}")
    officer.post(f"/tickets/{number}/acknowledge")
    assert "Start work" in text(officer, f"/tickets/{number}")
    officer.post(f"/tickets/{number}/start")
    empty = officer.post(f"/tickets/{number}/done", {"note": " "})
    assert empty.status_code == 422
    assert "what was done" in empty.get_data(as_text=True)
    assert officer.post(f"/tickets/{number}/done", {"note": "filled it"}).status_code == 303
    page = text(officer, f"/tickets/{number}")
    assert "filled it" in page
    assert "by Department-Streets" in page
    assert the_ticket(database).state == "reported"
    assert number in text(officer, "/tickets/?view=reported")
    assert number not in text(officer, "/tickets/")


def test_acting_too_late_is_told_and_changes_nothing(
    as_role: Callable[..., Browser], filed: Callable[..., str], database: Database
) -> None:
    number = filed()
    officer = as_role(Role.DEPARTMENT, "streets")
    officer.post(f"/tickets/{number}/acknowledge")
    late = officer.post(f"/tickets/{number}/return", {"reason": "not our road"})
    assert late.status_code == 409
    page = late.get_data(as_text=True)
    assert "cannot return a ticket that is acknowledged" in page
    assert the_ticket(database).state == "acknowledged"


def test_the_callers_number_shows_to_the_owner_after_the_signature_only(
    as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    number = filed()
    officer, boss = as_role(Role.DEPARTMENT, "streets"), as_role(Role.SUPERVISOR)
    for path in ("/tickets/", f"/tickets/{number}"):
        page = text(officer, path)
        assert SHOWN_CALLER not in page
        assert CALLER not in page
    officer.post(f"/tickets/{number}/acknowledge")
    assert SHOWN_CALLER in text(officer, f"/tickets/{number}")
    assert SHOWN_CALLER not in text(officer, "/tickets/?view=at_work")
    assert CALLER not in text(boss, f"/tickets/{number}")


def test_a_number_is_found_as_people_write_it_and_a_slip_is_named(
    as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    number = filed()
    officer = as_role(Role.DEPARTMENT, "streets")
    written = f"{number[:3]} {number[3:6]}-{number[6:]}"
    found = officer.get("/tickets/find", query_string={"number": written})
    assert found.location == f"/tickets/{number}"
    swapped = number[:6] + number[7] + number[6]
    assert "typo" in officer.get(f"/tickets/find?number={swapped}").get_data(as_text=True)


def test_an_agent_completes_a_ticket_and_it_appears_in_the_inbox(
    as_role: Callable[..., Browser], filed: Callable[..., str], database: Database
) -> None:
    number = filed(category=None, place=None, place_text="near the mill", source="message")
    agent, officer = as_role(Role.AGENT), as_role(Role.DEPARTMENT, "streets")
    page = text(agent, "/tickets/triage/")
    assert number in page
    assert "near the mill" in page
    assert "The kind of problem is missing" in page
    form = {
        "category": "pothole",
        "department": "streets",
        "address": "1200 n clark st",
        "district": "",
        "note": "spoke to her",
    }
    assert text(agent, f"/tickets/triage/{number}")
    assert agent.post(f"/tickets/triage/{number}", form).status_code == 303
    made = the_ticket(database)
    assert made.state == "dispatched"
    assert made.address == "1200 North Clark Street"
    assert made.district
    assert made.lat
    assert "spoke to her" in text(officer, f"/tickets/{number}")
    assert number not in text(agent, "/tickets/triage/")
    again = agent.post(f"/tickets/triage/{number}", form)
    assert again.status_code == 409
    assert "already" in again.get_data(as_text=True)
    assert agent.get(f"/tickets/triage/{number}").status_code == 409


def test_an_incomplete_form_keeps_what_was_typed(
    as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    number = filed(category=None)
    agent = as_role(Role.AGENT)
    form = {"category": "", "address": "by the old oak", "note": "it barks"}
    refused = agent.post(f"/tickets/triage/{number}", form)
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert "pick the kind of problem" in page
    assert "by the old oak" in page
    assert "it barks" in page


def test_a_dispatched_ticket_is_not_shown_to_an_agent(
    as_role: Callable[..., Browser], filed: Callable[..., str]
) -> None:
    number = filed()
    agent = as_role(Role.AGENT)
    assert number not in text(agent, "/tickets/triage/")
    assert agent.get(f"/tickets/triage/{number}").status_code == 409
    assert agent.get(f"/tickets/{number}").status_code == 403


def test_places_are_suggested_as_they_are_typed(as_role: Callable[..., Browser]) -> None:
    agent = as_role(Role.AGENT)
    page = text(agent, "/tickets/triage/places?address=1200+n+clark+st")
    assert 'value="1200 North Clark Street"' in page
    assert "is in" in page


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.DEPARTMENT, "/tickets/{}"),
        (Role.DEPARTMENT, "/tickets/"),
        (Role.AGENT, "/tickets/triage/"),
    ],
)
def test_what_callers_and_staff_write_is_only_ever_text(
    as_role: Callable[..., Browser],
    filed: Callable[..., str],
    services: Services,
    role: Role,
    path: str,
) -> None:
    doubtful = {"category": None} if role is Role.AGENT else {}
    number = filed(problem_text=XSS, place_text=XSS, **doubtful)
    with services.database.transaction() as session:
        ticket = session.scalars(select(Ticket)).one()
        ticket.address = ticket.district = XSS[:80]
        session.add(TicketEvent(ticket_id=ticket.id, action="note", actor=XSS[:60], note=XSS))
    person = as_role(role, "streets" if role is Role.DEPARTMENT else None)
    pages = [text(person, path.format(number))]
    if role is Role.AGENT:
        pages.append(text(person, f"/tickets/triage/{number}"))
    for page in pages:
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_change_is_told_to_pages_by_id_only(
    services: Services, filed: Callable[..., str]
) -> None:
    told: list[tuple[str, int]] = []

    class Notebook:
        def notify(self, topic: str, id: int) -> None:
            told.append((topic, id))

    services.database.attach(Notifier, Notebook())
    filed()
    ticket_id = the_ticket(services.database).id
    with services.database.transaction() as session:
        actions.acknowledge(session, ticket_id, actor="staff:1")
    assert set(told) == {("ticket", ticket_id)}
    with services.database.read() as session:
        assert queries.inbox(session, "streets", "new") == []
