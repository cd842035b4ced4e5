"""Makes tickets of reports, and sends on what a person has completed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.city import City
from config.toml_models import ConfigError
from infra.clock import now
from infra.events import publish
from places.geocoder import geocoder_of
from places.place import Place
from tickets.actions import TicketError
from tickets.history import locked_ticket, write_event
from tickets.life import Action, State, next_state
from tickets.models import Report, Ticket
from tickets.reports.draft import ReportDraft
from tickets.triage.routing import Route, route


def open_ticket(session: Session, city: City, report: Report, *, actor: str = "job") -> Ticket:
    """Make the ticket of a report: at its department, or with people where in doubt.

    May be repeated: a report has one ticket.
    """
    known = session.scalar(select(Ticket).where(Ticket.report_id == report.id))
    if known is not None:
        return known
    way = route(city, report, filed_at=report.filed_at)
    ticket = Ticket(
        number=report.number,
        report_id=report.id,
        call_id=report.call_id,
        state=State.TRIAGE if way.triage_reasons else State.DISPATCHED,
        category=report.category,
        summary=report.problem_text,
        triage_reasons=list(way.triage_reasons),
        emergency=report.emergency,
        version=1,
    )
    _apply(ticket, way)
    session.add(ticket)
    session.flush()
    write_event(session, ticket, "opened", actor, changes=_facts(ticket))
    if ticket.emergency is not None:
        publish(session, "alarm", ticket.id)
    return ticket


def raise_emergency(
    session: Session, city: City, report: Report, *, kind: str, place: dict[str, Any] | None
) -> None:
    """A filed report turns out to tell of somebody in danger: its ticket goes before all others.

    place: where, if the words say it. What a person has decided already stays. May be repeated.
    """
    if report.emergency is not None:
        return
    report.emergency, report.place = kind, report.place or place
    ticket = session.scalar(select(Ticket).where(Ticket.report_id == report.id))
    if ticket is None:
        return
    way = route(city, report, filed_at=report.filed_at)
    ticket.emergency, ticket.priority, ticket.deadline_at = kind, way.priority, way.deadline_at
    if ticket.state == State.TRIAGE:
        _apply(ticket, way)
        ticket.triage_reasons = list(way.triage_reasons)
    write_event(session, ticket, "emergency", "job")
    publish(session, "alarm", ticket.id)


def open_by_hand(session: Session, city: City, report_id: int, *, actor: str) -> Ticket:
    """Make the ticket of a report whose job failed; it stays to be checked whatever is known."""
    report = session.get(Report, report_id)
    if report is None:
        raise TicketError("no such report; reload the page")
    ticket = open_ticket(session, city, report, actor=actor)
    if ticket.state == State.DISPATCHED and ticket.version == 1:
        ticket.state, ticket.triage_reasons = State.TRIAGE, ["trouble"]
    return ticket


def check_ticket(
    session: Session,
    city: City,
    ticket_id: int,
    *,
    category: str,
    department: str,
    place: Place,
    actor: str,
    note: str = "",
) -> Ticket:
    """A person completes a ticket and sends it on; its deadline follows the category.

    The clock keeps its start: the new budget counts from the filing of the report.
    Raises TicketError for what the city does not have, NotAllowed when it is too late.
    """
    ticket = locked_ticket(session, ticket_id)
    following = next_state(ticket.state, Action.DISPATCH)
    _check_known(city, category, department, place)
    before = _facts(ticket)
    report = session.get_one(Report, ticket.report_id)
    way = route(city, _completed(report, category, place), filed_at=report.filed_at)
    _apply(ticket, way)
    ticket.category, ticket.department = category, department
    ticket.lat, ticket.lon, ticket.district = place.lat, place.lon, place.district
    ticket.triage_reasons, ticket.state = [], following
    changes = {name: [before[name], new] for name, new in _facts(ticket).items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    write_event(session, ticket, "dispatched", actor, note, changes)
    if ticket.emergency is not None and ticket.alarm_taken_at is None:
        ticket.alarm_taken_at = now()
        publish(session, "alarm", ticket.id)
    return ticket


def _completed(report: Report, category: str, place: Place) -> ReportDraft:
    """What the person says of the matter, which nobody doubts any more."""
    return ReportDraft(
        source_key=report.source_key,
        source="agent",
        language=report.language,
        category=category,
        category_score=1.0,
        place={"address": place.address, "district": place.district, "score": 1.0},
        place_text=place.address,
        confirmed=True,
        emergency=report.emergency,
    )


def _apply(ticket: Ticket, way: Route) -> None:
    ticket.department, ticket.priority, ticket.deadline_at = (
        way.department,
        way.priority,
        way.deadline_at,
    )
    ticket.address, ticket.district = way.place.address, way.place.district
    ticket.lat, ticket.lon = way.place.lat, way.place.lon


def _facts(ticket: Ticket) -> dict[str, Any]:
    """What a line of history compares."""
    return {
        "category": ticket.category,
        "department": ticket.department,
        "address": ticket.address,
        "district": ticket.district,
        "deadline": ticket.deadline_at.isoformat() if ticket.deadline_at else None,
    }


def _check_known(city: City, category: str, department: str, place: Place) -> None:
    try:
        city.category(category)
        city.department(department)
    except ConfigError:
        raise TicketError("pick the kind of problem and the department from the lists") from None
    if not place.address.strip():
        raise TicketError("say where it is: an address, an intersection, or a place people know")
    if place.district is not None and place.district not in geocoder_of(city).districts:
        raise TicketError("pick the district from the list, or leave it empty")
