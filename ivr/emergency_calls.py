"""What we keep of callers in danger who were joined to the emergency number."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from calls import legs
from calls.models import Call
from carriers.messages import Dialled
from infra.clock import now
from tickets.emergencies.actions import note_connected


def note_connection(session: Session, call: Call, dialled: Dialled, number: str) -> None:
    """Keep the outside leg, which is over, and a line in the ticket's history. May be repeated."""
    if dialled.sid:
        legs.join(
            session,
            call_id=call.id,
            carrier_sid=dialled.sid,
            party=legs.Party.OUTSIDE,
            number=number,
            answered_at=now() - timedelta(seconds=dialled.duration_s),
        )
        legs.leave(session, dialled.sid)
    note_connected(session, call.id)
