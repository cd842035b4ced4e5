"""What is asked about callers who were given to a person."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from agents.handovers.life import IN_QUEUE, State
from agents.models import Handover
from agents.rows import present_round
from calls.models import Call


def handover_for(session: Session, call_id: int) -> Handover | None:
    """The present round of the call's handover, if its caller ever asked for a person."""
    found = session.scalar(present_round(call_id))
    return session.get(Handover, found) if found is not None else None


def is_in_conversation(session: Session, call_id: int) -> bool:
    """Whether a person is on the line with this caller now: not music, not a prompt."""
    handover = handover_for(session, call_id)
    return (
        handover is not None
        and handover.state == State.IN_CONVERSATION
        and handover.leg_sid is not None
    )


def conversation_with(session: Session, staff_id: int) -> int | None:
    """The handover that this agent talks with now."""
    return session.scalar(
        select(Handover.id).where(
            Handover.staff_id == staff_id, Handover.state == State.IN_CONVERSATION
        )
    )


def open_handovers_of_ended_calls(session: Session) -> list[int]:
    """Calls that are over while their caller still waits or talks in our records."""
    query = (
        select(Handover.call_id)
        .join(Call, Call.id == Handover.call_id)
        .where(Handover.state.in_((*IN_QUEUE, State.IN_CONVERSATION)), Call.ended_at.is_not(None))
    )
    return list(session.scalars(query))
