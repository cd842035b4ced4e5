"""Changes of a ticket one after another, each with its line of history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from infra.events import publish
from infra.lifecycle import NotAllowed
from tickets.models import Ticket, TicketEvent


def locked_ticket(session: Session, ticket_id: int) -> Ticket:
    """The ticket, locked until the transaction ends, so that two people act one after another."""
    ticket = session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    if ticket is None:
        raise NotAllowed("there is no such ticket")
    return ticket


def write_event(
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
