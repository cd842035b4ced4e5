"""What others ask about reports and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from calls.models import Call
from tickets.models import Receipt, Report, Ticket, TicketEvent


def reports_of_call(session: Session, call_id: int) -> Sequence[Report]:
    """Every report that came of a call."""
    return session.scalars(select(Report).where(Report.call_id == call_id)).all()


def number_of_call(session: Session, call_sid: str) -> str | None:
    """The number of the ticket that came of a call, once it is open."""
    return session.scalar(
        select(Ticket.number)
        .join(Call, Call.id == Ticket.call_id)
        .where(Call.carrier_sid == call_sid)
        .order_by(Ticket.id.desc())
        .limit(1)
    )


def inbox(session: Session, department: str | None) -> Sequence[Ticket]:
    """Open tickets of a department, or of all, the most urgent first."""
    query = (
        select(Ticket)
        .where(Ticket.state.in_(("dispatched", "signed", "working")))
        .order_by(Ticket.deadline_at, Ticket.id)
    )
    if department is not None:
        query = query.where(Ticket.department == department)
    return session.scalars(query).all()


def tickets_to_check(session: Session) -> Sequence[Ticket]:
    """Tickets that wait for a person to complete them, the oldest first."""
    query = select(Ticket).where(Ticket.state.in_(("to_check", "returned")))
    return session.scalars(query.order_by(Ticket.opened_at, Ticket.id)).all()


def history(session: Session, ticket_id: int) -> Sequence[TicketEvent]:
    """What happened to a ticket, in order."""
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id)
    return session.scalars(query.order_by(TicketEvent.id)).all()


def ticket_json(session: Session, number: str) -> dict[str, Any] | None:
    """One ticket for scripts; None when there is none of that number."""
    ticket = session.scalar(select(Ticket).where(Ticket.number == number))
    if ticket is None:
        return None
    report = session.get_one(Report, ticket.report_id)
    receipt = session.scalar(select(Receipt).where(Receipt.report_id == report.id))
    call = session.get(Call, ticket.call_id) if ticket.call_id else None
    return {
        "number": ticket.number,
        "state": ticket.state,
        "category": ticket.category,
        "department": ticket.department,
        "district": ticket.district,
        "address": ticket.address,
        "lat": ticket.lat,
        "lon": ticket.lon,
        "summary": ticket.summary,
        "to_check": ticket.to_check,
        "grade": ticket.grade,
        "deadline": ticket.deadline_at.isoformat() if ticket.deadline_at else None,
        "filed_at": report.filed_at.isoformat(),
        "source": report.source,
        "confirmed": report.confirmed,
        "call_sid": call.carrier_sid if call else None,
        "receipt": receipt.state if receipt else None,
        "history": [
            {"at": event.at.isoformat(), "action": event.action, "actor": event.actor}
            for event in history(session, ticket.id)
        ],
    }
