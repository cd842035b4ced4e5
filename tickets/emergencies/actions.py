"""Records a caller in danger, and who took the alarm and called back. Actions never commit."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.city import City
from infra.clock import now
from infra.events import publish
from infra.lifecycle import NotAllowed
from tickets.actions import LONGEST_NOTE, TicketError
from tickets.history import locked_ticket, write_event
from tickets.models import Ticket
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import file_report
from tickets.triage.actions import open_ticket


def record_emergency(session: Session, city: City, draft: ReportDraft) -> Ticket:
    """File what a caller in danger said and open its ticket at once, in this transaction.

    It waits for no job: whatever happens next, people see it. May be repeated.
    """
    return open_ticket(session, city, file_report(session, draft), actor="line")


def note_connected(session: Session, call_id: int) -> None:
    """The caller was joined to the emergency service; the alarm and the call-back stay."""
    told = (Ticket.call_id == call_id, Ticket.emergency.is_not(None))
    ticket = session.scalar(select(Ticket).where(*told).order_by(Ticket.id).limit(1))
    if ticket is not None:
        write_event(session, ticket, "connected", "line")


def take_alarm(session: Session, ticket_id: int, *, actor: str) -> Ticket:
    """Somebody looks after the emergency: the alarm ends for everybody.

    Raises NotAllowed when another was faster, or the ticket tells of no danger.
    """
    ticket = _locked_emergency(session, ticket_id)
    if ticket.alarm_taken_at is not None:
        raise NotAllowed("somebody has taken this emergency already")
    _take(session, ticket, actor)
    return ticket


def note_call_back(session: Session, ticket_id: int, *, note: str, actor: str) -> Ticket:
    """The caller was called back: what came of it is kept. An open alarm ends with it.

    Raises TicketError without a few words, NotAllowed as `take_alarm` for no emergency.
    """
    words = note.strip()
    if len(words) < 3:
        raise TicketError("expected a few words on what came of the call; also if nobody answered")
    ticket = _locked_emergency(session, ticket_id)
    if ticket.alarm_taken_at is None:
        _take(session, ticket, actor)
    ticket.called_back_at = now()
    ticket.triage_reasons = [
        "called_back" if reason == "emergency" else reason for reason in ticket.triage_reasons
    ]
    write_event(session, ticket, "called_back", actor, words[:LONGEST_NOTE])
    return ticket


def _take(session: Session, ticket: Ticket, actor: str) -> None:
    ticket.alarm_taken_at = now()
    write_event(session, ticket, "alarm_taken", actor)
    publish(session, "alarm", ticket.id)


def _locked_emergency(session: Session, ticket_id: int) -> Ticket:
    ticket = locked_ticket(session, ticket_id)
    if ticket.emergency is None:
        raise NotAllowed("this ticket tells of no emergency")
    return ticket
