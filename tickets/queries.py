"""What others ask about reports and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from calls.models import Call, Utterance
from infra.clock import now
from tickets.life import CLOSED, WITH_DEPARTMENT, WITH_PEOPLE_OF_THE_LINE, State
from tickets.models import Receipt, Report, Ticket, TicketEvent

VIEWS = ("open", "new", "at_work", "reported")
"""What an inbox may show: all that is to be done, not acknowledged, in work, reported done."""

_STATES: dict[str, tuple[State, ...]] = {
    "open": WITH_DEPARTMENT,
    "new": (State.DISPATCHED, State.REOPENED),
    "at_work": (State.ACKNOWLEDGED, State.WORKING, State.PAUSED),
    "reported": (State.REPORTED, State.ASKING, *CLOSED),
}
MOST_CARDS = 200
_JOB_TIMEOUT = timedelta(seconds=60)
_EMERGENCIES_FIRST = Ticket.emergency.is_(None)


@dataclass(frozen=True)
class TicketWithReport:
    """A ticket with the report it came of."""

    ticket: Ticket
    report: Report


def reports_of_call(session: Session, call_id: int) -> Sequence[Report]:
    """Every report that came of a call."""
    return session.scalars(select(Report).where(Report.call_id == call_id)).all()


def messages_to_look_into(session: Session, *, most: int) -> Sequence[Report]:
    """Messages whose words are known and were not searched for an emergency yet."""
    query = select(Report).where(
        Report.source == "message", Report.problem_text != "", Report.looked_into.is_(False)
    )
    return session.scalars(query.order_by(Report.id).limit(most)).all()


def emergency_of_call(session: Session, call_id: int) -> str | None:
    """The kind of danger that a caller told of on a call; None when they told of none."""
    told = select(Report.emergency).where(Report.call_id == call_id, Report.emergency.is_not(None))
    return session.scalar(told.order_by(Report.id).limit(1))


def number_of_call(session: Session, call_sid: str) -> str | None:
    """The number of the ticket that came of a call, once it is open."""
    return session.scalar(
        select(Ticket.number)
        .join(Call, Call.id == Ticket.call_id)
        .where(Call.carrier_sid == call_sid)
        .order_by(Ticket.id.desc())
        .limit(1)
    )


def inbox(session: Session, department: str | None, view: str = "open") -> list[TicketWithReport]:
    """Tickets of a department, or of all, the most urgent first; reported ones newest first."""
    order = (_EMERGENCIES_FIRST, Ticket.deadline_at, Ticket.id)
    newest = (Ticket.id.desc(),)
    query = _of_department(_with_reports(), department).where(Ticket.state.in_(_STATES[view]))
    return _read(session, query.order_by(*(newest if view == "reported" else order)))


def counts(session: Session, department: str | None) -> dict[str, int]:
    """How many tickets each view of an inbox holds."""
    query = _of_department(select(Ticket.state, func.count()), department)
    by_state = {row[0]: row[1] for row in session.execute(query.group_by(Ticket.state))}
    return {
        view: sum(by_state.get(state.value, 0) for state in states)
        for view, states in _STATES.items()
    }


def tickets_in_triage(session: Session) -> list[TicketWithReport]:
    """Tickets that wait for a person to complete them: emergencies, then the oldest first."""
    waiting = _with_reports().where(Ticket.state.in_(WITH_PEOPLE_OF_THE_LINE))
    return _read(session, waiting.order_by(_EMERGENCIES_FIRST, Report.filed_at, Ticket.id))


def open_alarms(session: Session) -> list[TicketWithReport]:
    """Emergencies that nobody has taken yet, the oldest first."""
    untaken = (Ticket.emergency.is_not(None), Ticket.alarm_taken_at.is_(None))
    return _read(session, _with_reports().where(*untaken).order_by(Ticket.id))


def stuck_reports(session: Session) -> list[Report]:
    """Reports whose ticket should be there by now and is not: their job failed or waits."""
    query = (
        select(Report)
        .outerjoin(Ticket, Ticket.report_id == Report.id)
        .where(Ticket.id.is_(None), Report.filed_at < now() - _JOB_TIMEOUT)
        .order_by(Report.filed_at)
        .limit(MOST_CARDS)
    )
    return list(session.scalars(query))


def find_ticket(
    session: Session, number: str, *, department: str | None = None
) -> TicketWithReport | None:
    """The ticket of that number, if it belongs to `department` (None: whosever it is)."""
    query = _of_department(_with_reports(), department).where(Ticket.number == number)
    return next(iter(_read(session, query)), None)


def history(session: Session, ticket_id: int) -> Sequence[TicketEvent]:
    """What happened to a ticket, in order."""
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id)
    return session.scalars(query.order_by(TicketEvent.id)).all()


def said_by_caller(session: Session, call_id: int | None) -> list[Utterance]:
    """What was said on the call until its report, the caller's and the line's words."""
    if call_id is None:
        return []
    query = select(Utterance).where(Utterance.call_id == call_id).order_by(Utterance.id)
    return list(session.scalars(query))


def receipt_of(session: Session, report_id: int) -> Receipt | None:
    """The text message of a report, if one was to be sent."""
    return session.scalar(select(Receipt).where(Receipt.report_id == report_id))


def ticket_json(session: Session, number: str) -> dict[str, Any] | None:
    """One ticket for scripts; None when there is none of that number."""
    found = find_ticket(session, number)
    if found is None:
        return None
    ticket, report = found.ticket, found.report
    receipt = receipt_of(session, report.id)
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
        "triage_reasons": ticket.triage_reasons,
        "priority": ticket.priority,
        "emergency": ticket.emergency,
        "deadline": ticket.deadline_at.isoformat() if ticket.deadline_at else None,
        "filed_at": report.filed_at.isoformat(),
        "source": report.source,
        "confirmed": report.confirmed,
        "call_sid": call.carrier_sid if call else None,
        "receipt": receipt.state if receipt else None,
        "history": [
            {
                "at": event.at.isoformat(),
                "action": event.action,
                "actor": event.actor,
                "note": event.note,
                "changes": event.changes,
            }
            for event in history(session, ticket.id)
        ],
    }


def _with_reports() -> Select[Ticket, Report]:
    return select(Ticket, Report).join(Report, Report.id == Ticket.report_id)


def _of_department(query: Any, department: str | None) -> Any:
    return query if department is None else query.where(Ticket.department == department)


def _read(session: Session, query: Any) -> list[TicketWithReport]:
    return [
        TicketWithReport(ticket, report)
        for ticket, report in session.execute(query.limit(MOST_CARDS))
    ]
