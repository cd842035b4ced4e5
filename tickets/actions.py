"""What may be changed about reports and tickets. Actions take a session and never commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import phonenumbers
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.city import City
from infra import jobs
from infra.clock import now
from infra.events import publish
from tickets.life import Action, State, next_state
from tickets.models import Receipt, Report, Ticket, TicketEvent, TicketNumber
from tickets.numbers import number_of
from tickets.routing import route


def reserve_number(session: Session) -> str:
    """Take the next ticket number; it is never given again, even if it stays unused."""
    taken = TicketNumber()
    session.add(taken)
    session.flush()
    return number_of(taken.id)


def can_receive(number: str) -> bool:
    """Whether a text message can be sent there: a whole, possible number, not withheld."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


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

    The same `source_key` again gives the first report back.
    """
    known = session.scalar(select(Report).where(Report.source_key == source_key))
    if known is not None:
        return known
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
    session.flush()
    _ask(session, "tickets", "open_ticket", report.id)
    if can_receive(caller_number):
        _ask(session, "carrier", "send_receipt", report.id)
    return report


def open_ticket(session: Session, city: City, report: Report) -> Ticket:
    """Make the ticket of a report: at its department, or with people where in doubt."""
    known = session.scalar(select(Ticket).where(Ticket.report_id == report.id))
    if known is not None:
        return known
    place = report.place or {}
    way = route(
        city,
        source=report.source,
        category=report.category,
        category_score=report.category_score,
        place=report.place,
        confirmed=report.confirmed,
        filed_at=report.filed_at,
    )
    ticket = Ticket(
        number=report.number,
        report_id=report.id,
        call_id=report.call_id,
        state=State.TO_CHECK if way.to_check else State.DISPATCHED,
        category=report.category,
        department=way.department,
        district=way.district,
        address=str(place.get("address_text") or report.place_text)[:200],
        lat=place.get("lat"),
        lon=place.get("lon"),
        summary=report.problem_text,
        to_check=list(way.to_check),
        grade=way.grade,
        deadline_at=way.deadline_at,
    )
    session.add(ticket)
    session.flush()
    note(session, ticket, action="opened", actor="line")
    return ticket


def check_ticket(
    session: Session,
    city: City,
    ticket: Ticket,
    *,
    category: str,
    department: str,
    address: str,
    district: str | None,
    actor: str,
) -> None:
    """A person completes a ticket and sends it on; the deadline follows the category."""
    ticket.state = next_state(ticket.state, Action.DISPATCH)
    report = session.get_one(Report, ticket.report_id)
    before = {"category": ticket.category, "department": ticket.department}
    fresh = route(
        city,
        source="agent",
        category=category,
        category_score=1.0,
        place={"district": district, "score": 1.0},
        confirmed=True,
        filed_at=report.filed_at,
    )
    ticket.category, ticket.department = category, department
    ticket.address, ticket.district = address, district
    ticket.grade, ticket.deadline_at = fresh.grade, fresh.deadline_at
    ticket.to_check = []
    note(session, ticket, action="dispatched", actor=actor, changes=before)


def move(session: Session, ticket: Ticket, action: Action, *, actor: str, reason: str = "") -> None:
    """One step of a ticket's life by a person; NotAllowed when it does not fit."""
    if action in (Action.RETURN, Action.REPORT_DONE) and not reason.strip():
        raise ValueError("expected a few words: what was done, or why it is not yours")
    ticket.state = next_state(ticket.state, action)
    if action is Action.RETURN:
        ticket.to_check = ["returned"]
    note(session, ticket, action=action.value, actor=actor, text=reason.strip())


def add_transcript(session: Session, report_id: int, text: str) -> None:
    """Fill a message's report with its words, once they are recognised."""
    report = session.get_one(Report, report_id)
    if report.problem_text or not text:
        return
    report.problem_text = text
    ticket = session.scalar(select(Ticket).where(Ticket.report_id == report_id))
    if ticket is not None and not ticket.summary:
        ticket.summary = text
        note(session, ticket, action="transcribed", actor="job")


def note(
    session: Session,
    ticket: Ticket,
    *,
    action: str,
    actor: str,
    text: str = "",
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of the ticket's history and tell the pages."""
    ticket.version += 1
    session.add(
        TicketEvent(
            ticket_id=ticket.id, action=action, actor=actor, note=text, changes=dict(changes or {})
        )
    )
    publish(session, "ticket", ticket.id)


def plan_receipt(session: Session, report: Report, body: str) -> Receipt:
    """The intent to send a receipt, written before anything is sent."""
    known = session.scalar(select(Receipt).where(Receipt.report_id == report.id))
    if known is not None:
        return known
    receipt = Receipt(report_id=report.id, to_number=report.caller_number, body=body)
    session.add(receipt)
    session.flush()
    return receipt


def receipt_sent(receipt: Receipt, carrier_sid: str) -> None:
    """The carrier took the message."""
    receipt.state, receipt.carrier_sid, receipt.sent_at = "sent", carrier_sid, now()


def receipt_refused(receipt: Receipt, code: int | None) -> None:
    """The carrier will not send it, whatever we do."""
    receipt.state, receipt.error_code = "refused", str(code or "")


def _ask(session: Session, queue: str, job: str, report_id: int) -> None:
    jobs.enqueue(
        session,
        queue=queue,
        job=f"tickets.jobs.{job}",
        key=f"{job}:{report_id}",
        args=[report_id],
    )
