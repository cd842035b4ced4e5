"""What may be changed about reports and tickets. Actions take a session and never commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.city import City, CityError
from infra.events import publish
from infra.outbox.rows import enqueue
from places.geocoder import geocoder_of
from places.place import Place
from tickets.life import Action, NotAllowed, State, next_state
from tickets.models import Report, Ticket, TicketEvent, TicketNumber
from tickets.numbers import number_of
from tickets.receipts import can_receive
from tickets.routing import Route, route

__all__ = [
    "TicketError",
    "add_transcript",
    "can_receive",
    "check_ticket",
    "file_report",
    "open_ticket",
    "report_done",
    "reserve_number",
    "return_ticket",
    "sign_for",
    "start_work",
]

LONGEST_NOTE = 4000


class TicketError(ValueError):
    """What was entered cannot be used; the text says what is expected."""


def reserve_number(session: Session) -> str:
    """Take the next ticket number; it is never given again, even if it stays unused."""
    taken = TicketNumber()
    session.add(taken)
    session.flush()
    return number_of(taken.id)


def file_report(
    session: Session,
    *,
    source_key: str,
    call_id: int | None,
    source: str,
    language: str,
    caller_number: str,
    problem_text: str,
    category: str | None,
    category_score: float | None,
    place: Mapping[str, Any] | None,
    place_text: str,
    confirmed: bool,
    recording_sid: str | None = None,
) -> Report:
    """Keep what was reported, reserve its number, and ask for ticket and receipt.

    The same `source_key` again, also at the same moment, gives the first report back.
    """
    known = _report_of(session, source_key)
    if known is not None:
        return known
    try:
        with session.begin_nested():
            report = Report(
                number=reserve_number(session),
                source_key=source_key,
                call_id=call_id,
                source=source,
                language=language,
                caller_number=caller_number,
                problem_text=problem_text,
                category=category,
                category_score=category_score,
                place=dict(place) if place else None,
                place_text=place_text,
                confirmed=confirmed,
                recording_sid=recording_sid,
            )
            session.add(report)
    except IntegrityError:
        other = _report_of(session, source_key)
        if other is None:
            raise
        return other
    _ask(session, "tickets", "open_ticket", report.id)
    if can_receive(caller_number):
        _ask(session, "sms", "send_receipt", report.id)
    return report


def open_ticket(session: Session, city: City, report: Report, *, actor: str = "job") -> Ticket:
    """Make the ticket of a report: at its department, or with people where in doubt.

    May be repeated: a report has one ticket.
    """
    known = session.scalar(select(Ticket).where(Ticket.report_id == report.id))
    if known is not None:
        return known
    way = _route_of(city, report)
    ticket = Ticket(
        number=report.number,
        report_id=report.id,
        call_id=report.call_id,
        state=State.TO_CHECK if way.to_check else State.DISPATCHED,
        category=report.category,
        summary=report.problem_text,
        to_check=list(way.to_check),
        version=1,
    )
    _apply(ticket, way)
    session.add(ticket)
    session.flush()
    _write(session, ticket, "opened", actor, changes=_facts(ticket))
    return ticket


def open_by_hand(session: Session, city: City, report_id: int, *, actor: str) -> Ticket:
    """Make the ticket of a report whose job failed; it stays to be checked whatever is known."""
    report = session.get(Report, report_id)
    if report is None:
        raise TicketError("no such report; reload the page")
    ticket = open_ticket(session, city, report, actor=actor)
    if ticket.state == State.DISPATCHED and ticket.version == 1:
        ticket.state, ticket.to_check = State.TO_CHECK, ["trouble"]
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
    ticket = _held(session, ticket_id)
    following = next_state(ticket.state, Action.DISPATCH)
    _check_known(city, category, department, place)
    before = _facts(ticket)
    report = session.get_one(Report, ticket.report_id)
    way = route(
        city,
        source="agent",
        category=category,
        category_score=1.0,
        place={"address": place.address, "district": place.district, "score": 1.0},
        place_text=place.address,
        confirmed=True,
        filed_at=report.filed_at,
    )
    _apply(ticket, way)
    ticket.category, ticket.department = category, department
    ticket.lat, ticket.lon, ticket.district = place.lat, place.lon, place.district
    ticket.to_check, ticket.state = [], following
    changes = {name: [before[name], new] for name, new in _facts(ticket).items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    _write(session, ticket, "dispatched", actor, note, changes)
    return ticket


def sign_for(session: Session, ticket_id: int, *, actor: str) -> Ticket:
    """The department takes the ticket: from now on it is theirs to answer for."""
    return _step(session, ticket_id, Action.SIGN_FOR, "signed_for", actor)


def start_work(session: Session, ticket_id: int, *, actor: str) -> Ticket:
    """The work begins."""
    return _step(session, ticket_id, Action.START, "started", actor)


def report_done(session: Session, ticket_id: int, *, note: str, actor: str) -> Ticket:
    """The department says what was done. That closes nothing: the caller is asked next."""
    words = _needed(note, "expected a few words on what was done, for the caller")
    return _step(session, ticket_id, Action.REPORT_DONE, "reported_done", actor, words)


def return_ticket(session: Session, ticket_id: int, *, reason: str, actor: str) -> Ticket:
    """The department says the ticket is not theirs; a second time goes to a ruling."""
    words = _needed(reason, "expected a few words on why it is not yours, and whose it may be")
    again = _times(session, ticket_id, "returned") > 0
    action = Action.RETURN_AGAIN if again else Action.RETURN
    ticket = _step(session, ticket_id, action, "returned", actor, words)
    ticket.to_check = ["arbitration" if again else "returned"]
    return ticket


def add_transcript(session: Session, report_id: int, text: str) -> None:
    """Fill a message's report with its words, once they are recognised. May be repeated."""
    report = session.get_one(Report, report_id)
    if report.problem_text or not text:
        return
    report.problem_text = text
    ticket = session.scalar(select(Ticket).where(Ticket.report_id == report_id))
    if ticket is not None and not ticket.summary:
        ticket.summary = text
        _write(session, ticket, "transcribed", "job")


def _step(
    session: Session, ticket_id: int, action: Action, done: str, actor: str, note: str = ""
) -> Ticket:
    ticket = _held(session, ticket_id)
    ticket.state = next_state(ticket.state, action)
    _write(session, ticket, done, actor, note)
    return ticket


def _held(session: Session, ticket_id: int) -> Ticket:
    """The ticket, locked until the transaction ends, so that two people act one after another."""
    ticket = session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    if ticket is None:
        raise NotAllowed("there is no such ticket")
    return ticket


def _write(
    session: Session,
    ticket: Ticket,
    action: str,
    actor: str,
    note: str = "",
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of the ticket's history and tell the pages."""
    ticket.version += 1 if action != "opened" else 0
    event = TicketEvent(
        ticket_id=ticket.id, action=action, actor=actor, note=note, changes=dict(changes or {})
    )
    session.add(event)
    publish(session, "ticket", ticket.id)


def _route_of(city: City, report: Report) -> Route:
    return route(
        city,
        source=report.source,
        category=report.category,
        category_score=report.category_score,
        place=report.place,
        place_text=report.place_text,
        confirmed=report.confirmed,
        filed_at=report.filed_at,
    )


def _apply(ticket: Ticket, way: Route) -> None:
    ticket.department, ticket.grade, ticket.deadline_at = way.department, way.grade, way.deadline_at
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
    except CityError:
        raise TicketError("pick the kind of problem and the department from the lists") from None
    if not place.address.strip():
        raise TicketError("say where it is: an address, an intersection, or a place people know")
    if place.district is not None and place.district not in geocoder_of(city).districts:
        raise TicketError("pick the district from the list, or leave it empty")


def _needed(text: str, expected: str) -> str:
    words = text.strip()
    if len(words) < 3:
        raise TicketError(expected)
    return words[:LONGEST_NOTE]


def _times(session: Session, ticket_id: int, action: str) -> int:
    events = select(TicketEvent.id).where(
        TicketEvent.ticket_id == ticket_id, TicketEvent.action == action
    )
    return len(session.scalars(events).all())


def _report_of(session: Session, source_key: str) -> Report | None:
    return session.scalar(select(Report).where(Report.source_key == source_key))


def _ask(session: Session, queue: str, job: str, report_id: int) -> None:
    enqueue(
        session,
        queue=queue,
        job=f"tickets.jobs.{job}",
        key=f"{job}:{report_id}",
        args=[report_id],
    )
