"""What a department does with its ticket. Actions take a session and never commit."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.history import locked_ticket, write_event
from tickets.life import Action, next_state
from tickets.models import Ticket, TicketEvent

LONGEST_NOTE = 4000


class TicketError(ValueError):
    """What was entered cannot be used; the text says what is expected."""


def acknowledge(session: Session, ticket_id: int, *, actor: str) -> Ticket:
    """The department takes the ticket: from now on it is theirs to answer for."""
    return _step(session, ticket_id, Action.ACKNOWLEDGE, "acknowledged", actor)


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
    ticket.triage_reasons = ["arbitration" if again else "returned"]
    return ticket


def _step(
    session: Session, ticket_id: int, action: Action, done: str, actor: str, note: str = ""
) -> Ticket:
    ticket = locked_ticket(session, ticket_id)
    ticket.state = next_state(ticket.state, action)
    write_event(session, ticket, done, actor, note)
    return ticket


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
